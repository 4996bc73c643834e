import { describe, expect, test } from "bun:test";
import {
  firstValue,
  hasField,
  joinedValue,
  nameOfLine,
  nextLine,
  withoutLines,
} from "../../src/cache/field-lines.ts";

const LINES = 'ETag: "a"\r\nX-Foo:\t 1 \r\nx-foo: 2\r\nVary:\r\nX-Foo-Bar: 3\r\nUrl: x-foo: 4\r\n';

// Each row: what it shows | the name | the first value | all of them | whether there is one.
const lookUps = [
  ["a field in another case", "etag", '"a"', '"a"', true],
  ["several lines as one list (RFC 9110 §5.3)", "x-foo", "1", "1, 2", true],
  ["an empty value, which is not none", "vary", "", "", true],
  ["no field whose name only begins so", "x-foo-ba", undefined, undefined, false],
  ["no field whose name only ends so", "foo", undefined, undefined, false],
  ["no name within a value", " x-foo", undefined, undefined, false],
  ["nothing that is not there", "age", undefined, undefined, false],
] as const;

test.each(lookUps)("finds %s", (_, name, first, all, isThere) => {
  expect(firstValue(LINES, name)).toBe(first);
  expect(joinedValue(LINES, name)).toBe(all);
  expect(hasField(LINES, name)).toBe(isThere);
});

test("a name in upper case is told from another that differs in one bit", () => {
  expect(firstValue("A^: 1\r\na~: 2\r\n", "a~")).toBe("2");
});

describe("lines", () => {
  test("come one after the other", () => {
    const names = [];
    for (let at = 0; at < LINES.length; at = nextLine(LINES, at)) names.push(nameOfLine(LINES, at));

    expect(names).toEqual(["etag", "x-foo", "x-foo", "vary", "x-foo-bar", "url"]);
  });

  // Each row: what goes | the names | what stays.
  const removals = [
    ["nothing", [], LINES],
    ["the first", ["etag"], LINES.slice(11)],
    ["the last", ["url"], LINES.slice(0, -15)],
    ["several of one name", ["x-foo"], 'ETag: "a"\r\nVary:\r\nX-Foo-Bar: 3\r\nUrl: x-foo: 4\r\n'],
    ["all", ["etag", "x-foo", "vary", "x-foo-bar", "url"], ""],
  ] as const;

  test.each(removals)("leave, but for %s", (_, names, kept) => {
    expect(withoutLines(LINES, (name) => (names as readonly string[]).includes(name))).toBe(kept);
  });
});
