import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, fetched, HOST, requestsOn } from "../../support/cache.ts";
import { head } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";

function get(...fields: readonly string[]): string {
  return head("GET http://a.example/x HTTP/1.1", HOST, ...fields);
}

describe("an answer with Vary is for requests that say the same (RFC 9111 §4.1)", () => {
  // Each row: what it shows | Vary | the first request | the second | whether that gets it.
  const rows: readonly (readonly [string, string, string, string, boolean])[] = [
    ["the same value", "X-Kind", get("X-Kind: a"), get("x-kind:  a"), true],
    ["another value", "X-Kind", get("X-Kind: a"), get("X-Kind: b"), false],
    ["none where there was one", "X-Kind", get("X-Kind: a"), get(), false],
    ["none where there was none", "X-Kind", get(), get("X-Other: 1"), true],
    ["of two the second differs", "X-A, X-B", get("X-A: 1", "X-B: 1"), get("X-A: 1", "X-B: 2"), false],
    ["*", "*", get(), get(), false],
  ];

  for (const [name, vary, first, second, isShared] of rows) {
    cached(name, (relay) => {
      const upstream = fetched(relay, first, answer("one", FRESH, `Vary: ${vary}`));
      const client = relay.client();
      client.says(second);
      if (!isShared) upstream.says(answer("two", FRESH));

      expect(requestsOn(upstream)).toBe(isShared ? 1 : 2);
      expect(client.received).toEndWith(isShared ? "one" : "two");
    });
  }
});

cached("variants are kept side by side, and a miss among them is told as such (RFC 9211 §2.2)", (relay) => {
  const [a, b] = [get("X-Kind: a"), get("X-Kind: b")];
  const upstream = fetched(relay, a, answer("one", FRESH, "Vary: X-Kind"));
  const client = relay.client();
  client.says(b);
  upstream.says(answer("two", FRESH, "Vary: X-Kind"));
  client.says(a + b);

  expect(client.received.match(/one|two/g)).toEqual(["two", "one", "two"]);
  expect(cacheStatuses(client)).toEqual(["fwd=vary-miss; ttl=60; stored", "hit; ttl=60", "hit; ttl=60"]);
});

describe("while something is being fetched", () => {
  cached("who asks for the same variant shares it, and who asks for another goes alone", (relay) => {
    const { client, upstream } = relay.exchange(get("X-Kind: a"));
    const same = relay.client();
    same.says(get("X-Kind: a"));
    const other = relay.client();
    other.says(get("X-Kind: b"));

    expect(relay.dials).toBe(0);

    upstream.says(answer("one", FRESH, "Vary: X-Kind"));

    expect(client.received).toEndWith("one");
    expect(same.received).toEndWith("one");
    expect(other.received).toBe("");

    relay.upstream().says(answer("two", FRESH, "Vary: X-Kind"));

    expect(other.received).toEndWith("two");
    expect(cacheStatuses(same)).toEqual(["fwd=uri-miss; ttl=60; stored; collapsed"]);
    expect(cacheStatuses(other)).toEqual(["fwd=uri-miss; ttl=60; stored"]);
  });

  cached("who comes when the head is known goes alone at once", (relay) => {
    const { upstream } = relay.exchange(get("X-Kind: a"));
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Vary: X-Kind", "Content-Length: 3")}o`);
    const other = relay.client();
    other.says(get("X-Kind: b"));
    relay.upstream().says(answer("two", FRESH, "Vary: X-Kind"));

    expect(other.received).toEndWith("two");

    upstream.says("ne");
  });

  cached("those who are sent away share what is fetched for their variant", (relay) => {
    const vary = ["Cache-Control: max-age=60", "Vary: X-Kind"];
    const clients = ["a", "b", "b", "b"].map((kind) => {
      const client = relay.client();
      client.says(get(`X-Kind: ${kind}`));
      return client;
    });
    relay.upstream().says(answer("one", ...vary));

    expect(relay.dials).toBe(1);

    relay.upstream().says(answer("two", ...vary));

    expect(clients.map(({ received }) => received.slice(-3))).toEqual(["one", "two", "two", "two"]);
  });

  cached("a validation is for its variant alone", (relay) => {
    const stale = ["Cache-Control: max-age=0", 'ETag: "a"', "Vary: X-Kind"];
    const upstream = fetched(relay, get("X-Kind: a"), answer("one", ...stale));
    const first = relay.client();
    first.says(get("X-Kind: a"));
    const other = relay.client();
    other.says(get("X-Kind: b"));
    upstream.says(head("HTTP/1.1 304 Not Modified", 'ETag: "a"'));

    expect(first.received).toEndWith("one");
    expect(other.received).toBe("");

    relay.upstream().says(answer("two", ...stale));

    expect(other.received).toEndWith("two");
  });
});
