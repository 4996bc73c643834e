import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import {
  answer,
  cached,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
  valuesOf,
} from "../../support/cache.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const REVALIDATE = "Cache-Control: max-age=10, stale-while-revalidate=60";
const ETAG = 'ETag: "a"';
const UNAVAILABLE = head("HTTP/1.1 503 Service Unavailable", "Content-Length: 0");
const HEAD = head("HEAD http://a.example/x HTTP/1.1", HOST);

describe("stale-while-revalidate (RFC 5861 §3)", () => {
  cached("the stale answer at once, and the next one is fresh", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(15_000);
    const client = relay.client();
    client.says(GET);

    expect(client.received).toEndWith("one");
    expect(cacheStatuses(client)).toEqual(["hit; ttl=-5"]);
    expect(valuesOf(client, "Age")).toEqual(["15"]);
    expect(upstream.received).toContain('If-None-Match: "a"');
    expect(relay.records.at(-1)).toMatchObject({ cache: "stale" });

    upstream.says(head("HTTP/1.1 304 Not Modified", ETAG, REVALIDATE));
    client.says(GET);

    expect(cacheStatuses(client).at(-1)).toBe("hit; ttl=10");
    expect(relay.read(cells.cacheRefreshes)).toBe(1);
    expect(requestsOn(upstream)).toBe(2);
    expect(relay.pooled).toBe(1);
  });

  cached("many who ask meanwhile cause one validation, and get the stale one", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(15_000);
    const clients = [relay.client(), relay.client(), relay.client()];
    for (const client of clients) client.says(GET);

    for (const client of clients) expect(client.received).toEndWith("one");
    expect(requestsOn(upstream)).toBe(2);

    upstream.says(answer("two", "Cache-Control: max-age=10"));
    clients[0]?.says(GET);

    expect(clients[0]?.received).toEndWith("two");
  });

  for (const [asks, request] of [
    ["HEAD", HEAD],
    ["a range", head("GET http://a.example/x HTTP/1.1", HOST, "Range: bytes=1-1")],
    ["a condition", head("GET http://a.example/x HTTP/1.1", HOST, 'If-None-Match: "a"')],
  ] as const) {
    cached(`${asks} takes less than all, and all stays stored when it is validated`, (relay) => {
      const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
      relay.pass(15_000);
      relay.client().says(request);
      upstream.says(head("HTTP/1.1 304 Not Modified", ETAG, REVALIDATE));
      const client = relay.client();
      client.says(GET);

      expect(cacheStatuses(client)).toEqual(["hit; ttl=10"]);
      expect(valuesOf(client, "Content-Length")).toEqual(["3"]);
      expect(client.received).toEndWith("\r\n\r\none");
    });
  }

  cached("who wants only what is stored causes none", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(15_000);
    const client = relay.client();
    client.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: only-if-cached"));

    expect(client.received).toEndWith("one");
    expect(requestsOn(upstream)).toBe(1);

    client.says(GET);

    expect(requestsOn(upstream)).toBe(2);

    upstream.says(head("HTTP/1.1 304 Not Modified", ETAG, REVALIDATE));
  });

  cached("who wants it validated waits for the validation that is under way", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(15_000);
    relay.client().says(GET);
    const strict = relay.client();
    strict.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: max-age=12"));

    expect(strict.received).toBe("");

    upstream.says(head("HTTP/1.1 304 Not Modified", ETAG, REVALIDATE));

    expect(strict.received).toEndWith("one");
    expect(requestsOn(upstream)).toBe(2);
  });

  cached("HEAD has what is stored of GET validated", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(15_000);
    const client = relay.client();
    client.says(HEAD);

    expect(cacheStatuses(client)).toEqual(["hit; ttl=-5"]);

    const asked = upstream.received.slice(upstream.received.lastIndexOf("GET /x"));
    expect(asked).toContain('If-None-Match: "a"');
    upstream.says(answer("two", "Cache-Control: max-age=10"));
    client.says(GET);

    expect(client.received).toEndWith("two");
  });

  cached("a range of a part, and its validation, once", (relay) => {
    const range = head("GET http://a.example/x HTTP/1.1", HOST, "Range: bytes=0-1");
    const part = `${head("HTTP/1.1 206 Partial Content", REVALIDATE, ETAG, "Content-Range: bytes 0-1/9", "Content-Length: 2")}01`;
    const upstream = fetched(relay, range, part);
    relay.pass(15_000);
    const client = relay.client();
    client.says(range + range + range);

    expect(statuses(client)).toEqual([206, 206, 206]);
    expect(requestsOn(upstream)).toBe(2);

    upstream.says(part);
    client.says(range);

    expect(cacheStatuses(client).at(-1)).toBe("hit; ttl=10");
  });

  // Each row: what comes of the validation | what is asked for then.
  const failures: readonly (readonly [
    string,
    (relay: FakeRelay, upstream: ReturnType<FakeRelay["upstream"]>) => void,
  ])[] = [
    ["an error", (_, upstream) => upstream.says(UNAVAILABLE)],
    [
      "nothing",
      (relay, upstream) => {
        upstream.resets();
        relay.dialFails("ECONNREFUSED");
      },
    ],
    ["silence", (relay) => relay.pass(20_000)],
    ["what is not to be stored", (_, upstream) => upstream.says(answer("two", "Cache-Control: no-store"))],
    [
      "what is not to be stored, and does not end",
      (_, upstream) => upstream.says(`${head("HTTP/1.1 200 OK", "Cache-Control: no-store")}tw`),
    ],
  ];
  for (const [name, fails] of failures) {
    cached(`when it brings ${name}, the stale one is served on for as long as it may be`, (relay) => {
      relay.configure({ timeouts: { firstByte: "5s" } });
      const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
      relay.pass(15_000);
      relay.client().says(GET);
      fails(relay, upstream);
      const client = relay.client();
      client.says(GET);

      expect(client.received).toEndWith("one");
      expect(relay.read(cells.cacheRefreshes)).toBe(2);

      const again = relay.dials > 0 ? relay.upstream() : upstream;
      again.says(head("HTTP/1.1 304 Not Modified", ETAG, REVALIDATE));
    });
  }

  cached("past it the client waits", (relay) => {
    const upstream = fetched(relay, GET, answer("one", REVALIDATE, ETAG));
    relay.pass(71_000);
    const client = relay.client();
    client.says(GET);

    expect(client.received).toBe("");

    (relay.dials > 0 ? relay.upstream() : upstream).says(head("HTTP/1.1 304 Not Modified", ETAG));

    expect(client.received).toEndWith("one");
  });
});
