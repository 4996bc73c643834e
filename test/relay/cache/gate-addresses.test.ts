import { describe, expect } from "bun:test";
import type { Resolution } from "../../../src/net/resolve.ts";
import { answer, cached, fetched, GET } from "../../support/cache.ts";
import { found, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const PUBLIC = { listeners: [{ address: "0.0.0.0:8888", clients: ["0.0.0.0/0"] }] };

describe("an address that may not be dialled for one", () => {
  cached("is refused to that one alone: each of those who share the fetch asks for itself", async (relay) => {
    const { promise, resolve } = Promise.withResolvers<Resolution>();
    relay.names.set("a.example", promise);
    relay.configure(PUBLIC);
    const outside = [relay.client(), relay.client()];
    for (const client of outside) client.says(GET);
    relay.configure({});
    const inside = relay.client();
    inside.says(GET);
    resolve(found("127.0.0.1"));
    await relay.settled();

    expect(outside.map(statuses)).toEqual([[403], [403]]);

    relay.upstream().says(answer("one", FRESH));

    expect(inside.received).toEndWith("one");
  });

  cached("is no excuse for a stale answer", (relay) => {
    relay.configure(PUBLIC);
    fetched(relay, GET, answer("one", "Cache-Control: max-age=1", 'ETag: "a"')).closes();
    relay.pass(5_000);
    relay.names.set("a.example", found("127.0.0.1"));
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([403]);
  });
});
