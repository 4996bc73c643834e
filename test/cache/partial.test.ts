import { describe, expect, test } from "bun:test";
import { combineParts, completionLines, isComplete, parseContentRange } from "../../src/cache/partial.ts";
import { factsOf, linesOf, partOf } from "./facts-of.ts";

describe("RFC 9110 §14.4: Content-Range", () => {
  test.each([
    ["bytes 0-4/10", { first: 0, last: 4, wholeBytes: 10 }],
    ["bytes 5-9/10", { first: 5, last: 9, wholeBytes: 10 }],
    ["bytes 0-0/1", { first: 0, last: 0, wholeBytes: 1 }],
    ["bytes 0-4/*", { first: 0, last: 4, wholeBytes: -1 }],
    ["Bytes 0-4/10", { first: 0, last: 4, wholeBytes: 10 }],
    ["bytes */10", undefined],
    ["bytes 4-3/10", undefined],
    ["bytes 5-10/10", undefined],
    ["bytes 0-4/4", undefined],
    ["bytes 0-/10", undefined],
    ["bytes -5/10", undefined],
    ["bytes=0-4/10", undefined],
    ["bytes 0-4", undefined],
    ["bytes 0-4/10, bytes 5-9/10", undefined],
    ["seconds 0-4/10", undefined],
    [`bytes 0-4/${"9".repeat(16)}`, undefined],
  ])("%s", (value, expected) => {
    expect(parseContentRange(linesOf("A: b", `content-range: ${value}`))).toEqual(expected);
  });

  test("is not guessed where it is missing, or there are two", () => {
    expect(parseContentRange(linesOf("Content-Type: text/plain"))).toBeUndefined();
    const twice = linesOf("Content-Range: bytes 0-4/10", "Content-Range: bytes 0-4/10");
    expect(parseContentRange(twice)).toBeUndefined();
  });

  test("means nothing where the body has several parts (RFC 9110 §15.3.7.2)", () => {
    const lines = linesOf("Content-Type: Multipart/ByteRanges; boundary=x", "Content-Range: bytes 0-4/10");
    expect(parseContentRange(lines)).toBeUndefined();
  });
});

const TAG = 'ETag: "a"';
const MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:00:00 GMT";
const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

type Whole = number | "*";

// Each row: the rule | what is stored | what comes | what they make, undefined when nothing.
const placed: readonly (readonly [
  string,
  readonly [number, number, Whole],
  readonly [number, number, Whole],
  readonly [number, number, Whole] | undefined,
])[] = [
  ["RFC 9111 §3.4: what follows", [0, 4, 10], [5, 9, 10], [0, 9, 10]],
  ["RFC 9111 §3.4: what overlaps", [0, 6, 10], [3, 9, 10], [0, 9, 10]],
  ["RFC 9111 §3.4: what comes before", [5, 9, 10], [0, 4, 10], [0, 9, 10]],
  ["RFC 9111 §3.4: what is within", [0, 9, 10], [3, 4, 10], [0, 9, 10]],
  ["RFC 9111 §3.4: what is still not the whole", [0, 2, 10], [3, 4, 10], [0, 4, 10]],
  ["RFC 9111 §3.4: what leaves a gap", [0, 4, 10], [6, 9, 10], undefined],
  ["RFC 9111 §3.4: what leaves a gap before", [6, 9, 10], [0, 4, 10], undefined],
  ["RFC 9111 §3.4: what is of another length", [0, 4, 10], [5, 10, 11], undefined],
  ["RFC 9111 §3.4: a length that only the new one knows", [0, 4, "*"], [5, 9, 10], [0, 9, 10]],
  ["RFC 9111 §3.4: a length that only the stored one knows", [0, 4, 10], [5, 7, "*"], [0, 7, 10]],
  ["RFC 9111 §3.4: a length that nobody knows", [0, 4, "*"], [5, 7, "*"], [0, 7, "*"]],
  ["RFC 9111 §3.4: more than the length", [0, 4, 6], [5, 9, "*"], undefined],
];

test.each(placed)("%s", (_rule, stored, range, expected) => {
  const combined = combine([TAG], stored, [TAG], range);
  expect(combined && [combined.first, combined.last, combined.wholeBytes]).toEqual(
    expected && numbered(expected),
  );
});

// Each row: the rule | the stored part's fields | those of what comes | whether they are of the same.
const validated: readonly (readonly [string, readonly string[], readonly string[], boolean])[] = [
  ["RFC 9110 §15.3.7.3: the same strong tag", [TAG], [TAG], true],
  ["RFC 9110 §15.3.7.3: another tag", [TAG], ['ETag: "b"'], false],
  ["RFC 9110 §15.3.7.3: the same weak tag", ['ETag: W/"a"'], ['ETag: W/"a"'], false],
  ["RFC 9110 §15.3.7.3: no tag any more", [TAG], [], false],
  ["RFC 9110 §15.3.7.3: no validator at all", [], [], false],
  ["RFC 9110 §8.8.2.2: the same date, strong in both", [MODIFIED, DATE], [MODIFIED, DATE], true],
  ["RFC 9110 §8.8.2.2: the same date, without a Date", [MODIFIED, DATE], [MODIFIED], false],
  [
    "RFC 9110 §8.8.2.2: a date of the answer's own second",
    [DATE.replace("Date", "Last-Modified"), DATE],
    [DATE.replace("Date", "Last-Modified"), DATE],
    false,
  ],
  [
    "RFC 9110 §8.8.1: the same date, and a weak tag beside it",
    ['ETag: W/"a"', MODIFIED, DATE],
    ['ETag: W/"a"', MODIFIED, DATE],
    false,
  ],
];

test.each(validated)("%s", (_rule, storedFields, answerFields, isSame) => {
  const combined = combine(storedFields, [0, 4, 10], answerFields, [5, 9, 10]);
  expect(combined !== undefined).toBe(isSame);
});

describe("RFC 9111 §3.4: the lines of two parts", () => {
  test("are those of the new one over those of the stored one, and a whole has no Content-Range", () => {
    const combined = combine([TAG, "A: old", "B: old"], [0, 4, 10], [TAG, "A: new"], [5, 9, 10]);
    expect(combined?.lines).toBe(linesOf("B: old", TAG, "A: new"));
  });

  test("say what they are of, while there is something missing", () => {
    const combined = combine([TAG, "A: old"], [0, 2, 10], [TAG], [3, 4, 10]);
    expect(combined?.lines).toBe(linesOf("A: old", TAG, "Content-Range: bytes 0-4/10"));
  });
});

describe("RFC 9111 §3.3: what is missing is asked for", () => {
  test.each([
    ["of a beginning, if nothing has changed", [0, 4, 10], [TAG], 'bytes=5-\r\nIf-Range: "a"'],
    ["of a beginning of nobody knows what", [0, 4, "*"], [TAG], 'bytes=5-\r\nIf-Range: "a"'],
    ["by a strong date", [0, 4, 10], [MODIFIED, DATE], "bytes=5-\r\nIf-Range: Sun, 06 Nov 1994 08:00:00 GMT"],
    ["not by a date that is weak", [0, 4, 10], [MODIFIED], undefined],
    ["not by a tag that is weak", [0, 4, 10], ['ETag: W/"a"'], undefined],
    ["not without a validator", [0, 4, 10], [], undefined],
    ["not of an end, which would have to wait", [4, 9, 10], [TAG], undefined],
    ["not when nothing is missing", [0, 9, 10], [TAG], undefined],
  ] as const)("%s", (_what, place, fields, expected) => {
    const [first, last, whole] = place;
    const lines = completionLines(partOf(first, last, whole === "*" ? -1 : whole), linesOf(...fields));
    expect(lines).toBe(expected && `Range: ${expected}\r\n`);
  });

  test("not of a whole answer", () => {
    expect(completionLines(factsOf({}), linesOf(TAG))).toBeUndefined();
  });
});

test.each([
  ["a 200 is", true, factsOf({})],
  ["all bytes are", true, partOf(0, 9, 10)],
  ["a beginning is none", false, partOf(0, 4, 10)],
  ["an end is none", false, partOf(4, 9, 10)],
  ["a beginning of nobody knows what is none", false, partOf(0, 9, -1)],
] as const)("RFC 9110 §15.3.7.3: a whole answer: %s", (_what, expected, facts) => {
  expect(isComplete(facts)).toBe(expected);
});

function combine(
  storedFields: readonly string[],
  [first, last, whole]: readonly [number, number, Whole],
  answerFields: readonly string[],
  range: readonly [number, number, Whole],
) {
  const storedLines = linesOf(...storedFields, `Content-Range: bytes ${first}-${last}/${whole}`);
  const answerLines = linesOf(...answerFields, `Content-Range: bytes ${range[0]}-${range[1]}/${range[2]}`);
  return combineParts(
    { facts: partOf(first, last, whole === "*" ? -1 : whole), lines: storedLines },
    { lines: answerLines, range: parseContentRange(answerLines)! },
  );
}

function numbered([first, last, whole]: readonly [number, number, Whole]) {
  return [first, last, whole === "*" ? -1 : whole];
}
