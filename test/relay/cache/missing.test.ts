import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cachedOnDisk,
  cacheStatuses,
  type FakeCache,
  fetched,
  GET,
  HOST,
} from "../../support/cache.ts";
import { found, head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const ONLY = head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: only-if-cached");
const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");

describe("only-if-cached (RFC 9111 §5.2.1.7)", () => {
  cached("is 504 where nothing is stored, and the client may go on", (relay, { missing }) => {
    const client = relay.client();
    client.says(ONLY);

    expect(statuses(client)).toEqual([504]);
    expect(cacheStatuses(client)).toEqual(["detail=only-if-cached"]);
    expect(relay.dials).toBe(0);
    expect(missing.size).toBe(0);
    expect(relay.records).toMatchObject([{ status: 504, cache: "missing", failure: undefined }]);
    expect(client.isClosed).toBe(false);
  });

  cached("is what is stored", (relay) => {
    fetched(relay, GET, answer("one", FRESH));
    const client = relay.client();
    client.says(ONLY);

    expect(client.received).toEndWith("one");
  });

  cached("is 504 where that would have to be validated", (relay) => {
    fetched(relay, GET, answer("one", "Cache-Control: max-age=0", 'ETag: "a"'));
    const client = relay.client();
    client.says(ONLY);

    expect(statuses(client)).toEqual([504]);
  });

  cached("with max-stale what is stale will do", (relay) => {
    fetched(relay, GET, answer("one", "Cache-Control: max-age=0", 'ETag: "a"'));
    const client = relay.client();
    client.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: only-if-cached, max-stale"));

    expect(client.received).toEndWith("one");
  });

  cached("does not share what is being fetched", (relay) => {
    const { upstream } = relay.exchange(GET);
    const client = relay.client();
    client.says(ONLY);

    expect(statuses(client)).toEqual([504]);

    upstream.says(answer("one"));
  });

  cachedOnDisk("is 504 too where the disk turns out not to have it", async (relay, _cache, disk) => {
    disk.isForgetful = true;
    const client = relay.client();
    client.says(ONLY);
    await relay.settled();

    expect(statuses(client)).toEqual([504]);
    expect(relay.dials).toBe(0);
  });
});

describe("offline nothing is asked for outside", () => {
  // Each row: what it shows | the request | what is missing.
  const rows = [
    ["GET", GET, "http://a.example/x"],
    ["HEAD", head("HEAD http://a.example/x HTTP/1.1", HOST), "http://a.example/x"],
    ["POST", head("POST http://a.example/x HTTP/1.1", HOST, "Content-Length: 0"), "POST http://a.example/x"],
    [
      "what is none for a cache",
      head("GET http://a.example/x HTTP/1.1", HOST, 'If-Match: "a"'),
      "http://a.example/x",
    ],
    [
      "another protocol",
      head("GET http://a.example/x HTTP/1.1", HOST, "Connection: upgrade", "Upgrade: websocket"),
      "http://a.example/x",
    ],
    ["a tunnel", CONNECT, "a.example:443"],
  ] as const;

  for (const [name, request, missed] of rows) {
    cached(`${name}: 504, and in the list`, (relay, cache) => {
      cache.isOffline = true;
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([504]);
      expect(cacheStatuses(client)).toEqual(["detail=offline"]);
      expect(relay.dials).toBe(0);
      expect(cache.missing.take().map(({ name }) => name)).toEqual([missed]);
    });
  }

  const stored = [
    ["stale", "Cache-Control: max-age=1"],
    ["to be validated each time", "Cache-Control: no-cache"],
    ["that must not be stale", "Cache-Control: max-age=1, must-revalidate"],
  ] as const;
  for (const [name, control] of stored) {
    cached(`what is stored is served, though ${name}`, (relay, cache) => {
      fetched(relay, GET, answer("one", control, 'ETag: "a"'));
      relay.pass(10_000);
      cache.isOffline = true;
      const client = relay.client();
      client.says(GET);

      expect(client.received).toEndWith("one");
      expect(cache.missing.size).toBe(0);
      expect(relay.dials).toBe(0);
    });
  }

  cached("a part is served for what it has, and the rest is missing", (relay, cache) => {
    const range = head("GET http://a.example/x HTTP/1.1", HOST, "Range: bytes=0-1");
    fetched(
      relay,
      range,
      `${head("HTTP/1.1 206 Partial Content", FRESH, 'ETag: "a"', "Content-Range: bytes 0-1/9", "Content-Length: 2")}01`,
    );
    cache.isOffline = true;
    const client = relay.client();
    client.says(range + GET);

    expect(statuses(client)).toEqual([206, 504]);
  });

  cached("what this client may not be given is missing", (relay, cache) => {
    relay.names.set("a.example", found("127.0.0.1"));
    const local = relay.client([], "127.0.0.1");
    local.says(GET);
    relay.upstream().says(answer("one", FRESH));
    cache.isOffline = true;
    relay.configure({ listeners: [{ address: "0.0.0.0:8888", clients: ["0.0.0.0/0"] }] });
    const outside = relay.client();
    outside.says(GET);

    expect(statuses(outside)).toEqual([504]);
    expect(relay.dials).toBe(0);
  });

  cachedOnDisk("what is on the disk is served", async (relay, cache: FakeCache, disk) => {
    fetched(relay, GET, answer("x".repeat(300_000), "Cache-Control: max-age=1"));
    await relay.settled();
    expect(disk.objects.size).toBe(1);
    relay.pass(10_000);
    cache.isOffline = true;
    const client = relay.client();
    client.says(GET);
    await relay.settled();

    expect(client.receivedBytes).toBeGreaterThan(300_000);
  });

  cachedOnDisk("what the disk turns out not to have is missing", async (relay, cache, disk) => {
    disk.isForgetful = true;
    cache.isOffline = true;
    const client = relay.client();
    client.says(GET);
    await relay.settled();

    expect(statuses(client)).toEqual([504]);
    expect(cache.missing.size).toBe(1);
    expect(relay.dials).toBe(0);
  });
});
