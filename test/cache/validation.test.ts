import { describe, expect, test } from "bun:test";
import { freshenedLines, headConfirms, validatorLines } from "../../src/cache/validation.ts";

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

describe("what is asked (RFC 9111 §4.3.1)", () => {
  test.each([
    ["nothing without a validator", "X: 1\r\n", ""],
    ["If-None-Match", 'ETag: "a"\r\n', 'If-None-Match: "a"\r\n'],
    ["a weak one", 'etag: W/"a"\r\n', 'If-None-Match: W/"a"\r\n'],
    ["one without quotes, as it came", "ETag: a\r\n", "If-None-Match: a\r\n"],
    ["one with bytes beyond ASCII", 'ETag: "\xe9"\r\n', 'If-None-Match: "\xe9"\r\n'],
    ["If-Modified-Since", `Last-Modified: ${DATE}\r\n`, `If-Modified-Since: ${DATE}\r\n`],
    ["what is no date, as it came", "Last-Modified: yesterday\r\n", "If-Modified-Since: yesterday\r\n"],
    [
      "both",
      `Last-Modified: ${DATE}\r\nETag: "a"\r\n`,
      `If-None-Match: "a"\r\nIf-Modified-Since: ${DATE}\r\n`,
    ],
  ])("%s", (_, lines, asked) => {
    expect(validatorLines(lines)).toBe(asked);
  });
});

describe("which stored answer a 304 is about (RFC 9111 §4.3.4)", () => {
  // Each row: what it shows | stored | of the 304 | whether it is the same answer.
  test.each([
    ["the same strong ETag", 'ETag: "a"\r\n', 'etag: "a"\r\n', true],
    ["another ETag", 'ETag: "a"\r\n', 'ETag: "b"\r\n', false],
    ["the same weak ETag", 'ETag: W/"a"\r\n', 'ETag: W/"a"\r\n', true],
    ["a weak ETag of a strong one", 'ETag: "a"\r\n', 'ETag: W/"a"\r\n', true],
    ["a strong ETag of a weak one", 'ETag: W/"a"\r\n', 'ETag: "a"\r\n', false],
    ["another weak ETag", 'ETag: W/"a"\r\n', 'ETag: W/"b"\r\n', false],
    ["the same ETag without quotes", "ETag: a\r\n", "ETag: a\r\n", true],
    [
      "the same ETag, another date",
      'ETag: "a"\r\nLast-Modified: b\r\n',
      'ETag: "a"\r\nLast-Modified: c\r\n',
      true,
    ],
    ["the same date", "Last-Modified: a\r\n", "Last-Modified: a\r\n", true],
    ["another date", "Last-Modified: a\r\n", "Last-Modified: b\r\n", false],
    [
      "an ETag where there was none, the same date",
      "Last-Modified: a\r\n",
      'ETag: "n"\r\nLast-Modified: a\r\n',
      true,
    ],
    [
      "an ETag where there was none, another date",
      "Last-Modified: a\r\n",
      'ETag: "n"\r\nLast-Modified: b\r\n',
      false,
    ],
    ["no validator", 'ETag: "a"\r\n', "X: 1\r\n", true],
  ])("%s", (_, stored, of304, isSame) => {
    expect(freshenedLines(stored, of304) !== undefined).toBe(isSame);
  });
});

describe("what a 304 changes (RFC 9111 §3.2)", () => {
  // Each row: what it shows | stored | of the 304 | afterwards.
  test.each([
    ["a field of the same name", "Test: 1\r\nB: 2\r\n", "test: 3\r\n", "B: 2\r\ntest: 3\r\n"],
    ["several lines of one name", "A: 1\r\nA: 2\r\n", "A: 3\r\nA: 4\r\n", "A: 3\r\nA: 4\r\n"],
    ["a field that is new", "A: 1\r\n", "B: 2\r\n", "A: 1\r\nB: 2\r\n"],
    ["no field that it does not have", "A: 1\r\n", "", "A: 1\r\n"],
    [
      "Content-Type and what begins like it",
      "Content-Foo: 1\r\n",
      "Content-Foo: 2\r\n",
      "Content-Foo: 2\r\n",
    ],
    ["Cache-Control", "Cache-Control: max-age=1\r\n", "Cache-Control: a\r\n", "Cache-Control: a\r\n"],
    ["no length", "A: 1\r\n", "Content-Length: 0\r\n", "A: 1\r\n"],
    [
      "no coding of the bytes",
      "Content-Encoding: gzip\r\n",
      "Content-Encoding: br\r\n",
      "Content-Encoding: gzip\r\n",
    ],
    [
      "no place of a part",
      "Content-Range: bytes 0-1/2\r\n",
      "Content-Range: b\r\n",
      "Content-Range: bytes 0-1/2\r\n",
    ],
    [
      "nothing that is for one hop (§3.1)",
      "A: 1\r\n",
      "Connection: x\r\nUpgrade: y\r\nTE: z\r\n",
      "A: 1\r\n",
    ],
    ["the Date, also by leaving it out", "Date: a\r\nB: 1\r\n", "", "B: 1\r\n"],
    ["the Age, also by leaving it out", "Age: 5\r\nB: 1\r\n", "Date: a\r\n", "B: 1\r\nDate: a\r\n"],
  ])("%s", (_, stored, of304, after) => {
    expect(freshenedLines(stored, of304)).toBe(after);
  });
});

describe("a HEAD confirms the stored answer to GET (RFC 9111 §4.3.5)", () => {
  const STORED = `ETag: "a"\r\nLast-Modified: ${DATE}\r\n`;

  // Each row: what it shows | the HEAD's lines | its Content-Length | whether it does.
  test.each([
    ["by the same validators and length", STORED, 10, true],
    ["by a length alone", "", 10, true],
    ["by saying nothing else", "", -1, true],
    ["not by another length", STORED, 11, false],
    ["not by another ETag", 'ETag: "b"\r\n', 10, false],
    ["not by a weak ETag", 'ETag: W/"a"\r\n', 10, false],
    ["not by another date", "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n", -1, false],
  ])("%s", (_, lines, length, confirms) => {
    expect(headConfirms(STORED, 10, lines, length)).toBe(confirms);
  });

  test("not by an ETag that was not there", () => {
    expect(headConfirms("", 10, 'ETag: "a"\r\n', 10)).toBe(false);
  });
});
