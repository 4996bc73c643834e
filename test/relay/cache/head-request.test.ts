import { describe, expect } from "bun:test";
import {
  answer,
  cached,
  cachedOnDisk,
  cacheStatuses,
  fetched,
  GET,
  HOST,
  requestsOn,
  valuesOf,
} from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const HEAD = head("HEAD http://a.example/x HTTP/1.1", HOST);
const STALE = "Cache-Control: max-age=1";
const FRESH = "Cache-Control: max-age=60";
const ETAG = 'ETag: "a"';

cached("HEAD of what is not stored is forwarded, and its answer is none for GET", (relay) => {
  const { client, upstream } = relay.exchange(HEAD);
  upstream.says(head("HTTP/1.1 200 OK", FRESH, "Content-Length: 3"));
  client.says(GET);
  upstream.says(answer("one", FRESH));

  expect(cacheStatuses(client)).toEqual(["fwd=uri-miss", "fwd=uri-miss; ttl=60; stored"]);
  expect(client.received).toEndWith("one");
  expect(relay.records[0]).toMatchObject({ cache: "miss", method: "HEAD" });
});

describe("what HEAD is told of what is stored and stale holds for GET too (RFC 9111 §4.3.5)", () => {
  // Each row: what it shows | the answer to HEAD | what becomes of the stored one.
  const rows: readonly (readonly [string, string, "fresh" | "validated"])[] = [
    ["the same", head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 3"), "fresh"],
    ["the same, as far as it says", head("HTTP/1.1 200 OK", FRESH), "fresh"],
    ["another ETag", head("HTTP/1.1 200 OK", FRESH, 'ETag: "b"', "Content-Length: 3"), "validated"],
    ["another length", head("HTTP/1.1 200 OK", FRESH, ETAG, "Content-Length: 4"), "validated"],
    ["it is gone", head("HTTP/1.1 404 Not Found", "Content-Length: 0"), "validated"],
  ];

  for (const [name, said, becomes] of rows) {
    cached(`${name}: ${becomes}`, (relay) => {
      const upstream = fetched(relay, GET, answer("one", STALE, ETAG));
      relay.pass(5_000);
      const client = relay.client();
      client.says(HEAD);
      expect(upstream.received).toEndWith(head("HEAD /x HTTP/1.1", HOST, "Via: 1.1 headgate"));
      upstream.says(said);
      client.says(GET);

      if (becomes === "fresh") {
        expect(cacheStatuses(client)).toEqual(["fwd=stale", "hit; ttl=60"]);
      } else {
        expect(valuesOf(upstream, "If-None-Match")).toEqual(['"a"']);
        upstream.says(head("HTTP/1.1 304 Not Modified", ETAG));
      }
      expect(client.received).toEndWith("one");
    });
  }

  cached(
    "while it is fresh nobody is asked; when the client insists, what is stored is outdated by it",
    (relay) => {
      const upstream = fetched(relay, GET, answer("one", FRESH, ETAG));
      const client = relay.client();
      client.says(HEAD);

      expect(requestsOn(upstream)).toBe(1);

      client.says(head("HEAD http://a.example/x HTTP/1.1", HOST, "Cache-Control: no-cache"));
      upstream.says(head("HTTP/1.1 200 OK", FRESH, 'ETag: "b"'));
      client.says(GET);
      upstream.says(answer("two", FRESH));

      expect(client.received).toEndWith("two");
      expect(cacheStatuses(client)).toEqual(["hit; ttl=60", "fwd=request", "fwd=stale; ttl=60; stored"]);
    },
  );
});

cached("an error of the server leaves what is stored as it was", (relay) => {
  const upstream = fetched(relay, GET, answer("one", FRESH, ETAG));
  const client = relay.client();
  client.says(head("HEAD http://a.example/x HTTP/1.1", HOST, "Cache-Control: no-cache"));
  upstream.says(head("HTTP/1.1 503 Service Unavailable", "Content-Length: 0"));
  client.says(GET);

  expect(cacheStatuses(client)).toEqual(["fwd=request", "hit; ttl=60"]);
});

describe("on the disk", () => {
  const LARGE = "x".repeat(300_000);

  cachedOnDisk("HEAD is answered by what is there", async (relay) => {
    fetched(relay, GET, answer(LARGE, FRESH));
    await relay.settled();
    const client = relay.client();
    client.says(HEAD);
    await relay.settled();

    expect(statuses(client)).toEqual([200]);
    expect(valuesOf(client, "Content-Length")).toEqual(["300000"]);
    expect(client.received).toEndWith("\r\n\r\n");
    expect(relay.records.at(-1)).toMatchObject({ cache: "hit_disk" });
  });

  cachedOnDisk("and forwarded where that is stale", async (relay) => {
    const upstream = fetched(relay, GET, answer(LARGE, STALE, ETAG));
    await relay.settled();
    relay.pass(5_000);
    const client = relay.client();
    client.says(HEAD);
    await relay.settled();
    upstream.says(head("HTTP/1.1 200 OK", ETAG, "Content-Length: 300000"));

    expect(statuses(client)).toEqual([200]);
    expect(cacheStatuses(client)).toEqual(["fwd=stale"]);
  });
});
