import { describe, expect, test } from "bun:test";
import type { StoredFacts } from "../../src/cache/facts.ts";
import { contentRangeLine, decideRanges, unsatisfiedRangeLine } from "../../src/cache/ranges.ts";
import { readCacheRequest } from "../../src/cache/request.ts";
import { factsOf, linesOf, partOf } from "./facts-of.ts";

const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

/** Range is ignored. */
const IGNORED = "ignored";
/** 416. */
const NONE = "";

// Of an answer of 100 bytes. Each row: the rule | Range | what is sent, as it stands in Range.
const rows: readonly (readonly [string, string, string])[] = [
  ["RFC 9110 §14.1.2: the first bytes", "bytes=0-1", "0-1"],
  ["RFC 9110 §14.1.2: one byte", "bytes=5-5", "5-5"],
  ["RFC 9110 §14.1.2: from one on", "bytes=10-", "10-99"],
  ["RFC 9110 §14.1.2: the last bytes", "bytes=-10", "90-99"],
  ["RFC 9110 §14.1.2: more last bytes than there are", "bytes=-1000", "0-99"],
  ["RFC 9110 §14.1.2: past the end", "bytes=90-1000", "90-99"],
  ["RFC 9110 §14.1.2: past the end beyond any number", `bytes=90-${"9".repeat(400)}`, "90-99"],
  ["RFC 9110 §14.1.1: leading zeros", "bytes=0005-0006", "5-6"],
  ["RFC 9110 §14.1: a unit in any case", "BYTES=0-1", "0-1"],

  ["RFC 9110 §14.1.1: behind the end", "bytes=100-", NONE],
  ["RFC 9110 §14.1.1: behind the end with a last one", "bytes=100-200", NONE],
  ["RFC 9110 §14.1.1: behind the end beyond any number", `bytes=${"9".repeat(400)}-`, NONE],
  ["RFC 9110 §14.1.2: the last none", "bytes=-0", NONE],
  ["RFC 9110 §15.5.17: several, and none of them there", "bytes=100-,200-300,-0", NONE],
  ["RFC 9110 §14.1.1: one of several is there", "bytes=200-300,5-6", "5-6"],

  ["RFC 9110 §14.2: another unit", "seconds=0-1", IGNORED],
  ["RFC 9110 §14.1.1: the last before the first", "bytes=5-4", IGNORED],
  ["RFC 9110 §14.1.1: the last before the first, behind the end", "bytes=200-100", IGNORED],
  ["RFC 9110 §14.1.1: the last before the first, among others", "bytes=0-1,5-4", IGNORED],
  ["RFC 9110 §14.1.1: no set", "bytes", IGNORED],
  ["RFC 9110 §14.1.1: an empty set", "bytes=", IGNORED],
  ["RFC 9110 §14.1.1: a set of empty members", "bytes= , ,", IGNORED],
  ["RFC 9110 §14.1.1: no number at all", "bytes=-", IGNORED],
  ["RFC 9110 §14.1.1: a letter", "bytes=a-b", IGNORED],
  ["RFC 9110 §14.1.1: a sign", "bytes=+1-2", IGNORED],
  ["RFC 9110 §14.1.1: two dashes", "bytes=--1", IGNORED],
  ["RFC 9110 §14.1.1: a blank within", "bytes=0 -1", IGNORED],
  ["RFC 9110 §14.1.1: a blank before =", "bytes =0-1", IGNORED],

  ["RFC 9110 §14.1.1: several", "bytes=0-1,10-11", "0-1,10-11"],
  ["RFC 9110 §5.6.1: several with blanks and empty members", "bytes= 0-1 ,,\t10-11 ,", "0-1,10-11"],
  ["RFC 9110 §15.3.7.2: in the order asked for", "bytes=10-11,0-1", "10-11,0-1"],
  ["RFC 9110 §15.3.7.2: two that overlap are one", "bytes=0-10,5-20", "0-20"],
  ["RFC 9110 §15.3.7.2: two that touch are one", "bytes=0-4,5-9", "0-9"],
  ["RFC 9110 §15.3.7.2: one within another", "bytes=0-50,10-20", "0-50"],
  ["RFC 9110 §15.3.7.2: the same twice", "bytes=0-1,0-1", "0-1"],
  [
    "RFC 9110 §15.3.7.2: one joins two others, in the place of the first",
    "bytes=50-60,0-9,20-29,10-19",
    "50-60,0-29",
  ],
  ["RFC 9110 §15.3.7.2: two with a byte between stay two", "bytes=0-4,6-9", "0-4,6-9"],
  ["RFC 9110 §14.2: as many as are answered", `bytes=${spaced(16)}`, spaced(16)],
  ["RFC 9110 §14.2: more than are answered", `bytes=${spaced(17)}`, IGNORED],
  ["RFC 9110 §14.2: more than are answered, though they are one", `bytes=${"0-1,".repeat(17)}`, IGNORED],
  ["RFC 9110 §5.3: two lines are one set", "bytes=0-1\r\nRange: 10-11", "0-1,10-11"],
];

test.each(rows)("%s: %s", (_rule, range, expected) => {
  expect(decided([`Range: ${range}`])).toBe(expected);
});

// Each row: the rule | Range | the facts | what is sent.
const stored: readonly (readonly [string, string, StoredFacts, string])[] = [
  [
    "RFC 9110 §14.1.1: of nothing, from the first",
    "bytes=0-",
    factsOf({ bodyBytes: 0, wholeBytes: 0 }),
    NONE,
  ],
  ["RFC 9110 §14.1.1: of nothing, the last", "bytes=-5", factsOf({ bodyBytes: 0, wholeBytes: 0 }), IGNORED],
  ["RFC 9110 §14.1.1: of nothing, the last none", "bytes=-0", factsOf({ bodyBytes: 0, wholeBytes: 0 }), NONE],
  ["RFC 9110 §14.2: another status than 200", "bytes=0-1", factsOf({ status: 404 }), IGNORED],
  ["RFC 9110 §14.2: 203", "bytes=0-1", factsOf({ status: 203 }), IGNORED],
  ["RFC 9111 §3.3: of a part, within the whole", "bytes=6-8", partOf(4, 9, 10), "6-8"],
  ["RFC 9111 §3.3: of a part, from the end of the whole", "bytes=-5", partOf(4, 9, 10), "5-9"],
  ["RFC 9111 §3.3: of a part, behind the whole", "bytes=10-", partOf(4, 9, 10), NONE],
  ["RFC 9111 §3.3: of a part of nobody knows what", "bytes=6-8", partOf(4, 9, -1), "6-8"],
  ["RFC 9111 §3.3: of a part of nobody knows what, to the end", "bytes=6-", partOf(4, 9, -1), IGNORED],
  ["RFC 9111 §3.3: of a part of nobody knows what, the last", "bytes=-1", partOf(4, 9, -1), IGNORED],
];

test.each(stored)("%s", (_rule, range, facts, expected) => {
  expect(decided([`Range: ${range}`], [], facts)).toBe(expected);
});

test("RFC 9110 §14.2: Range means nothing for another method than GET", () => {
  expect(decided(["Range: bytes=0-1"], [], factsOf({}), "HEAD")).toBe(IGNORED);
});

test("RFC 9110 §13.1.5: If-Range without Range means nothing", () => {
  expect(decided(['If-Range: "a"'], ['ETag: "a"'])).toBe(IGNORED);
});

const MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:00:00 GMT";

// Each row: the rule | If-Range | the stored answer's fields | whether it holds.
const ifRange: readonly (readonly [string, string, readonly string[], boolean])[] = [
  ["RFC 9110 §13.1.5: the same strong tag", '"a"', ['ETag: "a"'], true],
  ["RFC 9110 §13.1.5: another tag", '"b"', ['ETag: "a"'], false],
  ["RFC 9110 §13.1.5: a weak tag", 'W/"a"', ['ETag: W/"a"'], false],
  ["RFC 9110 §13.1.5: a weak tag for a strong one", 'W/"a"', ['ETag: "a"'], false],
  ["RFC 9110 §13.1.5: a strong tag for a weak one", '"a"', ['ETag: W/"a"'], false],
  ["RFC 9110 §13.1.5: a list is no tag", '"a", "a"', ['ETag: "a", "a"'], false],
  ["RFC 9110 §13.1.5: a tag where there is none", '"a"', [MODIFIED, DATE], false],
  ["RFC 9110 §13.1.5: * is no validator", "*", ['ETag: "a"', MODIFIED, DATE], false],
  ["RFC 9110 §13.1.5: no quotes", "a", ["ETag: a"], false],
  ["RFC 9110 §13.1.5: the same date", "Sun, 06 Nov 1994 08:00:00 GMT", [MODIFIED, DATE], true],
  [
    "RFC 9110 §13.1.5: the same date beside a tag",
    "Sun, 06 Nov 1994 08:00:00 GMT",
    ['ETag: "a"', MODIFIED, DATE],
    true,
  ],
  [
    "RFC 9110 §13.1.5: a later date is not the same",
    "Sun, 06 Nov 1994 08:00:01 GMT",
    [MODIFIED, DATE],
    false,
  ],
  [
    "RFC 9110 §13.1.5: an earlier date is not the same",
    "Sun, 06 Nov 1994 07:59:59 GMT",
    [MODIFIED, DATE],
    false,
  ],
  ["RFC 9110 §13.1.5: a date where there is none", "Sun, 06 Nov 1994 08:00:00 GMT", [DATE], false],
  ["RFC 9110 §13.1.5: what is no date", "0", ["Last-Modified: 0", DATE], false],
  [
    "RFC 9110 §8.8.2.2: a date of the second before the answer is strong",
    "Sun, 06 Nov 1994 08:49:36 GMT",
    ["Last-Modified: Sun, 06 Nov 1994 08:49:36 GMT", DATE],
    true,
  ],
  [
    "RFC 9110 §8.8.2.2: a date of the answer's own second is weak",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    ["Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", DATE],
    false,
  ],
  [
    "RFC 9110 §8.8.2.2: a date is weak where there is no Date",
    "Sun, 06 Nov 1994 08:00:00 GMT",
    [MODIFIED],
    false,
  ],
];

test.each(ifRange)("%s", (_rule, value, fields, holds) => {
  expect(decided(["Range: bytes=0-1", `If-Range: ${value}`], fields)).toBe(holds ? "0-1" : IGNORED);
});

describe("RFC 9110 §14.4: Content-Range", () => {
  test.each([
    [contentRangeLine({ first: 0, last: 1 }, 2), "Content-Range: bytes 0-1/2\r\n"],
    [contentRangeLine({ first: 5, last: 5 }, -1), "Content-Range: bytes 5-5/*\r\n"],
    [unsatisfiedRangeLine(0), "Content-Range: bytes */0\r\n"],
  ])("%j", (line, expected) => {
    expect(line).toBe(expected);
  });
});

function decided(
  requestFields: readonly string[],
  storedFields: readonly string[] = [],
  facts = factsOf({}),
  method = "GET",
): string {
  const request = readCacheRequest(linesOf(...requestFields));
  const ranges = decideRanges(method, request, facts, linesOf(...storedFields));
  return ranges === undefined ? IGNORED : ranges.map(({ first, last }) => `${first}-${last}`).join(",");
}

/** So many ranges of one byte that do not touch. */
function spaced(count: number): string {
  return Array.from({ length: count }, (_, at) => `${at * 2}-${at * 2}`).join(",");
}
