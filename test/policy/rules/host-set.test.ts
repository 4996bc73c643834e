import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { parseAddress } from "../../../src/policy/address.ts";
import { canonicalHost, entryNaming, HostSet } from "../../../src/policy/rules/host-set.ts";

const lookups = [
  ["example.com names itself", "example.com", "example.com", true],
  ["example.com does not name what is below", "example.com", "www.example.com", false],
  ["*.example.com names what is below", "*.example.com", "www.example.com", true],
  ["*.example.com names what is far below", "*.example.com", "a.b.c.example.com", true],
  ["*.example.com does not name example.com", "*.example.com", "example.com", false],
  [".example.com names itself", ".example.com", "example.com", true],
  [".example.com names what is below", ".example.com", "www.example.com", true],
  ["a suffix ends at a dot", ".example.com", "badexample.com", false],
  ["a suffix ends at a dot with a star too", "*.example.com", "badexample.com", false],
  ["a longer name is another", "example.com", "example.com.evil.test", false],
  ["a top-level domain has names below", "*.com", "example.com", true],
  ["a dot at the end changes nothing", "example.com", "example.com.", true],
  ["an address is itself", "192.0.2.1", "192.0.2.1", true],
  ["an address with a dot at the end is itself", "192.0.2.1", "192.0.2.1.", true],
  ["an address has no parents", ".2.1", "192.0.2.1", false],
  ["an IPv6 address is the same in any spelling", "2001:db8::1", "2001:0DB8:0:0::0001", true],
  ["an IPv4 address is the same when mapped", "192.0.2.1", "::ffff:c000:201", true],
] as const;

test.each(lookups)("%s", (_, entry, host, isNamed) => {
  const hosts = new HostSet();
  hosts.add([entry], 7);

  expect(found(hosts, host)).toEqual(isNamed ? [7] : []);
  expect(entryNaming([entry], host)).toBe(isNamed ? entry : undefined);
});

test("every rule that names a host is found", () => {
  const hosts = new HostSet();
  hosts.add(["www.example.com", "example.org"], 0);
  hosts.add(["*.example.com"], 1);
  hosts.add([".com"], 2);
  hosts.add(["www.example.com"], 3);

  expect(found(hosts, "www.example.com")).toEqual([0, 1, 2, 3]);
  expect(found(hosts, "example.com")).toEqual([2]);
  expect(found(hosts, "example.org")).toEqual([0]);
});

describe("a look-up by suffix finds what comparing one by one finds", () => {
  test.each([1, 2, 3, 4, 5])("seed %d", (seed) => {
    const dice = new Dice(seed);
    const rules = Array.from({ length: 8 }, () => Array.from({ length: 6 }, () => randomEntry(dice)));
    const hosts = new HostSet();
    for (const [rule, entries] of rules.entries()) hosts.add(entries, rule);

    for (let round = 0; round < 2_000; round++) {
      const host = randomName(dice);
      const naive = [...rules.keys()].filter((rule) => rules[rule]?.some((entry) => names(entry, host)));

      expect([host, ...found(hosts, host)]).toEqual([host, ...naive]);
    }
  });
});

/** As the documentation says it. */
function names(entry: string, host: string): boolean {
  if (entry.startsWith("*.")) return host.endsWith(entry.slice(1));
  if (entry.startsWith(".")) return host.endsWith(entry) || host === entry.slice(1);
  return host === entry;
}

function found(hosts: HostSet, host: string): number[] {
  const rules = new Set<number>();
  const canonical = canonicalHost(host);
  hosts.find(canonical, parseAddress(canonical), (rule) => rules.add(rule));
  return [...rules].sort();
}

function randomEntry(dice: Dice): string {
  return `${["", ".", "*."][dice.below(3)]}${randomName(dice)}`;
}

function randomName(dice: Dice): string {
  return Array.from({ length: 1 + dice.below(4) }, () => dice.pick(["a", "b", "ab", "ba"])).join(".");
}
