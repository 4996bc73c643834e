import { describe, expect, test } from "bun:test";
import { requestFraming, responseFraming } from "../../src/http1/framing.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";
import {
  CHUNK_END,
  chunkStart,
  lastChunk,
  type Persistence,
  serializeInterim,
  serializeRequest,
  serializeResponse,
} from "../../src/http1/serialize.ts";

const LIMITS = { headBytes: 4096, uriBytes: 1024, headerCount: 32 };
const VIA = "Via: 1.1 us\r\n";

// Each row: what it shows | the lines of the client | the lines that the upstream is told.
const requests = [
  ["nothing but Host and Via", "Host: b", ["Host: a", VIA]],
  ["Host from the target, first of all", "X: 1\r\nHost: b", ["Host: a", "X: 1", VIA]],
  ["a length", "Content-Length: 005", ["Host: a", "Content-Length: 5", VIA]],
  ["a length once", "Content-Length: 5\r\nContent-Length: 5", ["Host: a", "Content-Length: 5", VIA]],
  ["a length of nothing", "Content-Length: 0", ["Host: a", "Content-Length: 0", VIA]],
  ["chunks", "transfer-encoding: CHUNKED", ["Host: a", "Transfer-Encoding: chunked", VIA]],
  ["its Via behind the others'", "Via: 1.0 b", ["Host: a", "Via: 1.0 b", VIA]],
  [
    "no hop-by-hop field",
    "Connection: x, close\r\nX: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: y",
    ["Host: a", VIA],
  ],
  [
    "an upgrade, and that it is one",
    "Connection: Upgrade\r\nUpgrade: websocket",
    ["Host: a", "Connection: upgrade", "Upgrade: websocket", VIA],
  ],
  [
    "trailers that are welcome",
    "Connection: TE\r\nTE: gzip, trailers",
    ["Host: a", "Connection: TE", "TE: trailers", VIA],
  ],
  [
    "both",
    "Connection: upgrade\r\nUpgrade: b\r\nTE: trailers",
    ["Host: a", "Connection: upgrade, TE", "Upgrade: b", "TE: trailers", VIA],
  ],
  ["values byte for byte", "X:\t\x80\xff ", ["Host: a", "X:\t\x80\xff ", VIA]],
] as const;

test.each(requests)("a request is written with %s", (_, lines, expected) => {
  const head = parseRequestHead(`PUT http://a/b HTTP/1.0\r\n${lines}\r\n\r\n`, LIMITS);

  const text = serializeRequest(head, "/b", "a", requestFraming(head.fields, 1), VIA);

  expect(text).toBe(`PUT /b HTTP/1.1\r\n${linesOf(expected)}\r\n`);
});

// Each row: what it shows | first line and lines of the upstream | those that the client is told.
const responses = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5", ["HTTP/1.1 200 OK", "Content-Length: 5", VIA]],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
    ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", VIA],
  ],
  [
    "neither, when the end of the connection ends it",
    "HTTP/1.1 200 OK\r\nX: 1",
    ["HTTP/1.1 200 OK", "X: 1", VIA],
  ],
  ["our version", "HTTP/1.0 200 OK", ["HTTP/1.1 200 OK", VIA]],
  ["a reason, though it is missing", "HTTP/1.1 200", ["HTTP/1.1 200 ", VIA]],
  ["a reason of obs-text", "HTTP/1.1 200 \xe9", ["HTTP/1.1 200 \xe9", VIA]],
  [
    "no hop-by-hop field",
    "HTTP/1.1 304 \r\nConnection: x\r\nX: 1\r\nKeep-Alive: 5\r\nUpgrade: h2c",
    ["HTTP/1.1 304 ", VIA],
  ],
  [
    "the length that 304 would have had",
    "HTTP/1.1 304 \r\nContent-Length: 5",
    ["HTTP/1.1 304 ", "Content-Length: 5", VIA],
  ],
  ["no length for 204", "HTTP/1.1 204 \r\nContent-Length: 5", ["HTTP/1.1 204 ", VIA]],
  ["no coding for 304", "HTTP/1.1 304 \r\nTransfer-Encoding: chunked", ["HTTP/1.1 304 ", VIA]],
] as const;

describe("a response is written with", () => {
  test.each(responses)("%s", (_, text, expected) => {
    expect(rewriteResponse("GET", text, "implied")).toBe(`${linesOf(expected)}\r\n`);
  });

  test("the length that an answer to HEAD would have had", () => {
    const text = rewriteResponse("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5", "implied");

    expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 us\r\n\r\n");
  });

  test("what becomes of the connection", () => {
    for (const persistence of ["close", "keep-alive"] as const) {
      const text = rewriteResponse("GET", "HTTP/1.1 204 \r\nConnection: x", persistence);

      expect(text).toBe(`HTTP/1.1 204 \r\nVia: 1.1 us\r\nConnection: ${persistence}\r\n\r\n`);
    }
  });
});

const interims = [
  [
    "without framing",
    "HTTP/1.1 103 Early Hints\r\nLink: a\r\nContent-Length: 5",
    "HTTP/1.1 103 Early Hints\r\nLink: a\r\nVia: 1.1 us\r\n\r\n",
  ],
  [
    "without an upgrade that it does not make",
    "HTTP/1.1 100 \r\nConnection: upgrade\r\nUpgrade: a",
    "HTTP/1.1 100 \r\nVia: 1.1 us\r\n\r\n",
  ],
  [
    "with the upgrade that it makes",
    "HTTP/1.1 101 \r\nUpgrade: a\r\nConnection: upgrade",
    "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: a\r\nVia: 1.1 us\r\n\r\n",
  ],
] as const;

test.each(interims)("an interim response is written %s", (_, text, expected) => {
  expect(serializeInterim(parseResponseHead(`${text}\r\n\r\n`, LIMITS), VIA)).toBe(expected);
});

test("a chunk is written with its size in hex, and the last one with the trailers", () => {
  expect(`${chunkStart(26)}data${CHUNK_END}`).toBe("1a\r\ndata\r\n");
  expect(lastChunk("")).toBe("0\r\n\r\n");
  expect(lastChunk("A: 1\r\n")).toBe("0\r\nA: 1\r\n\r\n");
});

function rewriteResponse(method: string, text: string, persistence: Persistence): string {
  const head = parseResponseHead(`${text}\r\n\r\n`, LIMITS);
  const framing = responseFraming(method, head.status, head.fields, head.minor);
  return serializeResponse(head, framing, VIA, persistence);
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => (line.endsWith("\r\n") ? line : `${line}\r\n`)).join("");
}
