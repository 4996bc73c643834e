import { expect, test } from "bun:test";
import { ProtocolError } from "../../src/http1/error.ts";
import { FieldMemo } from "../../src/http1/field-memo.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";

const limits = { headBytes: 4096, uriBytes: 1024, headerCount: 3 };
const FIELDS = "Host: a.test\r\nAccept: */*\r\nContent-Length: 3\r\n\r\n";

test("fields that come again, to the byte, are not read again", () => {
  const memo = new FieldMemo();

  const first = parseRequestHead(`POST http://a.test/1 HTTP/1.1\r\n${FIELDS}`, limits, memo);
  const second = parseRequestHead(`PUT http://a.test/2 HTTP/1.0\r\n${FIELDS}`, limits, memo);

  expect(second).toEqual({ method: "PUT", target: "http://a.test/2", minor: 0, fields: first.fields });
  expect(second.fields).toBe(first.fields);
});

// What differs from the fields before | the fields that follow | what they mean then.
const others = [
  ["a byte of a value", FIELDS.replace("3", "4"), 4],
  ["a name", FIELDS.replace("Accept", "Accent"), 3],
  ["all but the end", `X: ${FIELDS.slice(0, 2)}\r\nContent-Length: 5\r\n\r\n`, 5],
] as const;

test.each(others)("%s makes other fields", (_, fields, length) => {
  const memo = new FieldMemo();
  const before = parseRequestHead(`POST http://a.test/ HTTP/1.1\r\n${FIELDS}`, limits, memo);

  const after = parseRequestHead(`POST http://a.test/ HTTP/1.1\r\n${fields}`, limits, memo);

  expect(after.fields).not.toBe(before.fields);
  expect(after.fields.contentLength).toBe(length);
});

const badLines = [
  "GET  http://a.test/ HTTP/1.1",
  "GET http://a.test/ HTTP/1.2",
  "GET http://a.test/\x01 HTTP/1.1",
  "GET\thttp://a.test/ HTTP/1.1",
];

test.each(badLines)("known fields do not excuse the first line %j", (line) => {
  const memo = new FieldMemo();
  parseRequestHead(`GET http://a.test/ HTTP/1.1\r\n${FIELDS}`, limits, memo);

  expect(() => parseRequestHead(`${line}\r\n${FIELDS}`, limits, memo)).toThrow(ProtocolError);
});

test("known fields do not pass a limit that has come down since", () => {
  const memo = new FieldMemo();
  parseRequestHead(`GET http://a.test/ HTTP/1.1\r\n${FIELDS}`, limits, memo);

  expect(() =>
    parseRequestHead(`GET http://a.test/ HTTP/1.1\r\n${FIELDS}`, { ...limits, headerCount: 2 }, memo),
  ).toThrow(ProtocolError);
});

test("fields that were refused are not remembered", () => {
  const memo = new FieldMemo();
  const doubled = "Host: a.test\r\nHost: b.test\r\n\r\n";
  const parse = () => parseRequestHead(`GET http://a.test/ HTTP/1.1\r\n${doubled}`, limits, memo);

  expect(parse).toThrow(ProtocolError);
  expect(parse).toThrow(ProtocolError);
});

test("a response's first line is read anew each time", () => {
  const memo = new FieldMemo();
  const first = parseResponseHead(`HTTP/1.1 200 OK\r\n${FIELDS}`, limits, memo);
  const second = parseResponseHead(`HTTP/1.0 404 Gone fishing\r\n${FIELDS}`, limits, memo);

  expect(second).toEqual({ minor: 0, status: 404, reason: "Gone fishing", fields: first.fields });
  expect(() => parseResponseHead(`HTTP/1.1 20 OK\r\n${FIELDS}`, limits, memo)).toThrow(ProtocolError);
});
