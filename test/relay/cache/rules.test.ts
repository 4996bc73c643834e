import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  reasonsOf,
  requestsOn,
} from "../../support/cache.ts";
import { head } from "../../support/relay.ts";

/** Nothing was stored of the first, and a rule has the second stored. */
const RULED = "fwd=uri-miss; ttl=60; stored; detail=ruled";
const FRESH = "Cache-Control: max-age=60";

function get(path: string, ...fields: readonly string[]): string {
  return head(`GET http://a.example${path} HTTP/1.1`, HOST, ...fields);
}

describe("cache.rules overrule the origin, and Cache-Status says so", () => {
  // Each row: what it shows | the rule | the answer's fields | the first request | the second, ten seconds later | what it is told.
  const rows: readonly (readonly [string, object, readonly string[], string, string, string])[] = [
    ["ttl where nothing is said", { ttl: "1m" }, [], GET, GET, "hit; ttl=50; detail=ruled"],
    ["ttl where something is", { ttl: "1h" }, [FRESH], GET, GET, "hit; ttl=50"],
    ["ttl of no-store (RFC 9111 §5.2.2.5)", { ttl: "1m" }, ["Cache-Control: no-store"], GET, GET, RULED],
    ["ttlMin", { ttlMin: "2m" }, [FRESH], GET, GET, "hit; ttl=110; detail=ruled"],
    ["ttlMax", { ttlMax: "20s" }, [FRESH], GET, GET, "hit; ttl=10; detail=ruled"],
    ["never", { never: true }, [FRESH], GET, GET, "fwd=bypass"],
    ["never, of a path", { never: true, paths: ["/x*"] }, [FRESH], GET, GET, "fwd=bypass"],
    ["never, of another path", { never: true, paths: ["/y*"] }, [FRESH], GET, GET, "hit; ttl=50"],
    ["of a host", { ttl: "1m", hosts: ["a.example"] }, [], GET, GET, "hit; ttl=50; detail=ruled"],
    ["of another host", { ttl: "1m", hosts: ["b.example"] }, [], GET, GET, "fwd=uri-miss"],
    [
      "of a media type",
      { ttl: "1m", types: ["image/*"] },
      ["Content-Type: image/png"],
      GET,
      GET,
      "hit; ttl=50; detail=ruled",
    ],
    [
      "never, of a media type",
      { never: true, types: ["image/*"] },
      [FRESH, "Content-Type: image/png"],
      GET,
      GET,
      "fwd=uri-miss",
    ],
    [
      "ignoreQuery",
      { ignoreQuery: ["utm_*"] },
      [FRESH],
      get("/x?utm_a=1&b=2"),
      get("/x?b=2&utm_a=2"),
      "hit; ttl=50",
    ],
    [
      "ignoreQuery of another",
      { ignoreQuery: ["utm_*"] },
      [FRESH],
      get("/x?a=1"),
      get("/x?a=2"),
      "fwd=uri-miss",
    ],
    [
      "cookies",
      { cookies: true, ttl: "1m" },
      ["Set-Cookie: a=b"],
      get("/x", "Cookie: c=d"),
      GET,
      "hit; ttl=50; detail=ruled",
    ],
    ["no cookies", { ttl: "1m" }, ["Set-Cookie: a=b"], GET, GET, RULED],
  ];

  for (const [name, rule, lines, first, second, told] of rows) {
    cached(name, (relay) => {
      relay.configure({ cache: { rules: [rule] } });
      const upstream = fetched(relay, first, answer("one", ...lines));
      relay.pass(10_000);
      const client = relay.client();
      client.says(second);
      const isHit = told.startsWith("hit");
      if (!isHit) upstream.says(answer("two"));

      expect(requestsOn(upstream)).toBe(isHit ? 1 : 2);
      expect(cacheStatuses(client)).toEqual([told]);
      expect(client.received).toEndWith(isHit ? "one" : "two");
    });
  }

  cached("parameters that are ignored still reach the origin, and two share one fetch", (relay) => {
    relay.configure({ cache: { rules: [{ ignoreQuery: ["utm_*"] }] } });
    const { client, upstream } = relay.exchange(get("/x?utm_a=1"));
    const second = relay.client();
    second.says(get("/x?utm_a=2"));

    expect(upstream.received).toStartWith("GET /x?utm_a=1 ");

    upstream.says(answer("one", FRESH));

    expect(client.received).toEndWith("one");
    expect(second.received).toEndWith("one");
  });

  cached("the line says that a rule has decided when it is fetched, too", (relay) => {
    relay.configure({ cache: { rules: [{ ttl: "1m" }] } });
    const { client, upstream } = relay.exchange(GET);
    upstream.says(answer("one"));

    expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored; detail=ruled"]);
  });

  cached("a new config's rules hold for what is stored from then on", (relay) => {
    const upstream = fetched(relay, GET, answer("one", FRESH));
    relay.configure({ cache: { rules: [{ never: true }] } });
    const client = relay.client();
    client.says(GET);
    upstream.says(answer("two"));

    expect(client.received).toEndWith("two");
  });
});

describe("Cache-Status says why an answer is not stored", () => {
  // What the origin says | why.
  const rows: [string, string][] = [
    ["Cache-Control: no-store", '"no-store"'],
    ["Cache-Control: private", "private"],
    ["Vary: *", '"Vary: *"'],
    ["X-Nothing: said", '"neither fresh nor with a validator"'],
  ];

  for (const [line, why] of rows) {
    cached(line, (relay) => {
      const { client, upstream } = relay.exchange(GET);
      upstream.says(answer("one", line));

      expect(reasonsOf(client)).toEqual([why.replace(/^"([A-Za-z-]+)"$/, "$1")]);
    });
  }
});
