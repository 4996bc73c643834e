import { expect, test } from "bun:test";
import { silentRequest } from "../../src/cache/control.ts";
import { readCacheRequest } from "../../src/cache/request.ts";

const NOTHING = {
  isPlain: false,
  control: silentRequest,
  hasAuthorization: false,
  hasCookie: false,
  range: undefined,
  ifRange: undefined,
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  ifUnmodifiedSince: undefined,
};

// Each row: what it shows | the lines | what is found.
const requests = [
  ["no field at all", "", { isPlain: true }],
  [
    "fields that mean nothing here",
    "Accept: */*\r\nConnect: a\r\nIf: b\r\nReferer: c\r\nPriority: u\r\n",
    { isPlain: true },
  ],
  ["Authorization (RFC 9111 §3.5)", "AUTHORIZATION: a\r\n", { hasAuthorization: true }],
  ["Cookie", "cookie: a=b\r\n", { hasCookie: true }],
  ["Cache-Control", "Cache-Control: no-cache\r\n", { control: { ...silentRequest, noCache: true } }],
  [
    "several lines of Cache-Control as one list",
    "Cache-Control: nothing\r\nAccept: a\r\ncache-control: max-age=1\r\n",
    { control: { ...silentRequest, maxAgeMs: 1_000 } },
  ],
  [
    "Pragma without Cache-Control (RFC 9111 §5.4)",
    "Pragma: no-cache\r\n",
    { control: { ...silentRequest, noCache: true } },
  ],
  ["Pragma with Cache-Control (RFC 9111 §5.4)", "Pragma: no-cache\r\nCache-Control: a\r\n", {}],
  ["Range (RFC 9110 §14.2)", "Range: bytes=0-1\r\n", { range: "bytes=0-1" }],
  ["If-Range (RFC 9110 §13.1.5)", 'If-Range: "a"\r\n', { ifRange: '"a"' }],
  ["If-Match (RFC 9110 §13.1.1)", 'If-Match: "a"\r\nIf-Match: "b"\r\n', { ifMatch: '"a", "b"' }],
  ["If-None-Match (RFC 9110 §13.1.2)", 'If-None-Match: W/"a"\r\n', { ifNoneMatch: 'W/"a"' }],
  ["If-Modified-Since (RFC 9110 §13.1.3)", "If-Modified-Since:\ta \r\n", { ifModifiedSince: "a" }],
  ["If-Unmodified-Since (RFC 9110 §13.1.4)", "if-unmodified-since: a\r\n", { ifUnmodifiedSince: "a" }],
] as const;

test.each(requests)("a request with %s", (_, lines, found) => {
  expect(readCacheRequest(lines)).toMatchObject({ ...NOTHING, ...found, lines });
});
