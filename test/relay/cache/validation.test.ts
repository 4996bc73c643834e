import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
  VIA,
  valuesOf,
} from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const STALE = "Cache-Control: max-age=0";
const ETAG = 'ETag: "a"';
const MODIFIED = "Last-Modified: Fri, 20 Nov 2026 00:00:00 GMT";
const NOT_MODIFIED = "HTTP/1.1 304 Not Modified";

describe("what is stale is asked about by its validators (RFC 9111 §4.3.1)", () => {
  // Each row: what it shows | what was stored | the request | what the upstream is asked.
  const rows: readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    ["an ETag", [STALE, ETAG], [], ['If-None-Match: "a"']],
    ["Last-Modified", [STALE, MODIFIED], [], ["If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT"]],
    [
      "both",
      [STALE, ETAG, MODIFIED],
      [],
      ['If-None-Match: "a"', "If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT"],
    ],
    ["neither: as if it were not there", ["Cache-Control: max-age=0, stale-if-error=9"], [], []],
    [
      "the client's own conditions and ranges make way for ours",
      [STALE, ETAG],
      ['If-None-Match: "b"', "Range: bytes=0-1", 'If-Range: "b"', "X-Kept: 1"],
      ["X-Kept: 1", 'If-None-Match: "a"'],
    ],
  ];

  for (const [name, stored, fields, asked] of rows) {
    cached(name, (relay) => {
      const upstream = fetched(relay, GET, answer("one", ...stored));
      relay.pass(1_000);
      upstream.received = "";
      relay.client().says(head("GET http://a.example/x HTTP/1.1", HOST, ...fields));

      expect(upstream.received).toBe(head("GET /x HTTP/1.1", HOST, ...asked, VIA));

      upstream.says(answer("two"));
    });
  }
});

describe("the upstream says that it still holds", () => {
  cached(
    "the client gets what is stored, with the new fields, and the next one finds it fresh (§4.3.4)",
    (relay) => {
      const upstream = fetched(relay, GET, answer("one", STALE, ETAG, "X-Kind: old", "X-Kept: 1"));
      relay.pass(5_000);
      const client = relay.client();
      client.says(GET);
      upstream.says(
        head(NOT_MODIFIED, ETAG, "Cache-Control: max-age=60", "X-Kind: new", "Content-Length: 77"),
      );

      expect(client.received).toBe(
        `${head(
          "HTTP/1.1 200 OK",
          "X-Kept: 1",
          ETAG,
          "Cache-Control: max-age=60",
          "X-Kind: new",
          "Content-Length: 3",
          "Age: 0",
          "Cache-Status: headgate; fwd=stale; fwd-status=304; ttl=60",
          VIA,
        )}one`,
      );
      expect(relay.records.at(-1)).toMatchObject({ cache: "revalidated", status: 200 });

      relay.pass(5_000);
      client.says(GET);

      expect(cacheStatuses(client).at(-1)).toBe("hit; ttl=55");
      expect(valuesOf(client, "X-Kind")).toEqual(["new", "new"]);
      expect(requestsOn(upstream)).toBe(2);
      expect(relay.pooled).toBe(1);
    },
  );

  cached("but not to be kept: it is given once, and forgotten", (relay, { memory }) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    const client = relay.client();
    client.says(GET);
    upstream.says(head(NOT_MODIFIED, ETAG, "Cache-Control: no-store"));

    expect(client.received).toEndWith("one");
    expect(memory.has("a.example/x")).toBe(false);
  });

  cached(
    "of another answer than ours is no answer to who did not ask for it: we ask again (§4.3.4)",
    (relay) => {
      const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
      const client = relay.client();
      client.says(GET);
      upstream.says(head(NOT_MODIFIED, 'ETag: "b"'));

      expect(client.received).toBe("");
      expect(valuesOf(upstream, "If-None-Match")).toEqual(['"a"']);

      upstream.says(answer("two", 'ETag: "b"'));

      expect(statuses(client)).toEqual([200]);
      expect(client.received).toEndWith("two");
    },
  );

  cached("and more behind it: nothing else is asked on that connection", (relay) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    const client = relay.client();
    client.says(GET);
    upstream.says(`${head(NOT_MODIFIED, ETAG)}HTTP/1.1 200 OK\r\n`);

    expect(client.received).toEndWith("one");
    expect(relay.pooled).toBe(0);
    expect(upstream.isClosed).toBe(true);
  });

  cached("two that validate at once share the answer", (relay) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    relay.pass(1_000);
    const [first, second] = [relay.client(), relay.client()];
    first.says(GET);
    second.says(GET);

    expect(requestsOn(upstream)).toBe(2);

    upstream.says(head(NOT_MODIFIED, ETAG));

    expect(first.received).toEndWith("one");
    expect(second.received).toEndWith("one");
    expect(relay.records.slice(1).map(({ cache }) => cache)).toEqual(["revalidated", "collapsed"]);
  });

  cached("who demands more than that asks for itself", (relay) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    relay.client().says(GET);
    const second = relay.client();
    second.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: no-cache"));
    upstream.says(head(NOT_MODIFIED, ETAG));

    expect(second.received).toBe("");

    upstream.says(answer("two"));

    expect(second.received).toEndWith("two");
  });

  cached("a client with conditions of its own is told by them (§4.3.2)", (relay) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    const [same, other] = [relay.client(), relay.client()];
    same.says(head("GET http://a.example/x HTTP/1.1", HOST, 'If-None-Match: "a"'));
    other.says(head("GET http://a.example/x HTTP/1.1", HOST, 'If-None-Match: "b"'));
    upstream.says(head(NOT_MODIFIED, ETAG));

    expect(statuses(same)).toEqual([304]);
    expect(statuses(other)).toEqual([200]);
    expect(other.received).toEndWith("one");
  });
});

describe("the upstream has another answer", () => {
  cached("everybody gets that, and it takes the place of the old one (§4.3.3)", (relay) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    const [first, second] = [relay.client(), relay.client()];
    first.says(GET);
    second.says(GET);
    upstream.says(answer("two", "Cache-Control: max-age=60", 'ETag: "b"'));
    const third = relay.client();
    third.says(GET);

    for (const client of [first, second, third]) expect(client.received).toEndWith("two");
    expect(cacheStatuses(first)).toEqual(["fwd=stale; ttl=60; stored"]);
    expect(cacheStatuses(second)).toEqual(["fwd=stale; ttl=60; stored; collapsed"]);
    expect(requestsOn(upstream)).toBe(2);
  });

  cached("a validation that comes after a purge does not bring it back", (relay, { memory }) => {
    const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
    const client = relay.client();
    client.says(GET);
    memory.remove("a.example/x");
    upstream.says(head(NOT_MODIFIED, ETAG, "Cache-Control: max-age=60"));

    expect(client.received).toEndWith("one");
    expect(memory.has("a.example/x")).toBe(false);
  });
});
