import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { compileGlob } from "../../../src/policy/rules/glob.ts";

const globs = [
  ["text stands for itself", "/a.b", "/a.b", true],
  ["a dot is a dot", "/a.b", "/axb", false],
  ["text must be all", "/a", "/ab", false],
  ["a star at the end", "/api/*", "/api/x/y", true],
  ["a star is nothing too", "/api/*", "/api/", true],
  ["and not less", "/api/*", "/api", false],
  ["a star at the front", "*.exe", "/x/setup.exe", true],
  ["a star in the middle", "/a*c", "/abbc", true],
  ["stars in a row", "/a**c", "/ac", true],
  ["a star alone", "*", "", true],
  ["pieces in order", "*a*b*", "xbxa", false],
  ["front and back don't share", "/aba*aba", "/aba", false],
  ["front and back side by side", "/aba*aba", "/abaaba", true],
  ["the middle does not share with the back", "*ab*b", "ab", false],
  ["the last of several ends", "*a*a", "xaya", true],
  ["nothing matches nothing", "", "", true],
  ["nothing matches nothing else", "", "/", false],
  ["a question mark is one", "/a?", "/ab", false],
  ["a backslash is one", "/\\*", "/\\x", true],
] as const;

test.each(globs)("%s", (_, glob, subject, matches) => {
  expect(compileGlob(glob).test(subject)).toBe(matches);
});

test("what takes years with back-tracking takes a moment", () => {
  const glob = compileGlob(`${"*a".repeat(500)}*b`);

  expect(glob.test("a".repeat(100_000))).toBe(false);
  expect(glob.test(`${"a".repeat(100_000)}b`)).toBe(true);
});

describe("a glob matches what a naive matcher matches", () => {
  test.each([1, 2, 3, 4, 5])("seed %d", (seed) => {
    const dice = new Dice(seed);
    for (let round = 0; round < 5_000; round++) {
      const glob = randomText(dice, "ab*");
      const subject = randomText(dice, "ab");

      expect([glob, subject, compileGlob(glob).test(subject)]).toEqual([glob, subject, naive(glob, subject)]);
    }
  });
});

function naive(glob: string, subject: string): boolean {
  if (glob === "") return subject === "";
  if (glob[0] !== "*")
    return glob[0] === subject[0] && subject !== "" && naive(glob.slice(1), subject.slice(1));
  return naive(glob.slice(1), subject) || (subject !== "" && naive(glob, subject.slice(1)));
}

function randomText(dice: Dice, letters: string): string {
  return Array.from({ length: dice.below(9) }, () => letters[dice.below(letters.length)]).join("");
}
