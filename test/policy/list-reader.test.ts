import { describe, expect, test } from "bun:test";
import { ListTable } from "../../src/policy/list-table.ts";
import { readList } from "./list-samples.ts";

const MIXED = `\uFEFF# A list in all formats
example.com
\r
*.below.example\r
! AdBlock
||ads.example^
@@||good.ads.example^
0.0.0.0 hosts.example bücher.example
10.0.0.0/8
what is this
example.com##.banner
last.example`;

for (const pieceBytes of [1, 7, 65_536]) {
  describe(`in pieces of ${pieceBytes}`, () => {
    test("a list is read whatever it is cut into", () => {
      const list = readList(MIXED, pieceBytes);

      if (!list.ok) throw new Error(list.problem);
      const table = new ListTable(list.table);
      const listed = [
        "example.com",
        "a.below.example",
        "x.ads.example",
        "xn--bcher-kva.example",
        "last.example",
      ];
      expect(listed.map((host) => table.hasHost(host))).toEqual(listed.map(() => true));
      expect(table.hasHost("good.ads.example")).toBe(false);
      expect(table.size).toMatchObject({ entries: 7, ranges: 1 });
      expect(list).toMatchObject({
        ignored: 1,
        invalid: 1,
        examples: ["line 10: several words, the first no address"],
      });
    });

    test("a line longer than any is skipped, and the next is read", () => {
      const list = readList(`a.example\n${"x".repeat(70_000)}\nb.example\n`, pieceBytes);

      if (!list.ok) throw new Error(list.problem);
      expect(list.examples).toEqual(["line 2: longer than 65536 characters"]);
      expect(new ListTable(list.table).hasHost("b.example")).toBe(true);
    });
  });
}

test("the first lines that can't be read are kept, the others counted", () => {
  const list = readList(`${"b@d\n".repeat(9)}${"a.example\n".repeat(9)}`);

  expect(list).toMatchObject({ ok: true, invalid: 9 });
  expect(list.ok && list.examples).toEqual([1, 2, 3, 4, 5].map((line) => `line ${line}: no host or address`));
});

const empties = [
  ["nothing", ""],
  ["blank lines", "\n\r\n \n"],
  ["comments", "# one\n! two\n; three"],
] as const;

test.each(empties)("a list may hold %s", (_, text) => {
  const list = readList(text);

  expect(list.ok && new ListTable(list.table).size).toMatchObject({ entries: 0, ranges: 0 });
});

// What it shows | the text | what its problem says.
const failures = [
  ["a web page", "<!DOCTYPE html>\n<html>a.example</html>", "it is a web page, no list"],
  ["a web page after blank lines", "\n\n  <HTML lang=en>", "it is a web page, no list"],
  ["a page without a head", "<p>Not Found</p>", "it is no list: 1 lines can't be read"],
  ["words", "Not Found", "several words, the first no address"],
  ["JSON", '{\n"error": "no"\n}', "it is no list"],
  ["bytes that are no text", "GIF89a\0\0\nexample.com", "it is no text"],
  [
    "hardly a line that can be read",
    "a.example\nb@d\nb@d\n",
    "2 lines can't be read, the first of them line 2",
  ],
  ["rules about paths alone", "/banner\n/ads/*\n", "none of its lines names a host or an address"],
] as const;

test.each(failures)("%s is no list", (_, text, problem) => {
  const list = readList(text);

  expect(list.ok).toBe(false);
  expect(!list.ok && list.problem).toContain(problem);
});

test("a page of compressed bytes is no list", () => {
  const list = readList(Bun.gzipSync(new TextEncoder().encode("example.com\n".repeat(99))));

  expect(list.ok).toBe(false);
});
