import { describe, expect } from "bun:test";
import { cached, HOST } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const PURGE = head("PURGE http://a.example/x HTTP/1.1", HOST);

describe("PURGE", () => {
  cached("is obeyed from an address of cache.purge, and answered when it is done", async (relay, cache) => {
    const client = relay.client([], "127.0.0.1");
    client.says(PURGE);

    expect(client.received).toBe("");

    await relay.settled();

    expect(cache.purges).toEqual(["http://a.example/x"]);
    expect(statuses(client)).toEqual([200]);
    expect(client.isClosed).toBe(false);
    expect(relay.dials).toBe(0);
    expect(relay.records).toMatchObject([{ kind: "own", status: 200, failure: undefined }]);
  });

  cached("of what is not stored is 404", async (relay, cache) => {
    cache.purged = 0;
    const client = relay.client([], "127.0.0.1");
    client.says(PURGE);
    await relay.settled();

    expect(statuses(client)).toEqual([404]);
  });

  cached("is refused to others, who may go on", (relay, cache) => {
    const client = relay.client();
    client.says(PURGE);

    expect(statuses(client)).toEqual([403]);
    expect(client.received).toContain("cache.purge");
    expect(client.isClosed).toBe(false);
    expect(cache.purges).toEqual([]);
    expect(relay.dials).toBe(0);
  });

  cached("is for whom the config says", async (relay, cache) => {
    relay.configure({ cache: { purge: ["192.0.2.0/24"] } });
    const [named, local] = [relay.client(), relay.client([], "127.0.0.1")];
    named.says(PURGE);
    local.says(PURGE);
    await relay.settled();

    expect(statuses(named)).toEqual([200]);
    expect(statuses(local)).toEqual([403]);
    expect(cache.purges).toHaveLength(1);
  });

  cached("whose client leaves is purged all the same", async (relay, cache) => {
    const client = relay.client([], "127.0.0.1");
    client.says(PURGE);
    client.resets();
    await relay.settled();

    expect(cache.purges).toHaveLength(1);
    expect(client.received).toBe("");
  });

  cached("of a host that is denied is denied", (relay, cache) => {
    relay.configure({ policy: { rules: [{ name: "no", action: "deny", hosts: ["a.example"] }] } });
    const client = relay.client([], "127.0.0.1");
    client.says(PURGE);

    expect(statuses(client)).toEqual([403]);
    expect(cache.purges).toEqual([]);
  });

  cached("waits its turn among requests that come in one piece", async (relay) => {
    const client = relay.client([], "127.0.0.1");
    client.says(PURGE + head("GET http://a.example/x HTTP/1.1", HOST));

    expect(relay.dials).toBe(0);

    await relay.settled();
    relay.upstream().says(head("HTTP/1.1 200 OK", "Content-Length: 0"));

    expect(statuses(client)).toEqual([200, 200]);
  });
});
