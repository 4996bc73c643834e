import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { HeadReader } from "../../src/http1/head-reader.ts";
import { bytesOf, deliveriesOf, readEveryWay } from "./deliveries.ts";

const LIMITS = { headBytes: 128, uriBytes: 32, headerCount: 8 };

// Each row: what it shows | the bytes | the head | what follows it.
const requests = [
  ["a head and nothing else", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", ""],
  ["a head with fields", "GET / HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r\n", ""],
  ["a body behind it", "GET / HTTP/1.1\r\n\r\nbody", "GET / HTTP/1.1\r\n\r\n", "body"],
  [
    "another head behind it",
    "A / HTTP/1.1\r\n\r\nB / HTTP/1.1\r\n\r\n",
    "A / HTTP/1.1\r\n\r\n",
    "B / HTTP/1.1\r\n\r\n",
  ],
  ["an empty line in front", "\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", ""],
  ["what is no head, but ends like one", "X Y Z\r\n\r\n", "X Y Z\r\n\r\n", ""],
] as const;

const responses = [
  ["an answer", "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 200 OK\r\n\r\n", "body"],
  [
    "two interim answers",
    "HTTP/1.1 100\r\n\r\nHTTP/1.1 102\r\n\r\n",
    "HTTP/1.1 100\r\n\r\n",
    "HTTP/1.1 102\r\n\r\n",
  ],
] as const;

// None of these ever ends as a head does, and none is waited for.
const hopeless = [
  ["request", "a bare line feed", "GET / HTTP/1.1\nHost: a\n\n"],
  ["request", "a bare carriage return", "GET / HTTP/1.1\rHost: a"],
  ["request", "a bare line feed at the very front", "\nGET"],
  ["request", "a bare carriage return at the very front", "\rGET"],
  ["request", "NUL", "GET /\0"],
  ["request", "HTTP/0.9", "GET /\r\n"],
  ["request", "a first line of one word", "GET\r\n"],
  ["request", "a first line of four words", "GET / a HTTP/1.1\r\n"],
  ["request", "two empty lines", "\r\n\r\n"],
  ["response", "another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["response", "ICY", "ICY 200 OK\r\n"],
  ["response", "HTTP/2", "HTTP/2 200\r\n"],
  ["response", "an empty line in front", "\r\nHTTP/1.1 200 OK\r\n"],
] as const;

describe("a head, delivered whole, byte by byte and cut anywhere", () => {
  test.each(requests)("of a request: %s", (_, wire, head, rest) => {
    expect(readEveryWay(wire, (pieces) => collect("request", pieces))).toEqual({ head, rest });
  });

  test.each(responses)("of a response: %s", (_, wire, head, rest) => {
    expect(readEveryWay(wire, (pieces) => collect("response", pieces))).toEqual({ head, rest });
  });

  test.each(hopeless)("of a %s is refused at once: %s", (kind, _, wire) => {
    expect(() => readEveryWay(wire, (pieces) => collect(kind, pieces))).toThrow(ProtocolError);
  });
});

// Each row: what it shows | the bytes | the status of the refusal; undefined when it is taken.
const sizes = [
  ["a head of just the limit", headOf(128), undefined],
  ["a head of a byte more", headOf(129), 431],
  ["a head of just the limit after an empty line", `\r\n${headOf(128)}`, undefined],
  ["a head of a byte more after an empty line", `\r\n${headOf(129)}`, 431],
  ["fields that never end", `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(30)}`, 431],
  ["a target of just the limit", `GET ${"/".repeat(32)} HTTP/1.1\r\n\r\n`, undefined],
  ["a target that never ends", `GET /${"a".repeat(32)}`, 414],
  ["a target that alone is more than a head", `GET /${"a".repeat(200)} HTTP/1.1\r\n\r\n`, 414],
  ["a method that never ends", "A".repeat(129), 431],
  [
    "a field's value with spaces, which is no target",
    `GET / HTTP/1.1\r\na: ${" b".repeat(40)}\r\n\r\n`,
    undefined,
  ],
] as const;

test.each(sizes)("the size of a request's head is bounded, however it comes: %s", (_, wire, status) => {
  const read = () => readEveryWay(wire, (pieces) => collect("request", pieces));

  if (status === undefined) expect(read().rest).toBe("");
  else expect(read).toThrow(expect.objectContaining({ status }));
});

test("the size of a response's head is bounded", () => {
  const wire = `HTTP/1.1 200 OK\r\na: ${"b".repeat(200)}\r\n\r\n`;

  expect(() => readEveryWay(wire, (pieces) => collect("response", pieces))).toThrow("more than 128 bytes");
});

test("a reader is used again for the next head, whatever way the last one came", () => {
  const wire = "GET / HTTP/1.1\r\nA: b c\r\n\r\n";
  const reader = new HeadReader("request");

  for (const { pieces } of deliveriesOf(wire)) {
    expect(reader.isEmpty).toBe(true);
    for (const piece of pieces) reader.take(piece, 0, LIMITS);
    expect(reader.text).toBe(wire);
  }
});

test("a head is begun by its first byte, and not by an empty line in front of it", () => {
  const reader = new HeadReader("request");

  for (const [byte, isEmpty] of [
    ["\r", true],
    ["\n", true],
    ["G", false],
  ] as const) {
    reader.take(bytesOf(byte), 0, LIMITS);
    expect(reader.isEmpty).toBe(isEmpty);
  }
});

test("a head larger than the first look is put together", () => {
  const wire = headOf(20_000);
  const limits = { ...LIMITS, headBytes: 32_768 };

  expect(collect("request", [bytesOf(`${wire}rest`)], limits)).toEqual({ head: wire, rest: "rest" });
});

test("a head that comes byte by byte costs as much a byte at its end as at its beginning", () => {
  const limits = { headBytes: 2 ** 20, uriBytes: 16_384, headerCount: 128 };
  const reader = new HeadReader("request");
  const line = Array.from(`GET /${"a".repeat(16_000)} HTTP/1.1\r\n`, bytesOf);
  const field = Array.from(`a: ${"b".repeat(100_000)}`, bytesOf);

  const startedAt = performance.now();
  for (const byte of [...line, ...field]) reader.take(byte, 0, limits);

  // About 50 ms here; looking at all that has come for each byte would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

function headOf(size: number): string {
  const start = "GET / HTTP/1.1\r\na: ";
  return `${start}${"b".repeat(size - start.length - 4)}\r\n\r\n`;
}

function collect(kind: "request" | "response", pieces: readonly Buffer[], limits = LIMITS) {
  const reader = new HeadReader(kind);
  let rest = "";
  let isWhole = false;
  for (const piece of pieces) {
    const end = isWhole ? 0 : reader.take(piece, 0, limits);
    if (end < 0) continue;
    isWhole = true;
    rest += piece.toString("latin1", end);
  }
  if (!isWhole) throw new Error("Cannot tell a head: it has not ended");
  return { head: reader.text, rest };
}
