import { describe, expect, test } from "bun:test";
import { decideConditional, isForOrigin, notModifiedLines } from "../../src/cache/conditional.ts";
import { readCacheRequest } from "../../src/cache/request.ts";
import { factsOf, linesOf } from "./facts-of.ts";

const STRONG = 'ETag: "a"';
const WEAK = 'ETag: W/"a"';
const MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:00:00 GMT";
const DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

/** What stands for an answer that is sent whole. */
const WHOLE = undefined;

// Each row: the rule | the request's condition | the stored answer's fields | what the client gets.
const rows: readonly (readonly [string, string, readonly string[], 304 | undefined])[] = [
  ["RFC 9110 §13.1.2: the same tag", 'If-None-Match: "a"', [STRONG], 304],
  ["RFC 9110 §13.1.2: another tag", 'If-None-Match: "b"', [STRONG], WHOLE],
  ["RFC 9110 §13.1.2: first of a list", 'If-None-Match: "a", "b", "c"', [STRONG], 304],
  ["RFC 9110 §13.1.2: middle of a list", 'If-None-Match: "b", "a", "c"', [STRONG], 304],
  ["RFC 9110 §13.1.2: last of a list", 'If-None-Match: "b",\t"c" ,"a"', [STRONG], 304],
  ["RFC 9110 §5.6.1: a list with empty members", 'If-None-Match: , ,"a",', [STRONG], 304],
  ["RFC 9110 §5.6.1: a list of empty members", "If-None-Match: , ,", ["ETag:"], WHOLE],
  ["RFC 9110 §5.3: a list of two lines", 'If-None-Match: "b"\r\nIf-None-Match: "a"', [STRONG], 304],
  ["RFC 9110 §8.8.3: a comma within a tag", 'If-None-Match: "b,a"', ['ETag: "b,a"'], 304],
  ["RFC 9110 §8.8.3: a comma within a tag divides nothing", 'If-None-Match: "x,"a","', ["ETag: a"], WHOLE],
  ["RFC 9110 §8.8.3: a backslash escapes nothing", 'If-None-Match: "b\\", "a"', [STRONG], 304],
  ["RFC 9110 §8.8.3: tags in two cases are two", 'If-None-Match: "A"', [STRONG], WHOLE],
  ["RFC 9110 §8.8.3: obs-text", 'If-None-Match: "\xfc"', ['ETag: "\xfc"'], 304],
  ["RFC 9110 §8.8.3.2: weak and weak match weakly", 'If-None-Match: W/"a"', [WEAK], 304],
  ["RFC 9110 §8.8.3.2: weak and strong match weakly", 'If-None-Match: W/"a"', [STRONG], 304],
  ["RFC 9110 §8.8.3.2: strong and weak match weakly", 'If-None-Match: "a"', [WEAK], 304],
  ["RFC 9110 §8.8.3: what is no tag equals itself alone", "If-None-Match: a", ["ETag: a"], 304],
  ["RFC 9110 §8.8.3: a tag without quotes is another", "If-None-Match: a", [STRONG], WHOLE],
  ["RFC 9110 §8.8.3: the W of a weak one is upper case", 'If-None-Match: w/"a"', [STRONG], WHOLE],
  ["RFC 9110 §13.1.2: * matches what has a tag", "If-None-Match: *", [STRONG], 304],
  ["RFC 9110 §13.1.2: * matches what has none", "If-None-Match: *", [], 304],
  ["RFC 9110 §13.1.2: no tag, no match", 'If-None-Match: "a"', [MODIFIED], WHOLE],

  [
    "RFC 9110 §13.1.3: the same date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT",
    [MODIFIED, DATE],
    304,
  ],
  [
    "RFC 9110 §13.1.3: a later date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:00:01 GMT",
    [MODIFIED, DATE],
    304,
  ],
  [
    "RFC 9110 §13.1.3: an earlier date",
    "If-Modified-Since: Sun, 06 Nov 1994 07:59:59 GMT",
    [MODIFIED, DATE],
    WHOLE,
  ],
  [
    "RFC 9110 §5.6.7: the same date as RFC 850 wrote it",
    "If-Modified-Since: Sunday, 06-Nov-94 08:00:00 GMT",
    [MODIFIED],
    304,
  ],
  [
    "RFC 9110 §5.6.7: the same date as asctime writes it",
    "If-Modified-Since: Sun Nov  6 08:00:00 1994",
    [MODIFIED],
    304,
  ],
  ["RFC 9110 §13.1.3: what is no date is ignored", "If-Modified-Since: yesterday", [MODIFIED], WHOLE],
  [
    "RFC 9110 §13.1.3: two dates are ignored",
    "If-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT",
    [MODIFIED],
    WHOLE,
  ],
  [
    "RFC 9111 §4.3.2: Date where there is no Last-Modified",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    [DATE],
    304,
  ],
  [
    "RFC 9111 §4.3.2: an earlier date than Date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
    [DATE],
    WHOLE,
  ],
  [
    "RFC 9111 §4.3.2: Date where Last-Modified is no date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    ["Last-Modified: 0", DATE],
    304,
  ],
  [
    "RFC 9111 §4.3.2: when it was stored, where there is no Date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    [],
    304,
  ],
  [
    "RFC 9111 §4.3.2: before it was stored, where there is no Date",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
    ["Date: 0"],
    WHOLE,
  ],

  [
    "RFC 9110 §13.2.2: If-None-Match that differs is obeyed before a date that does not",
    'If-None-Match: "b"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT',
    [STRONG, MODIFIED],
    WHOLE,
  ],
  [
    "RFC 9110 §13.2.2: If-None-Match that matches is obeyed before a date that is earlier",
    'If-None-Match: "a"\r\nIf-Modified-Since: Sun, 06 Nov 1994 07:00:00 GMT',
    [STRONG, MODIFIED],
    304,
  ],
  [
    "RFC 9110 §13.1.3: a date is ignored beside If-None-Match, though nothing stored has a tag",
    'If-None-Match: "a"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT',
    [MODIFIED],
    WHOLE,
  ],
  ["RFC 9110 §13.1.5: If-Range alone says nothing", 'If-Range: "a"', [STRONG], WHOLE],
  ["RFC 9111 §4.3.2: If-Match is not evaluated", 'If-Match: "b"', [STRONG], WHOLE],
  [
    "RFC 9111 §4.3.2: If-Unmodified-Since is not evaluated",
    "If-Unmodified-Since: Sun, 06 Nov 1994 07:00:00 GMT",
    [MODIFIED],
    WHOLE,
  ],
  ["no condition", "Accept: */*", [STRONG, MODIFIED], WHOLE],
];

test.each(rows)("%s", (_rule, condition, fields, expected) => {
  const lines = linesOf(...fields);
  expect(decideConditional("GET", requestOf(condition), factsOf({}, lines), lines)).toBe(expected);
});

// Each row: the rule | method | status of the stored answer | what a matching If-None-Match gets.
const applies: readonly (readonly [string, string, number, 304 | undefined])[] = [
  ["RFC 9110 §13.1.2: HEAD as GET", "HEAD", 200, 304],
  ["RFC 9111 §4.3.2: a stored part", "GET", 206, 304],
  ["RFC 9110 §13.2.1: 404 is sent as it is", "GET", 404, undefined],
  ["RFC 9110 §13.2.1: 301 is sent as it is", "GET", 301, undefined],
  ["RFC 9111 §4.3.2: 203 is neither 200 nor 206", "GET", 203, undefined],
  ["RFC 9110 §13.2.1: another method", "POST", 200, undefined],
];

test.each(applies)("%s", (_rule, method, status, expected) => {
  const lines = linesOf(STRONG);
  const request = requestOf('If-None-Match: "a"');
  expect(decideConditional(method, request, factsOf({ status }, lines), lines)).toBe(expected);
});

test.each([
  ["RFC 9110 §13.1.1", 'If-Match: "a"', true],
  ["RFC 9110 §13.1.4", "If-Unmodified-Since: Sun, 06 Nov 1994 08:00:00 GMT", true],
  ["RFC 9110 §13.1.2", 'If-None-Match: "a"', false],
  ["RFC 9110 §13.1.3", "If-Modified-Since: Sun, 06 Nov 1994 08:00:00 GMT", false],
  ["RFC 9110 §13.1.5", 'If-Range: "a"', false],
])("%s: whether %s is for the origin alone: %p", (_rule, condition, expected) => {
  expect(isForOrigin(requestOf(condition))).toBe(expected);
});

describe("the fields of a 304", () => {
  test("are those that RFC 9110 §15.4.5 asks for, in their order and as they came", () => {
    const asked = [
      "cache-control: max-age=60",
      "CDN-Cache-Control: max-age=600",
      "Content-Location: /a",
      DATE,
      'ETag: "a"',
      "Expires: 0",
      MODIFIED,
      "Vary: Accept",
      "VARY: Cookie",
      "Access-Control-Allow-Origin: *",
    ];
    expect(notModifiedLines(linesOf(...asked))).toBe(linesOf(...asked));
  });

  test("are not what describes the body, and not what is for one client", () => {
    const left = ["Content-Type: a/b", "Content-Range: bytes 0-1/2", "Set-Cookie: a=b", "Server: x"];
    expect(notModifiedLines(linesOf("X-First: 1", ...left, STRONG, "X-Last: 1"))).toBe(linesOf(STRONG));
  });
});

function requestOf(...fields: readonly string[]) {
  return readCacheRequest(linesOf(...fields));
}
