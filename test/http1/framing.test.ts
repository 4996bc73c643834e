import { describe, expect, test } from "bun:test";
import { readFields } from "../../src/http1/fields.ts";
import { requestFraming, responseFraming } from "../../src/http1/framing.ts";

const NONE = { kind: "none" };
const CHUNKED = { kind: "chunked" };
const CLOSE = { kind: "close" };

// Each row: the fields | the framing in HTTP/1.1 and 1.0, or the status of the refusal.
const requests = [
  ["", NONE, NONE],
  ["Content-Length: 0", { kind: "length", length: 0 }, { kind: "length", length: 0 }],
  ["Content-Length: 5", { kind: "length", length: 5 }, { kind: "length", length: 5 }],
  ["Content-Length: 5\r\nContent-Length: 5", { kind: "length", length: 5 }, { kind: "length", length: 5 }],
  ["Transfer-Encoding: chunked", CHUNKED, 400],
  ["transfer-encoding:\t CHUNKED \t", CHUNKED, 400],
  ["Transfer-Encoding: chunked, chunked", 501, 400],
  ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501, 400],
  ["Transfer-Encoding: gzip, chunked", 501, 400],
  ["Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501, 400],
  ["Transfer-Encoding: chunked, gzip", 501, 400],
  ["Transfer-Encoding: chunked, identity", 501, 400],
  ["Transfer-Encoding: identity", 501, 400],
  ["Transfer-Encoding: xchunked", 501, 400],
  ["Transfer-Encoding: chunkedx", 501, 400],
  ["Transfer-Encoding: chunked;q=1", 501, 400],
  ['Transfer-Encoding: "chunked"', 501, 400],
  ["Transfer-Encoding: chun ked", 501, 400],
  ["Transfer-Encoding: ,chunked", 501, 400],
  ["Transfer-Encoding: chunked,", 501, 400],
  ["Transfer-Encoding: \xa0chunked\xa0", 501, 400],
  ["Transfer-Encoding: \xffchunked\xff", 501, 400],
  ["Transfer-Encoding:", 501, 400],
  ["Transfer-Encoding:\r\nTransfer-Encoding: chunked", 501, 400],
  ["Transfer-Encoding: chunked\r\nContent-Length: 5", 400, 400],
  ["Content-Length: 5\r\nTransfer-Encoding: chunked", 400, 400],
  ["Content-Length: 0\r\nTransfer-Encoding: chunked", 400, 400],
  ["Content-Length: 5\r\nTransfer-Encoding: identity", 400, 400],
  ["Content-Length: 5\r\nTransfer-Encoding:", 400, 400],
] as const;

describe.each(requests)("a request with %j", (lines, in11, in10) => {
  test("in HTTP/1.1", () => {
    expect(outcomeOf(() => requestFraming(fieldsOf(lines), 1))).toEqual(in11);
  });

  test("in HTTP/1.0", () => {
    expect(outcomeOf(() => requestFraming(fieldsOf(lines), 0))).toEqual(in10);
  });
});

// Each row: the method | the status | the fields | the framing in HTTP/1.1; "refused" is a 502 to the client.
const responses = [
  ["GET", 200, "", CLOSE],
  ["GET", 200, "Content-Length: 0", { kind: "length", length: 0 }],
  ["GET", 200, "Content-Length: 5", { kind: "length", length: 5 }],
  ["GET", 200, "Transfer-Encoding: chunked", CHUNKED],
  ["GET", 200, "Transfer-Encoding: Chunked", CHUNKED],
  ["GET", 200, "Transfer-Encoding: gzip, chunked", "refused"],
  ["GET", 200, "Transfer-Encoding: identity", "refused"],
  ["GET", 200, "Transfer-Encoding:", "refused"],
  ["GET", 200, "Content-Length: 5\r\nTransfer-Encoding: chunked", "refused"],
  ["GET", 205, "Content-Length: 0", { kind: "length", length: 0 }],
  ["POST", 201, "Content-Length: 5", { kind: "length", length: 5 }],
  ["HEAD", 200, "", NONE],
  ["HEAD", 200, "Content-Length: 5", NONE],
  ["HEAD", 200, "Transfer-Encoding: chunked", NONE],
  ["HEAD", 200, "Content-Length: 5\r\nTransfer-Encoding: chunked", "refused"],
  ["head", 200, "Content-Length: 5", { kind: "length", length: 5 }],
  ["GET", 100, "Content-Length: 5", NONE],
  ["GET", 103, "", NONE],
  ["GET", 199, "Transfer-Encoding: chunked", NONE],
  ["GET", 204, "Content-Length: 5", NONE],
  ["GET", 204, "Transfer-Encoding: chunked", NONE],
  ["GET", 304, "Content-Length: 5", NONE],
  ["GET", 304, "Content-Length: 5\r\nTransfer-Encoding: chunked", "refused"],
] as const;

test.each(responses)("an answer to %s with status %i and %j", (method, status, lines, expected) => {
  expect(outcomeOf(() => responseFraming(method, status, fieldsOf(lines), 1), "refused")).toEqual(expected);
});

test("an answer of HTTP/1.0 has no transfer coding", () => {
  const frame = (lines: string) =>
    outcomeOf(() => responseFraming("GET", 200, fieldsOf(lines), 0), "refused");

  expect(frame("Transfer-Encoding: chunked")).toBe("refused");
  expect(frame("Content-Length: 5")).toEqual({ kind: "length", length: 5 });
  expect(frame("")).toEqual(CLOSE);
});

function fieldsOf(lines: string) {
  const text = lines === "" ? "" : `${lines}\r\n`;
  return readFields(text, 0, text.length, 10, true);
}

/** The framing, or the status of the refusal; `refused` for an answer, whose refusal has its status elsewhere. */
function outcomeOf(frame: () => unknown, refused?: string): unknown {
  try {
    return frame();
  } catch (error) {
    return refused ?? (error as { status: number }).status;
  }
}
