import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { answer, cached, cacheStatuses, fetched, GET, HOST, requestsOn, VIA } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const OLD_DATE = "Date: Saturday, 21-Nov-26 00:00:00 GMT";
/** Where the upstream said none (RFC 9110 §6.6.1). */
const DATE = "Date: Sat, 21 Nov 2026 00:00:00 GMT";
const HIT = "Cache-Status: headgate; hit; ttl=50";

describe("what was fetched ten seconds ago is answered without the upstream", () => {
  // Each row: what it shows | what the upstream said | the request | what its client reads, and how it leaves.
  const rows: readonly (readonly [string, string, string, string, "stays" | "goes"])[] = [
    [
      "head and body, with its age (RFC 9111 §4), its Date and our Via",
      answer("hello", FRESH, OLD_DATE),
      GET,
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, FRESH, OLD_DATE, "Content-Length: 5")}hello`,
      "stays",
    ],
    [
      "HEAD: the head of it (RFC 9110 §9.3.2)",
      answer("hello", FRESH),
      head("HEAD http://a.example/x HTTP/1.1", HOST),
      head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, FRESH, DATE, "Content-Length: 5"),
      "stays",
    ],
    [
      "HTTP/1.0",
      answer("hello", FRESH),
      head("GET http://a.example/x HTTP/1.0"),
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, "Connection: close", FRESH, DATE, "Content-Length: 5")}hello`,
      "goes",
    ],
    [
      "HTTP/1.0 that would stay",
      answer("hello", FRESH),
      head("GET http://a.example/x HTTP/1.0", "Connection: keep-alive"),
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, "Connection: keep-alive", FRESH, DATE, "Content-Length: 5")}hello`,
      "stays",
    ],
    [
      "Connection: close",
      answer("hello", FRESH),
      head("GET http://a.example/x HTTP/1.1", HOST, "Connection: close"),
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, "Connection: close", FRESH, DATE, "Content-Length: 5")}hello`,
      "goes",
    ],
    [
      "204, which has no length (RFC 9110 §8.6)",
      head("HTTP/1.1 204 No Content", FRESH),
      GET,
      head("HTTP/1.1 204 No Content", FRESH, "Age: 10", HIT, VIA),
      "stays",
    ],
    [
      "an empty body",
      answer("", FRESH),
      GET,
      head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, FRESH, DATE, "Content-Length: 0"),
      "stays",
    ],
    [
      "chunks have become a length",
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n`,
      GET,
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, FRESH, DATE, "Content-Length: 5")}hello`,
      "stays",
    ],
    [
      "another reason, and a status that is kept",
      `${head("HTTP/1.1 404 Gone fishing", FRESH, "Content-Length: 2")}no`,
      GET,
      `${head("HTTP/1.1 404 Gone fishing", "Age: 10", HIT, VIA, FRESH, DATE, "Content-Length: 2")}no`,
      "stays",
    ],
    [
      "an age that it came with counts on (RFC 9111 §4.2.3)",
      answer("hello", "Cache-Control: max-age=80", "Age: 20"),
      GET,
      `${head("HTTP/1.1 200 OK", "Age: 30", HIT, VIA, "Cache-Control: max-age=80", DATE, "Content-Length: 5")}hello`,
      "stays",
    ],
    [
      "what was for one hop is gone",
      answer("hello", FRESH, "Connection: x-mine", "X-Mine: 1", "Keep-Alive: timeout=5"),
      GET,
      `${head("HTTP/1.1 200 OK", "Age: 10", HIT, VIA, FRESH, DATE, "Content-Length: 5")}hello`,
      "stays",
    ],
  ];

  for (const [name, said, request, read, whereto] of rows) {
    cached(name, (relay) => {
      fetched(relay, GET, said);
      relay.pass(10_000);
      const client = relay.client();
      client.says(request);

      expect(client.received).toBe(read);
      expect(relay.told().includes(`${client.name} end`)).toBe(whereto === "goes");
      expect(relay.dials).toBe(0);
      expect(relay.records.at(-1)).toMatchObject({
        cache: "hit",
        kind: "forward",
        upstream: undefined,
        failure: undefined,
        bytesOut: client.receivedBytes,
      });
    });
  }
});

cached("a body until close is stored, for its connection ended in order (RFC 9111 §3.3)", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${head("HTTP/1.1 200 OK", FRESH)}hel`);
  upstream.says("lo");
  upstream.ends();
  client.says(GET);

  expect(client.received).toEndWith(`${FRESH}\r\n${DATE}\r\nContent-Length: 5\r\n\r\nhello`);
  expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored", "hit; ttl=60"]);
});

cached("requests that come in one piece are answered in order, stored or not", (relay) => {
  const upstream = fetched(relay, GET, answer("hello", FRESH));
  const client = relay.client();
  const other = head("GET http://a.example/y HTTP/1.1", HOST);
  client.says(GET + GET + other + GET);

  expect(statuses(client)).toEqual([200, 200]);

  upstream.says(answer("other"));

  expect(statuses(client)).toEqual([200, 200, 200, 200]);
  expect(cacheStatuses(client)).toEqual(["hit; ttl=60", "hit; ttl=60", "fwd=uri-miss", "hit; ttl=60"]);
  expect(client.received.replaceAll(/HTTP[\s\S]*?\r\n\r\n/g, "|")).toBe("|hello|hello|other|hello");
});

cached("a client that asks before the answer to its first is there gets the second from memory", (relay) => {
  const { client, upstream } = relay.exchange(GET + GET);
  upstream.says(answer("hello", FRESH));

  expect(cacheStatuses(client)).toEqual(["fwd=uri-miss; ttl=60; stored", "hit; ttl=60"]);
  expect(requestsOn(upstream)).toBe(1);
});

cached("what is counted of two that share an answer, one after the other", (relay) => {
  fetched(relay, GET, answer("hello", FRESH));
  relay.client().says(GET);

  expect(relay.read(cells.cacheRequests.miss)).toBe(1);
  expect(relay.read(cells.cacheRequests.hit)).toBe(1);
  expect(relay.read(cells.cacheBytesFetched)).toBe(5);
  expect(relay.read(cells.cacheBytesSaved)).toBe(5);
});

describe("what is asked for again is fetched again", () => {
  // Each row: why | what the upstream said first | the second request | what it is told.
  const rows: readonly (readonly [string, string, string, string])[] = [
    [
      "no-store (RFC 9111 §5.2.2.5)",
      answer("x", "Cache-Control: no-store"),
      GET,
      "fwd=uri-miss; ttl=60; stored",
    ],
    [
      "private (§5.2.2.7)",
      answer("x", "Cache-Control: private, max-age=60"),
      GET,
      "fwd=uri-miss; ttl=60; stored",
    ],
    ["nothing says how long it is fresh", answer("x"), GET, "fwd=uri-miss; ttl=60; stored"],
    [
      "a status that is no answer",
      head("HTTP/1.1 500 No", "Content-Length: 0"),
      GET,
      "fwd=uri-miss; ttl=60; stored",
    ],
    [
      "its time is over",
      answer("x", "Cache-Control: max-age=9", 'ETag: "a"'),
      GET,
      "fwd=stale; ttl=60; stored",
    ],
    [
      "another path",
      answer("x", FRESH),
      head("GET http://a.example/y HTTP/1.1", HOST),
      "fwd=uri-miss; ttl=60; stored",
    ],
    [
      "another query",
      answer("x", FRESH),
      head("GET http://a.example/x?a HTTP/1.1", HOST),
      "fwd=uri-miss; ttl=60; stored",
    ],
    ["another method", answer("x", FRESH), head("OPTIONS http://a.example/x HTTP/1.1", HOST), "fwd=method"],
    [
      "it has a body",
      answer("x", FRESH),
      `${head("GET http://a.example/x HTTP/1.1", HOST, "Content-Length: 1")}b`,
      "fwd=bypass",
    ],
    [
      "it wants another protocol",
      answer("x", FRESH),
      head("GET http://a.example/x HTTP/1.1", HOST, "Connection: upgrade", "Upgrade: websocket"),
      "fwd=bypass",
    ],
    [
      "it has conditions that are for the origin (RFC 9111 §4.3.2)",
      answer("x", FRESH),
      head("GET http://a.example/x HTTP/1.1", HOST, 'If-Match: "a"'),
      "fwd=bypass",
    ],
  ];

  for (const [name, said, request, told] of rows) {
    cached(name, (relay) => {
      const upstream = fetched(relay, GET, said);
      relay.pass(10_000);
      const client = relay.client();
      client.says(request);
      upstream.says(answer("new", FRESH));

      expect(requestsOn(upstream)).toBe(2);
      expect(client.received).toEndWith("new");
      expect(cacheStatuses(client)).toEqual([told]);
    });
  }
});

cached("a port that is the scheme's own, and a host in capitals, make no other URL", (relay) => {
  fetched(relay, head("GET http://A.example:80/x HTTP/1.1", "Host: A.example:80"), answer("x", FRESH));
  const client = relay.client();
  client.says(GET);

  expect(cacheStatuses(client)).toEqual(["hit; ttl=60"]);
});
