import { describe, expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";

const LIMITS = { headBytes: 4096, uriBytes: 64, headerCount: 8 };

// Each row: what it shows | the first line | method, target and version.
const requestLines = [
  ["HTTP/1.1", "GET / HTTP/1.1", ["GET", "/", 1]],
  ["HTTP/1.0", "GET / HTTP/1.0", ["GET", "/", 0]],
  ["a method of any token", "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", ["!#$%&'*+-.^_`|~09azAZ", "/", 1]],
  ["a method in lower case, which is another method", "get / HTTP/1.1", ["get", "/", 1]],
  ["a target of visible characters", 'GET /"<>\\^`{|}~ HTTP/1.1', ["GET", '/"<>\\^`{|}~', 1]],
  ["a target that looks like a version", "GET HTTP/1.0 HTTP/1.1", ["GET", "HTTP/1.0", 1]],
] as const;

const badRequestLines = [
  ["HTTP/0.9", "GET /"],
  ["no target", "GET HTTP/1.1"],
  ["no method", "/ HTTP/1.1"],
  ["an empty method", " / HTTP/1.1"],
  ["an empty target", "GET  HTTP/1.1"],
  ["two spaces after the method", "GET  / HTTP/1.1"],
  ["two spaces before the version", "GET /  HTTP/1.1"],
  ["a tab for a space", "GET\t/ HTTP/1.1"],
  ["a space behind", "GET / HTTP/1.1 "],
  ["a space in front", " GET / HTTP/1.1"],
  ["a space in the target", "GET /a b HTTP/1.1"],
  ["two versions", "GET / HTTP/1.1 HTTP/1.1"],
  ["a method that is no token", "G(T / HTTP/1.1"],
  ["a method with a colon", "GET: / HTTP/1.1"],
  ["a method with obs-text", "G\xc9T / HTTP/1.1"],
  ["a target with obs-text", "GET /\xe9 HTTP/1.1"],
  ["a target with a control byte", "GET /\x01 HTTP/1.1"],
  ["a target with DEL", "GET /\x7f HTTP/1.1"],
  ["NUL", "GET /\0 HTTP/1.1"],
  ["a vertical tab", "GET /\x0b HTTP/1.1"],
  ["a carriage return in the target", "GET /\ra HTTP/1.1"],
  ["a line feed for a space", "GET /\nHTTP/1.1"],
  ["lower-case http", "GET / http/1.1"],
  ["another protocol", "GET / HTTPS/1.1"],
  ["a version without a dot", "GET / HTTP/11"],
  ["a version of two digits", "GET / HTTP/1.10"],
  ["a version with zeros", "GET / HTTP/01.1"],
  ["a version with a space", "GET / HTTP/ 1.1"],
  ["a version that ends in a dot", "GET / HTTP/1."],
  ["an answer's first line", "HTTP/1.1 200 OK"],
] as const;

const otherVersions = [
  "HTTP/2",
  "HTTP/2.0",
  "HTTP/1.2",
  "HTTP/1.9",
  "HTTP/0.9",
  "HTTP/3.0",
  "HTTP/4294967297.1",
];

describe("the first line of a request", () => {
  test.each(requestLines)("may have %s", (_, line, [method, target, minor]) => {
    expect(parseRequest(`${line}\r\n\r\n`)).toMatchObject({ method, target, minor });
  });

  test.each(badRequestLines)("may not have %s", (_, line) => {
    expect(() => parseRequest(`${line}\r\n\r\n`)).toThrow(expect.objectContaining({ status: 400 }));
  });

  test.each(otherVersions)("is told that %s is not spoken here", (version) => {
    expect(() => parseRequest(`GET / ${version}\r\n\r\n`)).toThrow("the version is not HTTP/1.0 or 1.1");
  });

  test("is told so for the preface of HTTP/2", () => {
    expect(() => parseRequest("PRI * HTTP/2.0\r\n\r\n")).toThrow("the version is not");
  });

  test("may have a target of the limit, and not a byte more", () => {
    expect(parseRequest(`GET /${"a".repeat(63)} HTTP/1.1\r\n\r\n`).target).toHaveLength(64);
    expect(() => parseRequest(`GET /${"a".repeat(64)} HTTP/1.1\r\n\r\n`)).toThrow(
      expect.objectContaining({ status: 414, limit: "uriBytes" }),
    );
  });
});

// Each row: what it shows | the first line | version, status and reason.
const statusLines = [
  ["a reason", "HTTP/1.1 200 OK", [1, 200, "OK"]],
  ["HTTP/1.0", "HTTP/1.0 404 Not Found", [0, 404, "Not Found"]],
  ["an empty reason", "HTTP/1.1 200 ", [1, 200, ""]],
  ["no reason and no space", "HTTP/1.1 200", [1, 200, ""]],
  ["a reason with tabs, spaces and obs-text", "HTTP/1.1 200 \t a  \xe9 ", [1, 200, "\t a  \xe9 "]],
  ["a status that nobody knows", "HTTP/1.1 999 ?", [1, 999, "?"]],
  ["an interim status", "HTTP/1.1 100 Continue", [1, 100, "Continue"]],
] as const;

const badStatusLines = [
  ["HTTP/2", "HTTP/2 200"],
  ["HTTP/1.2", "HTTP/1.2 200 OK"],
  ["lower-case http", "http/1.1 200 OK"],
  ["ICY", "ICY 200 OK"],
  ["no status", "HTTP/1.1"],
  ["a status of two digits", "HTTP/1.1 20 OK"],
  ["a status of four digits", "HTTP/1.1 2000 OK"],
  ["a status below 100", "HTTP/1.1 099 OK"],
  ["a status with a sign", "HTTP/1.1 +20 OK"],
  ["a status in letters", "HTTP/1.1 abc OK"],
  ["two spaces before the status", "HTTP/1.1  200 OK"],
  ["a reason right behind the status", "HTTP/1.1 200OK"],
  ["a tab for a space", "HTTP/1.1\t200 OK"],
  ["NUL in the reason", "HTTP/1.1 200 O\0K"],
  ["a carriage return in the reason", "HTTP/1.1 200 O\rK"],
  ["a line feed in the reason", "HTTP/1.1 200 O\nK"],
  ["DEL in the reason", "HTTP/1.1 200 \x7f"],
  ["a request's first line", "GET / HTTP/1.1"],
] as const;

describe("the first line of a response", () => {
  test.each(statusLines)("may have %s", (_, line, [minor, status, reason]) => {
    expect(parseResponse(`${line}\r\n\r\n`)).toMatchObject({ minor, status, reason });
  });

  test.each(badStatusLines)("may not have %s", (_, line) => {
    expect(() => parseResponse(`${line}\r\n\r\n`)).toThrow(ProtocolError);
  });
});

// Each row: what is wrong | the lines | how the client is told.
const badFields = [
  ["a space before the colon", "A : 1\r\n", "field line 1: whitespace before the colon"],
  ["a tab before the colon", "Content-Length\t: 1\r\n", "field line 1: whitespace before the colon"],
  ["a folded line", "A: 1\r\n 2\r\n", "field line 2: folded line (obs-fold)"],
  ["a folded line with a tab", "A: 1\r\n\tTransfer-Encoding: chunked\r\n", "field line 2: folded line"],
  ["a space in front of the first line", " A: 1\r\n", "field line 1: folded line"],
  ["a line of a space alone", "A: 1\r\n \r\n", "field line 2: folded line"],
  ["no colon", "A\r\n", "field line 1: no colon"],
  ["a space for a colon", "Content-Length 10\r\n", "field line 1: no colon"],
  ["a name over two lines", "Transfer-\r\nEncoding: chunked\r\n", "field line 1: no colon"],
  ["an empty name", ": a\r\n", "field line 1: empty field name"],
  ["a colon alone", ":\r\n", "field line 1: empty field name"],
  ["a space in a name", "A B: 1\r\n", "field line 1: field name is no token"],
  ["a bracket in a name", "A[0]: 1\r\n", "field line 1: field name is no token"],
  ["obs-text in a name", "Content-Length\x85: 1\r\n", "field line 1: field name is no token"],
  ["NUL in a name", "A\0: 1\r\n", "field line 1: field name is no token"],
  ["NUL in a value", "B: 1\r\nA: x\0y\r\n", "field line 2: control byte in the value"],
  [
    "a vertical tab in a value",
    "Transfer-Encoding: \x0bchunked\r\n",
    "field line 1: control byte in the value",
  ],
  ["a form feed in a value", "A: \x0c\r\n", "field line 1: control byte in the value"],
  ["escape in a value", "A: \x1b[0m\r\n", "field line 1: control byte in the value"],
  ["DEL in a value", "A: \x7f\r\n", "field line 1: control byte in the value"],
  ["a bare carriage return in a value", "A: 1\rB: 2\r\n", "carriage return without line feed"],
  ["a bare line feed in a value", "A: 1\nB: 2\r\n", "line feed without carriage return"],
  ["a line feed in front of the colon", "A\n: 1\r\n", "line feed without carriage return"],
  ["a bare line feed at the end", "A: 1\n\r\n", "line feed without carriage return"],
  ["two carriage returns", "A: 1\r\r\n", "carriage return without line feed"],
] as const;

describe("the fields of a head", () => {
  test.each(badFields)("may not have %s", (_, lines, detail) => {
    expect(() => parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`)).toThrow(detail);
    expect(() => parseResponse(`HTTP/1.1 200 OK\r\n${lines}\r\n`)).toThrow(detail);
  });

  test("may have any token for a name, and any text for a value", () => {
    const lines = "!#$%&'*+-.^_`|~1: \t\x20~\x80\xff\r\nb:\r\n";

    expect(parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`).fields.forwarded).toBe(lines);
    expect(parseResponse(`HTTP/1.1 200 OK\r\n${lines}\r\n`).fields.forwarded).toBe(lines);
  });

  test("may be as many as the limit, in both directions", () => {
    const lines = "A: 1\r\n".repeat(8);

    expect(parseRequest(`GET / HTTP/1.1\r\n${lines}\r\n`).fields.count).toBe(8);
    expect(() => parseRequest(`GET / HTTP/1.1\r\nB: 1\r\n${lines}\r\n`)).toThrow(
      expect.objectContaining({ status: 431 }),
    );
    expect(() => parseResponse(`HTTP/1.1 200 OK\r\nB: 1\r\n${lines}\r\n`)).toThrow(
      expect.objectContaining({ status: 502 }),
    );
  });
});

function parseRequest(text: string) {
  return parseRequestHead(text, LIMITS);
}

function parseResponse(text: string) {
  return parseResponseHead(text, LIMITS);
}
