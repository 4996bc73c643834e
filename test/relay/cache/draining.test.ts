import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { answer, cached, fetched, GET } from "../../support/cache.ts";
import { head } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";

describe("while the worker drains", () => {
  cached("what is being fetched ends for all, and their connections with it", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const second = relay.client();
    second.says(GET);
    relay.drain();
    upstream.says(answer("one", FRESH));

    for (const each of [client, second]) {
      expect(each.received).toContain("Connection: close\r\n");
      expect(each.received).toEndWith("one");
    }
    expect(relay.told()).toContain("client end");
  });

  cached("an answer whose head has gone without a word ends too", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 3")}o`);
    relay.drain();
    upstream.says("ne");

    expect(client.received).toEndWith("one");
    expect(relay.told()).toContain("client end");
  });

  cached("what is stored is answered once more", (relay) => {
    fetched(relay, GET, answer("one", FRESH));
    const client = relay.client();
    relay.drain();
    client.says(GET);

    expect(client.received).toContain("Connection: close\r\n");
    expect(relay.told()).toContain("client 2 end");
  });

  cached("nothing is validated behind a client's back", (relay) => {
    fetched(relay, GET, answer("one", "Cache-Control: max-age=1, stale-while-revalidate=60", 'ETag: "a"'));
    relay.pass(5_000);
    const client = relay.client();
    relay.drain();
    client.says(GET);

    expect(client.received).toEndWith("one");
    expect(relay.read(cells.cacheRefreshes)).toBe(0);
  });

  cached("who is cut leaves no fetch behind", (relay, { answers }) => {
    const { upstream } = relay.exchange(GET);
    relay.client().says(GET);
    relay.cut();

    expect(upstream.isClosed).toBe(true);
    expect(answers.fetches.size).toBe(0);
  });
});
