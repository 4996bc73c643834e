import { expect, test } from "bun:test";
import { knownPattern, parsePattern } from "../../../src/policy/rules/pattern.ts";

const searches = [
  ["anywhere in the text", "secret", "/a/secret/b", true],
  ["at the front", "^/api/v[0-9]+/", "/api/v12/users", true],
  ["only at the front", "^/api", "/x/api", false],
  ["at the end", "\\.(exe|msi)$", "/setup.exe", true],
  ["only at the end", "\\.(exe|msi)$", "/setup.exe?x", false],
  ["without case when told so", "(?i)token=", "/?TOKEN=1", true],
  ["with case otherwise", "token=", "/?TOKEN=1", false],
] as const;

test.each(searches)("is searched %s", (_, text, subject, isFound) => {
  expect(knownPattern(text).test(subject)).toBe(isFound);
  expect(knownPattern(text).find(subject) !== undefined).toBe(isFound);
});

test("tells where it was found, and what its groups hold", () => {
  const pattern = knownPattern("/(a)|/(b)c");

  expect(pattern.groupCount).toBe(2);
  expect(pattern.find("x/bc/")).toEqual({ start: 1, end: 4, groups: ["/bc", undefined, "b"] });
  expect(pattern.find("x")).toBeUndefined();
});

const problems = [
  ["nothing", "", "An empty pattern matches everything"],
  ["too much", "a".repeat(1_001), "A pattern has at most 1000 characters"],
  ["an open bracket", "[a-z", 'Missing closing ]: "[a-z"'],
  ["an open parenthesis", "(a", 'Missing closing ): "(a"'],
  ["nothing to repeat", "*a", 'Missing argument to repetition operator: "*"'],
  [
    "a look-ahead",
    "(?=a)b",
    'Invalid or unsupported Perl syntax: "(?=": RE2 has no look-ahead and no look-behind',
  ],
  ["a look-behind", "(?<!a)b", 'Invalid named capture: "(?<!a)b": RE2 has no look-ahead and no look-behind'],
  ["a reference to a group", "(a)\\1", 'Invalid escape sequence: "\\1": RE2 has no references to groups'],
  ["an unknown escape", "\\q", 'Invalid escape sequence: "\\q"'],
  ["a count too large", "a{1001}", 'Invalid repeat count: "{1001}"'],
  [
    "counts that multiply",
    "(a{25}){25}",
    "The pattern takes 677 steps a character, and at most 500 are allowed: write shorter alternatives or smaller counts",
  ],
] as const;

test.each(problems)("refuses %s and says why", (_, text, problem) => {
  expect(parsePattern(text)).toEqual({ ok: false, problem });
  expect(() => knownPattern(text)).toThrow(problem);
});

test("takes linear time where a back-tracking engine would take years", () => {
  const subject = `/${"a".repeat(10_000)}`;

  expect(knownPattern("^/(a|a)*(a*)*$x?b").test(subject)).toBe(false);
  expect(knownPattern("(a+)+[!b]").test(subject)).toBe(false);
});
