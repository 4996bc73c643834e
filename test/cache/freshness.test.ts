import { describe, expect, test } from "bun:test";
import { formatHttpDate } from "../../src/cache/http-date.ts";
import { readCacheRequest } from "../../src/cache/request.ts";
import { decideStoring } from "../../src/cache/storing.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400;

describe("the lifetime in seconds (RFC 9111 §4.2.1)", () => {
  // Each row: what it shows | the answer's lines | the lifetime. Times in <> are seconds from the Date.
  const rows = [
    ["max-age (RFC 9111 §5.2.2.1)", "Cache-Control: max-age=3600", 3600],
    ["s-maxage before max-age (RFC 9111 §5.2.2.10)", "Cache-Control: max-age=1, s-maxage=3600", 3600],
    ["s-maxage before max-age, whatever the order", "Cache-Control: s-maxage=1, max-age=3600", 1],
    ["several lines are one list", "Cache-Control: max-age=3600|Cache-Control: s-maxage=1", 1],
    ["s-maxage before max-age=0 and Expires", "Expires: <-10>|Cache-Control: max-age=0, s-maxage=60", 60],
    [
      "max-age before an Expires that has passed (RFC 9111 §5.3)",
      "Cache-Control: max-age=60|Expires: <-7200>",
      60,
    ],
    ["max-age before an Expires that is malformed", "Cache-Control: max-age=60|Expires: 0", 60],
    ["max-age=0 before an Expires", "Cache-Control: max-age=0|Expires: <60>|ETag: a", 0],
    ["max-age that is malformed is no guess", "Cache-Control: max-age=a|Last-Modified: <-86400>", 0],
    ["Expires less Date (RFC 9111 §5.3)", "Expires: <60>", 60],
    ["Expires at the Date", "Expires: <0>|ETag: a", 0],
    ["Expires before the Date", "Expires: <-60>|ETag: a", 0],
    ["Expires that is malformed is no guess (RFC 9111 §5.3)", "Expires: 0|Last-Modified: <-86400>", 0],
    ["an empty Expires", "Expires:|Last-Modified: <-86400>", 0],
    ["two Expires", "Expires: <60>|Expires: <60>|ETag: a", 0],
    ["a tenth of the time since Last-Modified (RFC 9111 §4.2.2)", "Last-Modified: <-86400>", 8640],
    ["a guess of a day at most (RFC 9111 §4.2.2)", "Last-Modified: <-31536000>", DAY],
    ["no guess from a Last-Modified to come", "Last-Modified: <60>", 0],
    ["no guess from a Last-Modified that is malformed", "Last-Modified: yesterday", 0],
    ["no guess without Last-Modified", "ETag: a", 0],
    ["CDN-Cache-Control (RFC 9213 §2.2)", "CDN-Cache-Control: max-age=60|Cache-Control: max-age=1", 60],
    ["CDN-Cache-Control before Expires", "CDN-Cache-Control: max-age=0|Expires: <60>|ETag: a", 0],
    ["CDN-Cache-Control that is malformed", 'CDN-Cache-Control: max-age="60"|Cache-Control: max-age=1', 1],
  ] as const;

  test.each(rows)("%s", (_, lines, seconds) => {
    expect(store(`Date: <0>|${lines}`)?.facts.lifetimeMs).toBe(seconds * 1_000);
  });

  test("Expires without a Date counts from the time of the answer (RFC 9110 §6.6.1)", () => {
    expect(store("Expires: <60>")?.facts.lifetimeMs).toBe(60_000);
    expect(store("Expires: <60>|Date: foo")?.facts.lifetimeMs).toBe(60_000);
  });

  test("Expires counts from the Date, not from now", () => {
    expect(store("Expires: <300>|Date: <400>|ETag: a")?.facts.lifetimeMs).toBe(0);
    expect(store("Expires: <20>|Date: <10>")?.facts.lifetimeMs).toBe(10_000);
  });
});

describe("a guess (RFC 9111 §4.2.2, RFC 9110 §15.1)", () => {
  test.each([
    [200, true],
    [201, false],
    [202, false],
    [203, true],
    [204, true],
    [300, true],
    [301, true],
    [302, false],
    [303, false],
    [307, false],
    [308, true],
    [400, false],
    [403, false],
    [404, true],
    [405, true],
    [410, true],
    [414, true],
    [500, false],
    [501, true],
    [502, false],
    [503, false],
    [504, false],
    [599, false],
  ])("for status %i: %p; with public for every status", (status, isGuessed) => {
    const lines = "Date: <0>|Last-Modified: <-86400>";

    expect(store(lines, status) !== undefined).toBe(isGuessed);
    expect(store(`${lines}|Cache-Control: public`, status)?.facts.lifetimeMs).toBe(8_640_000);
  });
});

describe("corrected_initial_age in seconds (RFC 9111 §4.2.3)", () => {
  // Each row: what it shows | lines | seconds from asking to the answer, which came at NOW | the age.
  const rows = [
    ["nothing", "Date: <0>", 0, 0],
    ["Age", "Date: <0>|Age: 30", 0, 30],
    ["the time that the answer took", "Date: <0>", 5, 5],
    ["both", "Date: <0>|Age: 30", 5, 35],
    ["apparent_age", "Date: <-7200>", 0, 7200],
    ["apparent_age, when it is the larger", "Date: <-60>|Age: 30", 5, 60],
    ["Age, when it is the larger", "Date: <-10>|Age: 25", 0, 25],
    ["no less for a Date to come", "Date: <10>|Age: 15", 0, 15],
    ["no apparent_age without a Date", "Age: 3", 0, 3],
    ["no apparent_age with a Date that is malformed", "Date: foo|Age: 3", 0, 3],
    ["no Age that is no number (RFC 9111 §5.1)", "Date: <0>|Age: abc", 0, 0],
    ["no negative Age (RFC 9111 §5.1)", "Date: <0>|Age: -7200", 0, 0],
    ["no Age with a fraction (RFC 9111 §5.1)", "Date: <0>|Age: 7200.0", 0, 0],
    ["no Age with a parameter", "Date: <0>|Age: 7200;foo=111", 0, 0],
    ["the first of a list of Age (RFC 9111 §5.1)", "Date: <0>|Age: 7200 , 0", 0, 7200],
    ["the first of a list of Age, also when it is 0", "Date: <0>|Age: 0, 7200", 0, 0],
    ["the first of several Age (RFC 9111 §5.1)", "Date: <0>|Age: 7200|Age: 0", 0, 7200],
    ["the first of several Age, also when it is 0", "Date: <0>|Age: 0|Age: 7200", 0, 0],
    ["2^31 - 1", "Date: <0>|Age: 2147483647", 0, 2_147_483_647],
    ["2^31", "Date: <0>|Age: 2147483648", 0, 2_147_483_648],
    ["more as 2^31 (RFC 9111 §1.2.2)", "Date: <0>|Age: 99999999999999999999", 0, 2_147_483_648],
  ] as const;

  test.each(rows)("%s", (_, lines, delay, age) => {
    const kept = store(`${lines}|Cache-Control: max-age=9999`, 200, NOW - delay * 1_000);

    expect(kept?.facts.initialAgeMs).toBe(age * 1_000);
  });

  test("what is left of our second is no age, for a Date has none", () => {
    const kept = store("Date: <0>|Cache-Control: max-age=1", 200, NOW + 900, NOW + 999);

    expect(kept?.facts.initialAgeMs).toBe(99);
  });

  test("a clock that was set back while we waited makes it no younger", () => {
    expect(store("Date: <0>|Age: 3|ETag: a", 200, NOW + 5_000)?.facts.initialAgeMs).toBe(3_000);
  });
});

function store(text: string, status = 200, requestMs = NOW, responseMs = NOW) {
  const lines = `${text}|`
    .replaceAll("|", "\r\n")
    .replace(/<(-?\d+)>/g, (_, seconds) => formatHttpDate(NOW + Number(seconds) * 1_000));
  const storing = decideStoring(
    "GET",
    readCacheRequest(""),
    { status, lines },
    { requestMs, responseMs },
    undefined,
  );
  return storing.store ? storing : undefined;
}
