import { describe, expect } from "bun:test";
import { head, statuses, transcript } from "../support/relay.ts";

const VIA = "Via: 1.1 headgate";
const HOST = "Host: a.example";

describe("a request goes on as one message, written anew", () => {
  // Each row: what it shows | what the client says | what the upstream reads.
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ["GET", [head("GET http://A.example:80?q HTTP/1.1", "HOST: other")], head("GET /?q HTTP/1.1", HOST, VIA)],
    ["HEAD", [head("HEAD http://a.example/ HTTP/1.1", HOST)], head("HEAD / HTTP/1.1", HOST, VIA)],
    [
      "a GET of HTTP/1.0",
      [head("GET http://a.example/ HTTP/1.0")],
      head("GET / HTTP/1.1", HOST, "Via: 1.0 headgate"),
    ],
    [
      "what is for one hop goes",
      [
        head(
          "GET http://a.example/ HTTP/1.1",
          HOST,
          "Connection: x-mine, keep-alive",
          "X-Mine: 1",
          "Keep-Alive: timeout=5",
          "Proxy-Authorization: Basic a",
          "TE: gzip",
          "X-Kept: 2",
        ),
      ],
      head("GET / HTTP/1.1", HOST, "X-Kept: 2", VIA),
    ],
    [
      "a body with a length, head and body in one write",
      [`${head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 3")}abc`],
      `${head("POST / HTTP/1.1", HOST, "Content-Length: 3", VIA)}abc`,
    ],
    [
      "a body that comes later",
      [head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 3"), "a", "bc"],
      `${head("POST / HTTP/1.1", HOST, "Content-Length: 3", VIA)}abc`,
    ],
    [
      "a body of nothing",
      [head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 0")],
      head("POST / HTTP/1.1", HOST, "Content-Length: 0", VIA),
    ],
    [
      "chunks become chunks of ours, extensions gone and trailers kept",
      [
        `${head("PUT http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: Chunked")}2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n`,
      ],
      `${head("PUT / HTTP/1.1", HOST, "Transfer-Encoding: chunked", VIA)}3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ],
    [
      "chunks cut anywhere",
      [
        head("PUT http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: chunked"),
        ..."3\r\nabc\r\n0\r\n\r\n",
      ],
      `${head("PUT / HTTP/1.1", HOST, "Transfer-Encoding: chunked", VIA)}1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n`,
    ],
    [
      "Expect goes through, and the body when it comes",
      [head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 1", "Expect: 100-continue"), "a"],
      `${head("POST / HTTP/1.1", HOST, "Expect: 100-continue", "Content-Length: 1", VIA)}a`,
    ],
  ];

  for (const [name, said, read] of rows) {
    transcript(name, (relay) => {
      const client = relay.client();
      client.says(said[0] ?? "");
      const upstream = relay.upstream();
      for (const piece of said.slice(1)) client.says(piece);

      expect(upstream.received).toBe(read);

      upstream.says(head("HTTP/1.1 204 No Content"));
      expect(statuses(client)).toEqual([204]);
      expect(relay.records.map(({ bytesIn }) => bytesIn)).toEqual([said.join("").length]);
      expect(relay.pooled).toBe(1);
    });
  }
});

const asks = (method: string, minor: 0 | 1) =>
  head(
    `${method} http://a.example/ HTTP/1.${minor}`,
    HOST,
    ...(minor === 0 ? ["Connection: keep-alive"] : []),
  );

describe("an answer comes back as one message, written anew", () => {
  // Each row: what it shows | the request | what the upstream says | what the client reads | whether both connections stay.
  const rows: readonly (readonly [string, string, readonly string[], string, boolean, boolean])[] = [
    [
      "a body with a length, cut anywhere",
      asks("GET", 1),
      [...`${head("HTTP/1.1 200 OK", "Content-Length: 2")}hi`],
      `${head("HTTP/1.1 200 OK", "Content-Length: 2", VIA)}hi`,
      true,
      true,
    ],
    [
      "what is for one hop goes",
      asks("GET", 1),
      [head("HTTP/1.1 204 No Content", "Connection: x-mine", "X-Mine: 1", "Keep-Alive: max=1", "X-Kept: 2")],
      head("HTTP/1.1 204 No Content", "X-Kept: 2", VIA),
      true,
      true,
    ],
    [
      "the length that a HEAD tells is kept, and no body waited for",
      asks("HEAD", 1),
      [head("HTTP/1.1 200 OK", "Content-Length: 1000")],
      head("HTTP/1.1 200 OK", "Content-Length: 1000", VIA),
      true,
      true,
    ],
    [
      "304 has no body, whatever its length says",
      asks("GET", 1),
      [head("HTTP/1.1 304 Not Modified", "Content-Length: 1000")],
      head("HTTP/1.1 304 Not Modified", "Content-Length: 1000", VIA),
      true,
      true,
    ],
    [
      "chunks become chunks of ours",
      asks("GET", 1),
      [`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nhi\r\n`, "0\r\nX-Sum: 1\r\n\r\n"],
      `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", VIA)}2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n`,
      true,
      true,
    ],
    [
      "chunks are taken apart for HTTP/1.0, whose connection ends the body",
      asks("GET", 0),
      [`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nhi\r\n`, "0\r\nX-Sum: 1\r\n\r\n"],
      `${head("HTTP/1.1 200 OK", VIA, "Connection: close")}hi`,
      true,
      false,
    ],
    [
      "an upstream of HTTP/1.0 that keeps its connection",
      asks("GET", 1),
      [`${head("HTTP/1.0 200 OK", "Content-Length: 2", "Connection: keep-alive")}hi`],
      `${head("HTTP/1.1 200 OK", "Content-Length: 2", "Via: 1.0 headgate")}hi`,
      true,
      true,
    ],
    [
      "an upstream that will close is not kept, and the client does not notice",
      asks("GET", 1),
      [`${head("HTTP/1.1 200 OK", "Content-Length: 2", "Connection: close")}hi`],
      `${head("HTTP/1.1 200 OK", "Content-Length: 2", VIA)}hi`,
      false,
      true,
    ],
    [
      "nor one that says more than its answer",
      asks("GET", 1),
      [`${head("HTTP/1.1 200 OK", "Content-Length: 2")}hi and more`],
      `${head("HTTP/1.1 200 OK", "Content-Length: 2", VIA)}hi`,
      false,
      true,
    ],
  ];

  for (const [name, request, said, read, upstreamStays, clientStays] of rows) {
    transcript(name, (relay) => {
      const { client, upstream } = relay.exchange(request);
      for (const piece of said) upstream.says(piece);

      expect(client.received).toBe(read);
      expect(relay.pooled).toBe(upstreamStays ? 1 : 0);
      expect(relay.log.includes("client end")).toBe(!clientStays);
      expect(relay.records.map(({ bytesOut, failure }) => [bytesOut, failure])).toEqual([
        [client.receivedBytes, undefined],
      ]);
    });
  }
});
