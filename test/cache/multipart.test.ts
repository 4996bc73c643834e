import { expect, test } from "bun:test";
import { type MultipartPlan, planMultipart } from "../../src/cache/multipart.ts";
import { linesOf } from "./facts-of.ts";

const BODY = "0123456789";
const RANGES = [
  { first: 7, last: 9 },
  { first: 0, last: 0 },
];

test("RFC 9110 §14.6: each part has its type and its place, and the order is that of the ranges", () => {
  const plan = planMultipart(RANGES, BODY.length, linesOf("content-type: text/plain", "ETag: x"), "cut");

  expect(plan.contentType).toBe("multipart/byteranges; boundary=cut");
  expect(written(plan)).toBe(
    [
      "--cut",
      "Content-Type: text/plain",
      "Content-Range: bytes 7-9/10",
      "",
      "789",
      "--cut",
      "Content-Type: text/plain",
      "Content-Range: bytes 0-0/10",
      "",
      "0",
      "--cut--",
      "",
    ].join("\r\n"),
  );
});

test("RFC 9110 §15.3.7.2: parts of what has no type have none", () => {
  const plan = planMultipart(RANGES, BODY.length, "", "cut");
  expect(written(plan)).toStartWith("--cut\r\nContent-Range: bytes 7-9/10\r\n\r\n789\r\n--cut\r\n");
});

test.each([1, 10, 1_000_000_000])(
  "RFC 9110 §8.6: its length is known before, of a whole of %d bytes",
  (whole) => {
    const ranges = [{ first: 0, last: 0 }, ...(whole > 5 ? [{ first: 3, last: 4 }] : [])];
    const plan = planMultipart(ranges, whole, linesOf("Content-Type: a/b"), "boundary");
    expect(plan.totalBytes).toBe(written(plan).length);
  },
);

function written({ parts, after }: MultipartPlan): string {
  return parts.map(({ before, range }) => before + BODY.slice(range.first, range.last + 1)).join("") + after;
}
