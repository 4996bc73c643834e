import { describe, expect } from "bun:test";
import { answer, cached, cacheStatuses, GET, HOST, requestsOn, VIA } from "../../support/cache.ts";
import { head, statuses } from "../../support/relay.ts";

const FRESH = "Cache-Control: max-age=60";
const STORED = "Cache-Status: headgate; fwd=uri-miss; ttl=60; stored";
const NOT_STORED = 'Cache-Status: headgate; fwd=uri-miss; detail="neither fresh nor with a validator"';
const MEMORY_MAX = 230_000;

describe("an answer goes on as it comes, while it is kept", () => {
  // Each row: what it shows | the request | what the upstream says | what the client has then.
  const rows: readonly (readonly [string, string, string, string])[] = [
    [
      "its head at once, though nothing of the body is there",
      GET,
      head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5"),
      head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5", STORED, VIA),
    ],
    [
      "with a chunked body too",
      GET,
      head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked"),
      head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked", STORED, VIA),
    ],
    [
      "a body in pieces",
      GET,
      `${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5")}he`,
      `${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5", STORED, VIA)}he`,
    ],
    [
      "what will not be stored as well",
      GET,
      `${head("HTTP/1.1 200 OK", "Content-Length: 5")}he`,
      `${head("HTTP/1.1 200 OK", "Content-Length: 5", NOT_STORED, VIA)}he`,
    ],
    [
      "chunks as chunks",
      GET,
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n`,
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked", STORED, VIA)}2\r\nhe\r\n`,
    ],
    [
      "a body until close as chunks",
      GET,
      `${head("HTTP/1.1 200 OK", FRESH)}he`,
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked", STORED, VIA)}2\r\nhe\r\n`,
    ],
    [
      "chunks until close for HTTP/1.0",
      head("GET http://a.example/x HTTP/1.0", "Connection: keep-alive"),
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n`,
      `${head("HTTP/1.1 200 OK", FRESH, STORED, VIA, "Connection: close")}he`,
    ],
    [
      "what the upstream says before its answer (RFC 9110 §15.2)",
      GET,
      head("HTTP/1.1 103 Early Hints", "Link: </a>"),
      head("HTTP/1.1 103 Early Hints", "Link: </a>", VIA),
    ],
    [
      "which HTTP/1.0 does not hear",
      head("GET http://a.example/x HTTP/1.0"),
      head("HTTP/1.1 103 Early Hints", "Link: </a>"),
      "",
    ],
  ];

  for (const [name, request, said, read] of rows) {
    cached(name, (relay) => {
      const { client, upstream } = relay.exchange(request);
      upstream.says(said);

      expect(client.received).toBe(read);

      upstream.resets();
    });
  }
});

describe("what was cut short is never stored, and its client is cut too", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["a body with a length", `${head("HTTP/1.1 200 OK", FRESH, "Content-Length: 5")}he`],
    ["chunks", `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n`],
    [
      "chunks without their last",
      `${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n0\r\n`,
    ],
  ];

  for (const [name, said] of rows) {
    for (const how of ["ends", "resets"] as const) {
      cached(`${name}: the upstream ${how}`, (relay) => {
        const { client, upstream } = relay.exchange(GET);
        upstream.says(said);
        upstream[how]();

        expect(relay.told()).toContain("client destroy");
        expect(relay.records).toMatchObject([{ failure: "http_response_incomplete", status: 200 }]);

        relay.client().says(GET);
        const again = relay.upstream();

        expect(again.received).not.toContain("Range");

        again.resets();
        expect(client.received).toEndWith(name === "a body with a length" ? "he" : "2\r\nhe\r\n");
      });
    }
  }

  cached("a body until close whose connection breaks", (relay) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH)}he`);
    upstream.resets();

    expect(relay.told()).toContain("client destroy");

    relay.client().says(GET);
    relay.upstream().resets();
  });

  cached("chunks that are none", (relay) => {
    const { upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n`);
    upstream.says("zz");

    expect(relay.told()).toContain("client destroy");
    expect(upstream.isClosed).toBe(true);
    expect(relay.records).toMatchObject([{ failure: "http_protocol_error" }]);
  });
});

describe("what memory does not take is passed on, and not stored", () => {
  cached("a length that is too large, and Cache-Status does not say that it is stored", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(answer("x".repeat(MEMORY_MAX), FRESH));

    expect(client.received).toEndWith("x".repeat(MEMORY_MAX));
    expect(cacheStatuses(client)).toEqual(["fwd=uri-miss"]);

    client.says(GET);
    upstream.says(answer("y", FRESH));

    expect(requestsOn(upstream)).toBe(2);
  });

  cached("one that is too large only with its fields", (relay, { memory }) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(answer("x".repeat(memory.objectBytesMax - 100), FRESH, `X-Long: ${"a".repeat(1000)}`));

    expect(cacheStatuses(client)).toEqual(["fwd=uri-miss"]);

    client.says(GET);
    upstream.says(answer("y", FRESH));

    expect(statuses(client)).toEqual([200, 200]);
  });

  cached("chunks that become too many: the upstream is read at the client's pace from then on", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    const piece = `${(100_000).toString(16)}\r\n${"x".repeat(100_000)}\r\n`;
    upstream.says(head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked"));
    client.full = true;
    for (let pieces = 0; pieces < 12; pieces++) upstream.says(piece);

    expect(upstream.isPaused).toBe(true);

    client.drains();

    expect(upstream.isPaused).toBe(false);

    upstream.says("0\r\n\r\n");
    client.says(GET);
    upstream.says(answer("y", FRESH));

    expect(requestsOn(upstream)).toBe(2);
    expect(client.receivedBytes).toBeGreaterThan(1_200_000);
    expect(client.received).toEndWith("y");
  });

  cached("when nobody is left to have them, they are not read on: they may have no end", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}2\r\nhe\r\n`);
    client.resets();

    expect(upstream.isClosed).toBe(true);
  });
});

cached("an answer that switches protocols though nobody asked is none", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(head("HTTP/1.1 101 Switching Protocols"));

  expect(statuses(client)).toEqual([502]);
  expect(upstream.isClosed).toBe(true);
});

cached("an upstream whose trailers can't be read is not kept", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${head("HTTP/1.1 200 OK", FRESH, "Transfer-Encoding: chunked")}0\r\nno trailer\r\n\r\n`);

  expect(relay.pooled).toBe(0);
  expect(upstream.isClosed).toBe(true);
  expect(statuses(client)).not.toContain(200);
});

cached("an upstream that says more than its answer is not kept", (relay) => {
  const { client, upstream } = relay.exchange(GET);
  upstream.says(`${answer("hello", FRESH)} and more`);

  expect(client.received).toEndWith("hello");
  expect(relay.pooled).toBe(0);

  const other = relay.client();
  other.says(head("GET http://a.example/x HTTP/1.1", HOST));

  expect(other.received).toEndWith("hello");
});

cached("a connection that a client has authorized as its own is not kept (RFC 4559 §6)", (relay) => {
  const { client, upstream } = relay.exchange(
    head("GET http://a.example/x HTTP/1.1", HOST, "Authorization: Negotiate YQ=="),
  );
  upstream.says(answer("one"));

  expect(client.received).toEndWith("one");
  expect(relay.pooled).toBe(0);
});
