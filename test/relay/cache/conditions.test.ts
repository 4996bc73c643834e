import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, fetched, GET, HOST, requestsOn, VIA } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';
const MODIFIED = "Last-Modified: Fri, 20 Nov 2026 00:00:00 GMT";
const STORED = answer("hello", FRESH, ETAG, MODIFIED, "Content-Type: text/plain");

function asks(method: string, ...fields: readonly string[]): string {
  return head(`${method} http://a.example/x HTTP/1.1`, HOST, ...fields);
}

describe("what is stored answers a condition (RFC 9110 §13, RFC 9111 §4.3.2)", () => {
  // Each row: what it shows | the request | the status.
  const rows: readonly (readonly [string, string, 200 | 304])[] = [
    ["the same ETag", asks("GET", 'If-None-Match: "a"'), 304],
    ["the same, weakly", asks("GET", 'If-None-Match: W/"a"'), 304],
    ["one of several", asks("GET", 'If-None-Match: "x", "a"'), 304],
    ["any", asks("GET", "If-None-Match: *"), 304],
    ["another", asks("GET", 'If-None-Match: "b"'), 200],
    ["not modified since", asks("GET", "If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT"), 304],
    ["modified since", asks("GET", "If-Modified-Since: Thu, 19 Nov 2026 00:00:00 GMT"), 200],
    [
      "the ETag is the one that counts (§13.2.2)",
      asks("GET", 'If-None-Match: "b"', "If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT"),
      200,
    ],
    ["HEAD", asks("HEAD", 'If-None-Match: "a"'), 304],
  ];

  for (const [name, request, status] of rows) {
    cached(name, (relay) => {
      fetched(relay, GET, STORED);
      const client = relay.client();
      client.says(request);

      expect(statuses(client)).toEqual([status]);
      expect(cacheStatuses(client)).toEqual(["hit; ttl=60"]);
      expect(relay.dials).toBe(0);
    });
  }

  cached("304 has the fields that it must have, and neither body nor length (§15.4.5)", (relay) => {
    fetched(relay, GET, STORED);
    const client = relay.client();
    client.says(asks("GET", 'If-None-Match: "a"'));

    expect(client.received).toBe(
      head(
        "HTTP/1.1 304 Not Modified",
        FRESH,
        ETAG,
        MODIFIED,
        "Age: 0",
        "Cache-Status: headgate; hit; ttl=60",
        VIA,
      ),
    );
  });
});

describe("while it is being fetched", () => {
  cached("who has it already is told so, and it is stored all the same", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const second = relay.client();
    second.says(asks("GET", 'If-None-Match: "a"'));
    const own = relay.upstream();
    upstream.says(STORED);

    expect(client.received).toEndWith("hello");
    // It asked with its own condition, for the answer may be no one else's.
    expect(own.received).toContain('If-None-Match: "a"');

    own.says(head("HTTP/1.1 304 Not Modified", ETAG));

    expect(statuses(second)).toEqual([304]);
  });

  cached("an upstream that does not know conditions is spoken for", (relay) => {
    const { client, upstream } = relay.exchange(asks("GET", 'If-None-Match: "a"'));
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 5")}he`);

    expect(client.received).toBe(
      head(
        "HTTP/1.1 304 Not Modified",
        FRESH,
        ETAG,
        "Cache-Status: headgate; fwd=uri-miss; fwd-status=200; ttl=60; stored",
        VIA,
      ),
    );

    upstream.says("llo");
    client.says(GET);

    expect(client.received).toEndWith("hello");
    expect(requestsOn(upstream)).toBe(1);
  });

  cached("a condition is asked for apart, even when the head of what is fetched is there", (relay) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 5")}he`);
    const second = relay.client();
    second.says(asks("GET", 'If-None-Match: "a"'));

    expect(relay.dials).toBe(1);

    relay.upstream().says(head("HTTP/1.1 304 Not Modified", ETAG));

    expect(statuses(second)).toEqual([304]);

    upstream.says("llo");
  });
});
