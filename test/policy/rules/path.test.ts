import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { matchedPath, normaliseGlobPath, PathMemo } from "../../../src/policy/rules/path.ts";

// What is sent | what rules see of it, without the query.
const readings = [
  ["a plain path as it is", "/a/b.c", "/a/b.c"],
  ["the root", "/", "/"],
  ["the target of OPTIONS *", "*", "*"],
  ["a letter in percent-encoding", "/%61dmin", "/admin"],
  ["encoding in capitals and not", "/%2f%2F%41", "/A"],
  ["encoding once alone", "/%2561dmin", "/%61dmin"],
  ["what is no encoding", "/100%/%zz/%4", "/100%/%zz/%4"],
  ["UTF-8", "/caf%C3%A9", "/café"],
  ["UTF-8 that was not encoded", "/caf\u00c3\u00a9", "/café"],
  ["bytes that are no UTF-8", "/%ff", "/\ufffd"],
  ["an encoded slash", "/a%2Fb", "/a/b"],
  ["an encoded question mark", "/a%3Fb", "/a?b"],
  ["slashes in a row", "//a///b//", "/a/b/"],
  ["a dot", "/a/./b", "/a/b"],
  ["a dot at the end", "/a/.", "/a/"],
  ["two dots", "/a/../b", "/b"],
  ["two dots at the end", "/a/b/..", "/a/"],
  ["two dots that leave nothing", "/a/..", "/"],
  ["more dots than there is above", "/../../a", "/a"],
  ["encoded dots", "/a/%2e%2E/b", "/b"],
  ["dots over an empty segment", "/a//../b", "/b"],
  ["three dots, which are a name", "/a/.../b", "/a/.../b"],
  ["a name that begins with a dot", "/.git/config", "/.git/config"],
  ["a backslash", "/a\\b", "/a/b"],
  ["an encoded backslash", "/a%5cb", "/a/b"],
  ["the query is none of it", "/a/../b?x=/../y", "/b"],
  ["a query behind an encoded question mark", "/a%3fb?c", "/a?b"],
] as const;

test.each(readings)("%s", (_, sent, path) => {
  expect(matchedPath(sent)).toMatchObject({ path, isAmbiguous: false });
});

const ambiguous = [
  ["dots behind an encoded slash", "/a%2F..%2Fb", "/b"],
  ["dots before an encoded slash", "/a/..%2fb", "/b"],
  ["dots after an encoded slash", "/a%2f../b", "/b"],
  ["dots after an encoded slash at the end", "/a/b%2f..", "/a/"],
  ["encoded dots behind an encoded slash", "/a%2F%2e%2e/b", "/b"],
  ["one dot beside an encoded slash", "/a%2F./b", "/a/b"],
  ["dots behind a backslash", "/a\\..\\b", "/b"],
  ["dots behind an encoded backslash", "/a%5C..%5Cb", "/b"],
  ["dots with a parameter", "/a/..;/b", "/a/..;/b"],
  ["dots with a parameter, encoded", "/a/%2e%2e%3bx=1/b", "/a/..;x=1/b"],
  ["a NUL", "/a%00.html", "/a\0.html"],
] as const;

test.each(ambiguous)("%s may be read in two ways", (_, sent, path) => {
  expect(matchedPath(sent)).toMatchObject({ path, isAmbiguous: true });
});

const withQueries = [
  ["no query", "/a", ["/a"]],
  ["a plain one", "/a/../b?x=1&y", ["/b?x=1&y"]],
  ["an encoded one, in both spellings", "/a?%78=1", ["/a?%78=1", "/a?x=1"]],
  ["one with dots and slashes, which stay", "/a?x=//../y", ["/a?x=//../y"]],
  ["an empty one", "/a?", ["/a?"]],
] as const;

test.each(withQueries)("patterns see %s", (_, sent, withQuery) => {
  expect(matchedPath(sent).withQuery).toEqual([...withQuery]);
});

test("a glob may be spelled with encoding too, but a star stays a star", () => {
  expect(normaliseGlobPath("/a%20b/*/%63\\d")).toBe("/a b/*/c/d");
  expect(normaliseGlobPath("/café/*")).toBe("/café/*");
  expect(normaliseGlobPath("/caf%C3%A9*")).toBe("/café*");
});

test("the memo tells one path from another", () => {
  const memo = new PathMemo();

  expect(memo.of("/%61").path).toBe("/a");
  expect(memo.of("/%61")).toBe(memo.of("/%61"));
  expect(memo.of("/%62").path).toBe("/b");
  expect(memo.of("").path).toBe("");
});

describe("every spelling of a path is seen as that path", () => {
  test.each([1, 2, 3, 4, 5])("seed %d", (seed) => {
    const dice = new Dice(seed);
    for (let round = 0; round < 2_000; round++) {
      const segments = Array.from({ length: 1 + dice.below(4) }, () =>
        dice.pick(["a", "b.c", "d~e", "é", "..."]),
      );
      const spelled = spell(dice, segments);

      expect([spelled, matchedPath(spelled).path]).toEqual([spelled, `/${segments.join("/")}`]);
    }
  });
});

/** With detours that lead nowhere, and characters in percent-encoding. */
function spell(dice: Dice, segments: readonly string[]): string {
  const detours = ["", "", "", "/.", "/", "/x/..", "/%2e", "/y/%2E%2e", "/x/y/../..", "/x/.././"];
  const spelled = segments.map((segment) => {
    const bytes = Array.from(Buffer.from(segment), (byte) => {
      const mustEncode = byte > 0x7e || dice.below(3) === 0;
      return mustEncode ? `%${byte.toString(16).padStart(2, "0")}` : String.fromCharCode(byte);
    });
    const slash = dice.pick(["/", "/", "//", "%2f", "\\", "%5C"]);
    return `${dice.below(4) === 0 ? detours[dice.below(detours.length)] : ""}${slash}${bytes.join("")}`;
  });
  return spelled.join("").startsWith("/") ? spelled.join("") : `/${spelled.join("")}`;
}
