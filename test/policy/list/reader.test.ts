import { describe, expect, test } from "bun:test";
import { ListReader } from "../../../src/policy/list/reader.ts";
import { ListTable } from "../../../src/policy/list/table.ts";
import { address, readList } from "./samples.ts";

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
        holds: "entries",
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

// What a list may be | its text | what it holds.
const empties = [
  ["empty", "", "nothing"],
  ["a mark of its encoding", "\uFEFF", "nothing"],
  ["blank lines", "\n\r\n \n", "nothing"],
  ["comments", "# one\n! two\n; three", "comments"],
  ["the hosts of the system", "127.0.0.1 localhost\n\n", "comments"],
] as const;

test.each(empties)("a list may be %s", (_, text, holds) => {
  const list = readList(text);

  expect(list.ok && new ListTable(list.table).size).toMatchObject({ entries: 0, ranges: 0 });
  expect(list).toMatchObject({ holds });
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

test("a list longer than any is refused before it is read to its end", () => {
  const reader = new ListReader(3);

  expect(reader.take(new TextEncoder().encode("a.example\n::1\n"))).toBeUndefined();
  expect(reader.take(new TextEncoder().encode("b.example\n"))).toBe("it has too many entries");
});

test("a long list is read in slices, and whole", () => {
  const names = Array.from({ length: 50_000 }, (_, at) => `host-${at}.example`);
  const ranges = Array.from({ length: 50_000 }, (_, at) => `10.${(at * 7) % 256}.${at % 251}.${at >> 8}`);
  const reader = new ListReader();
  reader.take(new TextEncoder().encode([...names, ...ranges].join("\n")));
  const finishing = reader.finish(1);

  let slices = 0;
  let step = finishing.next();
  for (; !step.done; step = finishing.next()) slices++;

  const list = step.value;
  if (!list.ok) throw new Error(list.problem);
  const table = new ListTable(list.table);
  expect(slices).toBeGreaterThan(10);
  expect(names.every((name) => table.hasHost(name))).toBe(true);
  expect(ranges.every((range) => table.hasAddress(address(range)))).toBe(true);
  expect(table.hasHost("host-50000.example")).toBe(false);
});

test("a page of compressed bytes is no list", () => {
  const list = readList(Bun.gzipSync(new TextEncoder().encode("example.com\n".repeat(99))));

  expect(list.ok).toBe(false);
});
