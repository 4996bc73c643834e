import { describe, expect, test } from "bun:test";
import {
  parseDeltaMs,
  parseRequestControl,
  parseResponseControl,
  silentAnswer,
  silentRequest,
} from "../../src/cache/control.ts";

describe("of an answer", () => {
  // Each row: what it shows | the list | what it says beyond nothing.
  const lists = [
    ["public (RFC 9111 §5.2.2.9)", "public", { isPublic: true }],
    ["private (RFC 9111 §5.2.2.7)", "private", { isPrivate: true }],
    ["private for some fields", 'private="Set-Cookie, X"', { withheldFields: ["set-cookie", "x"] }],
    ["private with a token", "private=set-cookie", { withheldFields: ["set-cookie"] }],
    ["private with no names", 'private=""', { isPrivate: true }],
    ["private with what is no name", 'private="a b"', { isPrivate: true }],
    ["no-store (RFC 9111 §5.2.2.5)", "no-store", { noStore: true }],
    ["no-store with an argument", "no-store=x", { noStore: true }],
    ["no-cache (RFC 9111 §5.2.2.4)", "no-cache", { noCache: true }],
    ["no-cache for some fields", 'no-cache="A"', { withheldFields: ["a"] }],
    ["no-cache, and for some fields", 'no-cache="A", no-cache', { noCache: true, withheldFields: ["a"] }],
    ["must-revalidate (RFC 9111 §5.2.2.2)", "must-revalidate", { mustRevalidate: true }],
    ["proxy-revalidate (RFC 9111 §5.2.2.8)", "proxy-revalidate", { proxyRevalidate: true }],
    ["must-understand (RFC 9111 §5.2.2.3)", "must-understand", { mustUnderstand: true }],
    ["immutable (RFC 8246 §2)", "immutable", { immutable: true }],
    ["max-age (RFC 9111 §5.2.2.1)", "max-age=10", { maxAgeMs: 10_000 }],
    ["s-maxage (RFC 9111 §5.2.2.10)", "s-maxage=10", { sMaxAgeMs: 10_000 }],
    ["stale-while-revalidate (RFC 5861 §3)", "stale-while-revalidate=9", { staleWhileRevalidateMs: 9_000 }],
    ["stale-if-error (RFC 5861 §4)", "stale-if-error=9", { staleIfErrorMs: 9_000 }],
    ["names in any case (RFC 9111 §5.2)", "MaX-aGe=10, No-StOrE", { maxAgeMs: 10_000, noStore: true }],
    ["what is between others that are not known", "foo, max-age=10, bar=1", { maxAgeMs: 10_000 }],
    ["what is between empty members and blanks", " ,,\t max-age=10 ,, ", { maxAgeMs: 10_000 }],
    ["nothing in an empty list", "", {}],
    ["a quoted argument (RFC 9111 §5.2)", 'max-age="10"', { maxAgeMs: 10_000 }],
    ["an argument with an escape", 'max-age="1\\0"', { maxAgeMs: 10_000 }],
    ["nothing in quotes", 'foo="max-age=3600, no-store", max-age=1', { maxAgeMs: 1_000 }],
    ["nothing in quotes that come last", 'max-age=1, foo="max-age=3600"', { maxAgeMs: 1_000 }],
    ["nothing in quotes with a quote", 'foo="\\", no-store", max-age=1', { maxAgeMs: 1_000 }],
    ["all behind a quote that never closes", 'foo="bar, no-store', { noStore: true }],
    ["the first of two (RFC 9111 §4.2.1)", "max-age=10, max-age=20", { maxAgeMs: 10_000 }],
    ["a number of zeros in front", "max-age=003600", { maxAgeMs: 3_600_000 }],
    ["2^31 (RFC 9111 §1.2.2)", "max-age=2147483648", { maxAgeMs: 2_147_483_648_000 }],
    ["more as 2^31 (RFC 9111 §1.2.2)", "max-age=99999999999", { maxAgeMs: 2_147_483_648_000 }],
    ["400 digits as 2^31", `max-age=${"9".repeat(400)}`, { maxAgeMs: 2_147_483_648_000 }],
    ["a sign as stale (RFC 9111 §4.2.1)", "max-age=-3600", { maxAgeMs: 0 }],
    ["a plus as stale", "max-age=+3600", { maxAgeMs: 0 }],
    ["single quotes as stale", "max-age='3600'", { maxAgeMs: 0 }],
    ["a fraction as stale", "max-age=3600.0", { maxAgeMs: 0 }],
    ["a letter as stale", "max-age=3600a", { maxAgeMs: 0 }],
    ["no argument as stale", "max-age", { maxAgeMs: 0 }],
    ["an empty argument as stale", "max-age=", { maxAgeMs: 0 }],
    ["a blank before = as stale", "max-age =3600", { maxAgeMs: 0 }],
    ["a blank after = as stale", "max-age= 3600", { maxAgeMs: 0 }],
    ["a blank before = as no list of names", 'private ="a"', { isPrivate: true }],
    ["s-maxage that is no number as stale", "s-maxage=x", { sMaxAgeMs: 0 }],
    ["no time past the end where it is malformed", "stale-if-error=x", { staleIfErrorMs: 0 }],
  ] as const;

  test.each(lists)("reads %s", (_, list, says) => {
    expect(parseResponseControl(list)).toEqual({ ...silentAnswer, ...says });
  });
});

describe("of a request", () => {
  // Each row: what it shows | Cache-Control | Pragma | what they say beyond nothing.
  const lists = [
    ["no-cache (RFC 9111 §5.2.1.4)", "no-cache", undefined, { noCache: true }],
    ["no-store (RFC 9111 §5.2.1.5)", "no-store", undefined, { noStore: true }],
    ["no-transform (RFC 9111 §5.2.1.6)", "no-transform", undefined, { noTransform: true }],
    ["only-if-cached (RFC 9111 §5.2.1.7)", "only-if-cached", undefined, { onlyIfCached: true }],
    ["max-age (RFC 9111 §5.2.1.1)", "max-age=10", undefined, { maxAgeMs: 10_000 }],
    ["max-age that is no number as 0", "max-age=x", undefined, { maxAgeMs: 0 }],
    ["max-stale (RFC 9111 §5.2.1.2)", "max-stale=10", undefined, { maxStaleMs: 10_000 }],
    ["max-stale of any age", "max-stale", undefined, { maxStaleMs: Number.POSITIVE_INFINITY }],
    ["max-stale that is no number as none", "max-stale=x", undefined, {}],
    ["min-fresh (RFC 9111 §5.2.1.3)", "min-fresh=10", undefined, { minFreshMs: 10_000 }],
    ["stale-if-error (RFC 5861 §4)", "stale-if-error=10", undefined, { staleIfErrorMs: 10_000 }],
    ["what stands behind something unknown", "nothing-to-see, max-age=0", undefined, { maxAgeMs: 0 }],
    ["Pragma: no-cache (RFC 9111 §5.4)", undefined, "foo, No-Cache", { noCache: true }],
    ["no Pragma beside Cache-Control (RFC 9111 §5.4)", "foo", "no-cache", {}],
    ["nothing in another Pragma", undefined, "foo", {}],
    ["nothing where there is nothing", undefined, undefined, {}],
  ] as const;

  test.each(lists)("reads %s", (_, list, pragma, says) => {
    expect(parseRequestControl(list, pragma)).toEqual({ ...silentRequest, ...says });
  });
});

test("a number of seconds is digits and nothing else (RFC 9111 §1.2.2)", () => {
  expect([
    parseDeltaMs("0"),
    parseDeltaMs("1.5"),
    parseDeltaMs("0x10"),
    parseDeltaMs(" 1"),
    parseDeltaMs(""),
  ]).toEqual([0, undefined, undefined, undefined, undefined]);
});
