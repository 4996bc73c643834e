import { describe, expect } from "bun:test";
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
import { head } from "../../support/relay.ts";

function asks(...fields: readonly string[]): string {
  return head("GET http://a.example/x HTTP/1.1", HOST, ...fields);
}

const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';

describe("what a request says of the cache (RFC 9111 §5.2.1)", () => {
  // Each row: what it shows | what was stored, ten seconds ago | the request's field | what Cache-Status begins with.
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["max-age that it is within (§5.2.1.1)", FRESH, "Cache-Control: max-age=10", "hit"],
    ["max-age that it is past", FRESH, "Cache-Control: max-age=9", "fwd=request; fwd-status=304; ttl=60"],
    ["max-stale (§5.2.1.2)", "Cache-Control: max-age=5", "Cache-Control: max-stale", "hit; ttl=-5"],
    ["max-stale that suffices", "Cache-Control: max-age=5", "Cache-Control: max-stale=5", "hit; ttl=-5"],
    ["max-stale that does not", "Cache-Control: max-age=5", "Cache-Control: max-stale=4", "fwd=stale"],
    [
      "max-stale of what must not be stale",
      "Cache-Control: max-age=5, must-revalidate",
      "Cache-Control: max-stale",
      "fwd=stale",
    ],
    ["min-fresh that it is (§5.2.1.3)", FRESH, "Cache-Control: min-fresh=50", "hit"],
    ["min-fresh that it is not", FRESH, "Cache-Control: min-fresh=51", "fwd=request"],
    ["no-cache (§5.2.1.4)", FRESH, "Cache-Control: no-cache", "fwd=request"],
    ["Pragma where nothing else is said (§5.4)", FRESH, "Pragma: no-cache", "fwd=request"],
    [
      "immutable is not asked about while it is fresh (RFC 8246)",
      `${FRESH}, immutable`,
      "Cache-Control: max-age=0",
      "hit",
    ],
    ["no-cache of the answer (§5.2.2.4)", "Cache-Control: no-cache", "X-None: 1", "fwd=stale"],
    ["no-store takes what is stored (§5.2.1.5)", FRESH, "Cache-Control: no-store", "hit"],
  ];

  for (const [name, stored, field, told] of rows) {
    cached(name, (relay) => {
      const upstream = fetched(relay, GET, answer("one", stored, ETAG));
      relay.pass(10_000);
      const client = relay.client();
      client.says(asks(field));
      if (!told.startsWith("hit")) {
        expect(upstream.received).toContain('If-None-Match: "a"');
        upstream.says(head("HTTP/1.1 304 Not Modified", ETAG));
      }

      expect(client.received).toEndWith("one");
      expect(cacheStatuses(client)[0]).toStartWith(told);
    });
  }
});

cached("no-store is neither stored nor shared", (relay, { memory }) => {
  const { client, upstream } = relay.exchange(asks("Cache-Control: no-store"));
  const other = relay.client();
  other.says(asks("Cache-Control: no-store"));
  relay.upstream().says(answer("two", FRESH));
  upstream.says(answer("one", FRESH));

  expect(client.received).toEndWith("one");
  expect(other.received).toEndWith("two");
  expect(memory.has("a.example/x")).toBe(false);
});

cached("no-cache does not share what was asked for before", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  const reloads = relay.client();
  reloads.says(asks("Cache-Control: no-cache"));
  upstream.says(answer("one", FRESH));
  const own = relay.dials > 0 ? relay.upstream() : upstream;
  own.says(answer("two", FRESH));

  expect(client.received).toEndWith("one");
  expect(reloads.received).toEndWith("two");

  client.says(GET);

  expect(client.received).toEndWith("two");
});

cached("what it says goes on to the upstream, which may have a cache too", (relay) => {
  const { upstream } = relay.exchange(asks("Cache-Control: max-age=0"));
  upstream.says(answer("one"));

  expect(valuesOf(upstream, "Cache-Control")).toEqual(["max-age=0"]);
});

describe("whose answer it is", () => {
  // Each row: what it shows | the first request's field | the answer's | whether the next one gets it.
  const rows = [
    ["Authorization (§3.5)", "Authorization: Basic YTpi", FRESH, false],
    ["Authorization, and public", "Authorization: Basic YTpi", "Cache-Control: public, max-age=60", true],
    ["Authorization, and s-maxage", "Authorization: Basic YTpi", "Cache-Control: s-maxage=60", true],
    ["a cookie, and a guess (§7.3)", "Cookie: a=b", "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT", false],
    ["no cookie, and a guess (§4.2.2)", "X-None: 1", "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT", true],
  ] as const;

  for (const [name, field, said, isForAll] of rows) {
    cached(`${name}: ${isForAll ? "everybody's" : "its client's alone"}`, (relay) => {
      const upstream = fetched(relay, asks(field), answer("one", said));
      const client = relay.client();
      client.says(GET);
      if (!isForAll) upstream.says(answer("two"));

      expect(requestsOn(upstream)).toBe(isForAll ? 1 : 2);
      expect(client.received).toEndWith(isForAll ? "one" : "two");
    });

    cached(`${name}: so it is while it is being fetched`, (relay) => {
      const { client, upstream } = relay.exchange(asks(field));
      const other = relay.client();
      other.says(GET);
      upstream.says(answer("one", said));
      if (!isForAll) relay.upstream().says(answer("two"));

      expect(client.received).toEndWith("one");
      expect(other.received).toEndWith(isForAll ? "one" : "two");
    });

    cached(`${name}: and when its client has left before the answer`, (relay) => {
      const { client, upstream } = relay.exchange(asks(field));
      const other = relay.client();
      other.says(GET);
      client.resets();
      upstream.says(answer("one", said));
      if (!isForAll) relay.upstream().says(answer("two"));

      expect(other.received).toEndWith(isForAll ? "one" : "two");
    });
  }
});
