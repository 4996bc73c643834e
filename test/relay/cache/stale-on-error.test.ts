import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, fetched, GET, HOST } from "../../support/cache.ts";
import { type FakeRelay, head, statuses } from "../../support/relay.ts";

const ON_ERROR = "Cache-Control: max-age=10, stale-if-error=60";
const ETAG = 'ETag: "a"';
const UNAVAILABLE = head("HTTP/1.1 503 Service Unavailable", "Content-Length: 0");

describe("when the upstream fails, a stale answer may do (RFC 5861 §4, RFC 9111 §4.2.4)", () => {
  const ways = {
    "503": (_: FakeRelay, upstream: ReturnType<FakeRelay["upstream"]>) => upstream.says(UNAVAILABLE),
    refused: (relay: FakeRelay) => relay.dialFails("ECONNREFUSED"),
    timeout: (relay: FakeRelay) => relay.pass(20_000),
  };
  // Each row: what it shows | what was stored | the request's fields | how it fails | the status | Cache-Status.
  const rows: readonly (readonly [string, string, readonly string[], keyof typeof ways, number, string])[] = [
    [
      "stale-if-error, and 503",
      ON_ERROR,
      [],
      "503",
      200,
      "fwd=stale; fwd-status=503; ttl=-5; detail=stale-error",
    ],
    [
      "stale-if-error, and refused",
      ON_ERROR,
      [],
      "refused",
      200,
      "fwd=stale; ttl=-5; detail=stale-unreachable",
    ],
    [
      "stale-if-error, and silence",
      ON_ERROR,
      [],
      "timeout",
      200,
      "fwd=stale; ttl=-13; detail=stale-unreachable",
    ],
    ["nothing said, and 503", "Cache-Control: max-age=10", [], "503", 503, "fwd=stale"],
    [
      "nothing said, and refused",
      "Cache-Control: max-age=10",
      [],
      "refused",
      200,
      "fwd=stale; ttl=-5; detail=stale-unreachable",
    ],
    [
      "the request allows it",
      "Cache-Control: max-age=10",
      ["Cache-Control: stale-if-error=60"],
      "503",
      200,
      "fwd=stale; fwd-status=503; ttl=-5; detail=stale-error",
    ],
    [
      "must-revalidate, and refused (§5.2.2.2)",
      "Cache-Control: max-age=10, must-revalidate",
      [],
      "refused",
      502,
      "fwd=stale",
    ],
    ["must-revalidate, and 503", "Cache-Control: max-age=10, must-revalidate", [], "503", 503, "fwd=stale"],
    ["too old for it", "Cache-Control: max-age=1, stale-if-error=2", [], "refused", 502, "fwd=stale"],
    ["the client wants no stale one", ON_ERROR, ["Cache-Control: no-cache"], "refused", 502, "fwd=stale"],
  ];

  for (const [name, stored, fields, way, status, told] of rows) {
    cached(name, (relay) => {
      relay.configure({ timeouts: { firstByte: "7s" } });
      const first = fetched(relay, GET, answer("one", stored, ETAG));
      first.closes();
      relay.pass(15_000);
      const client = relay.client();
      client.says(head("GET http://a.example/x HTTP/1.1", HOST, ...fields));
      const upstream = way === "refused" ? first : relay.upstream();
      ways[way](relay, upstream);

      expect(statuses(client)).toEqual([status]);
      expect(cacheStatuses(client)).toEqual([told]);
      expect(client.received.endsWith("one")).toBe(status === 200);
      expect(relay.records.at(-1)).toMatchObject({ cache: status === 200 ? "stale" : "miss", status });
    });
  }

  cached("each of those who share the failure is answered by its own request", (relay) => {
    fetched(relay, GET, answer("one", ON_ERROR, ETAG)).closes();
    relay.pass(15_000);
    const [easy, strict] = [relay.client(), relay.client()];
    easy.says(GET);
    strict.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: max-age=5"));
    relay.dialFails("ECONNREFUSED");

    expect(statuses(easy)).toEqual([200]);
    expect(statuses(strict)).toEqual([]);

    relay.dialFails("ECONNREFUSED");

    expect(statuses(strict)).toEqual([502]);
  });

  cached("503 that stands for a stale answer is not given to who may not have that", (relay) => {
    const upstream = fetched(relay, GET, answer("one", ON_ERROR, ETAG));
    relay.pass(15_000);
    const [easy, strict] = [relay.client(), relay.client()];
    easy.says(GET);
    strict.says(head("GET http://a.example/x HTTP/1.1", HOST, "Cache-Control: max-age=5"));
    upstream.says(UNAVAILABLE);

    expect(statuses(easy)).toEqual([200]);
    expect(statuses(strict)).toEqual([]);

    (relay.dials > 0 ? relay.upstream() : upstream).says(answer("two"));

    expect(strict.received).toEndWith("two");
  });
});
