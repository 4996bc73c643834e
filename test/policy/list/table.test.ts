import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { ListTable } from "../../../src/policy/list/table.ts";
import { address, NaiveList, tableOf } from "./samples.ts";

// Lines of a list | a host | whether it is listed.
const hosts = [
  ["a name, and itself", ["example.com"], "example.com", true],
  ["a name, and what is below it", ["example.com"], "www.example.com", false],
  ["a name, and what ends as it does", ["example.com"], "notexample.com", false],
  ["a name, and what it is below", ["www.example.com"], "example.com", false],
  ["below a name, and the name", ["*.example.com"], "example.com", false],
  ["below a name, one label", ["*.example.com"], "www.example.com", true],
  ["below a name, many labels", ["*.example.com"], "a.b.c.d.example.com", true],
  ["both, the name", [".example.com"], "example.com", true],
  ["both, what is below it", [".example.com"], "www.example.com", true],
  ["a whole top level", ["||zip^"], "a.zip", true],
  ["an exception wins over the same name", ["example.com", "@@||example.com^"], "example.com", false],
  ["an exception wins whatever stands first", ["@@||example.com^", "example.com"], "example.com", false],
  ["an exception below", ["||example.com^", "@@||good.example.com^"], "good.example.com", false],
  ["what is below an exception", ["||example.com^", "@@||good.example.com^"], "a.good.example.com", false],
  ["beside an exception", ["||example.com^", "@@||good.example.com^"], "bad.example.com", true],
  ["an exception above a name", ["bad.example.com", "@@||example.com^"], "bad.example.com", false],
  ["an exception of what is below only", ["||example.com^", "@@||*.example.com^"], "example.com", true],
  ["the flags of a name that stands twice", ["example.com", "*.example.com"], "a.example.com", true],
  ["a name that stands in three formats", ["a.com", "0.0.0.0 a.com", "||a.com^"], "x.a.com", true],
  ["an empty list", ["# nothing"], "example.com", false],
  ["an empty host", ["example.com"], "", false],
  ["a host of dots", ["example.com"], "...", false],
  ["a dot before the name", ["example.com"], ".example.com", false],
  ["a character that is no ASCII", ["example.com"], "exam\u0170le.com", false],
] as const;

test.each(hosts)("%s", (_, lines, host, isListed) => {
  expect(tableOf(lines).hasHost(host)).toBe(isListed);
});

const addresses = [
  ["a range, its first", ["10.0.0.0/8"], "10.0.0.0", true],
  ["a range, its last", ["10.0.0.0/8"], "10.255.255.255", true],
  ["a range, the one after it", ["10.0.0.0/8"], "11.0.0.0", false],
  ["a range, the one before it", ["10.0.0.0/8"], "9.255.255.255", false],
  ["an address", ["192.0.2.1"], "192.0.2.1", true],
  ["all of IPv4", ["0.0.0.0/0"], "255.255.255.255", true],
  ["all of IPv4, and IPv6", ["0.0.0.0/0"], "::1", false],
  ["all of IPv6, its last", ["::/0"], "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true],
  ["all of IPv6, and IPv4", ["::/0"], "10.0.0.1", false],
  ["a mapped range", ["::ffff:10.0.0.0/104"], "10.1.2.3", true],
  ["IPv6, its last", ["2001:db8::/32"], "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true],
  ["IPv6, the one after it", ["2001:db8::/32"], "2001:db9::", false],
  ["an exception in a range", ["10.0.0.0/8", "@@||10.1.2.3^"], "10.1.2.3", false],
  ["beside an exception", ["10.0.0.0/8", "@@||10.1.2.3^"], "10.1.2.4", true],
  ["an IPv6 exception", ["2001:db8::/32", "@@||2001:db8::1^"], "2001:db8::1", false],
  ["an empty list", ["example.com"], "10.0.0.1", false],
] as const;

test.each(addresses)("%s: %s holds %s: %p", (_, lines, text, isListed) => {
  expect(tableOf(lines).hasAddress(address(text))).toBe(isListed);
});

describe("of its size it tells", () => {
  test("each name once", () => {
    expect(tableOf(["a.com", "0.0.0.0 a.com b.com", "||a.com^"]).size).toMatchObject({
      entries: 2,
      ranges: 0,
    });
  });

  test("ranges that touch as one", () => {
    const { size } = tableOf(["10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "::/1", "8000::/1", "11.0.0.1"]);

    expect(size).toMatchObject({ entries: 0, ranges: 3 });
  });

  test("all its bytes, exceptions and header too", () => {
    const buffer = tableOf(["a.com"]).size.bytes;

    expect(buffer).toBe(16 * 4 + 2 * 4 + 8);
  });

  test("whether it holds addresses: exceptions alone are none", () => {
    expect(tableOf(["a.com"]).hasRanges).toBe(false);
    expect(tableOf(["a.com", "@@||10.0.0.1^"]).hasRanges).toBe(false);
    expect(tableOf(["::1"]).hasRanges).toBe(true);
    expect(tableOf(["10.0.0.1"]).hasRanges).toBe(true);
  });
});

test("memory that is no list is refused", () => {
  expect(() => new ListTable(new SharedArrayBuffer(64))).toThrow("another layout");
});

test("hosts are found as a naive reading of random lists finds them", () => {
  const dice = new Dice(1);
  for (let round = 0; round < 300; round++) {
    const lines = Array.from({ length: dice.below(40) }, () => randomRule(dice));
    const [table, naive] = [tableOf(lines), new NaiveList(lines)];
    for (let asked = 0; asked < 50; asked++) {
      const host = randomName(dice);
      expect({ lines, host, isListed: table.hasHost(host) }).toEqual({
        lines,
        host,
        isListed: naive.hasHost(host),
      });
    }
  }
});

test("addresses are found as a naive reading of random ranges finds them", () => {
  const dice = new Dice(2);
  for (let round = 0; round < 300; round++) {
    const lines = Array.from({ length: dice.below(30) }, () => randomRange(dice));
    const [table, naive] = [tableOf(lines), new NaiveList(lines)];
    for (let asked = 0; asked < 50; asked++) {
      const text = dice.below(2) === 0 ? randomIpv4(dice) : randomIpv6(dice);
      const isListed = table.hasAddress(address(text));
      expect({ lines, text, isListed }).toEqual({ lines, text, isListed: naive.hasAddress(address(text)) });
    }
  }
});

/** Few labels and few characters, so that names share suffixes and come twice. */
function randomName(dice: Dice): string {
  const labels = Array.from({ length: 1 + dice.below(4) }, () => dice.pick(["a", "b", "aa", "ab", "com"]));
  return labels.join(".");
}

function randomRule(dice: Dice): string {
  const name = randomName(dice);
  return dice.pick([
    name,
    `*.${name}`,
    `.${name}`,
    `||${name}^`,
    `@@||${name}^`,
    `0.0.0.0 ${name} x.${name}`,
  ]);
}

/** Few values for each part, so that ranges overlap, touch and hold one another. */
function randomIpv4(dice: Dice): string {
  return `${dice.pick([0, 10, 255])}.${dice.pick([0, 255])}.${dice.pick([0, 255])}.${dice.below(4) + dice.pick([0, 252])}`;
}

function randomIpv6(dice: Dice): string {
  const group = () => dice.pick(["0", "1", "ffff"]);
  return `${group()}:${group()}:0:${group()}:0:0:${group()}:${group()}`.replace(
    /^0:0:0:0:0:0:/,
    "1:0:0:0:0:0:",
  );
}

function randomRange(dice: Dice): string {
  const isIpv4 = dice.below(2) === 0;
  const text = isIpv4 ? randomIpv4(dice) : randomIpv6(dice);
  if (dice.below(8) === 0) return `@@||${text}^`;
  const prefix = dice.pick(isIpv4 ? [0, 1, 7, 8, 16, 24, 30, 31, 32] : [0, 1, 16, 33, 64, 112, 127, 128]);
  return `${masked(text, prefix)}/${prefix}`;
}

/** `text` with zeros behind the prefix: other ranges are refused. */
function masked(text: string, prefix: number): string {
  const { family, w0, w1, w2, w3 } = address(text);
  const words = family === 4 ? [w3] : [w0, w1, w2, w3];
  const kept = words.map((word, at) => {
    const ones = Math.min(Math.max(prefix - at * 32, 0), 32);
    return ones === 0 ? 0 : (word & (-1 << (32 - ones))) >>> 0;
  });
  if (family === 4) return [24, 16, 8, 0].map((shift) => ((kept[0] ?? 0) >>> shift) & 255).join(".");
  return kept.flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)]).join(":");
}
