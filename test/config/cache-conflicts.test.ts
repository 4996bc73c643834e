/** What must hold of the cache and its rules. */
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import { noOverrides } from "../../src/config/overrides.ts";

const DISK = { path: "/c", size: "1GiB" };

const sound: readonly (readonly [string, object])[] = [
  ["no cache", { memory: "off" }],
  ["no cache, and a disk that waits for one", { memory: "off", disk: DISK }],
  ["offline, with a cache", { offline: true }],
  ["a floor that is the ceiling", rules({ ttlMin: "1h", ttlMax: "60m" })],
  ["a rule that stores nothing of a type", rules({ never: true, types: ["video/*"] })],
  ["a rule for every answer", rules({ ttl: "0s" })],
  ["parameters of a path", rules({ ignoreQuery: ["utm_*"], paths: ["/a/*"] })],
];

test.each(sound)("%s", (_, cache) => {
  expect(parseConfig({ cache }, {})).toMatchObject({ ok: true });
});

// What it shows | the cache | its problems.
const conflicts: readonly (readonly [string, object, readonly string[]])[] = [
  [
    "a floor above the ceiling",
    rules({ ttl: "1m" }, { ttlMin: "2d", ttlMax: "1h" }),
    ["cache.rules[1].ttlMin: Expected no more than ttlMax beside it, which is 1h, found 2d"],
  ],
  [
    "how to store what is never stored",
    rules({ never: true, ttl: "1m", ttlMin: "1s", ttlMax: "1h", cookies: true, ignoreQuery: ["a"] }),
    ["ttl", "ttlMin", "ttlMax", "ignoreQuery", "cookies"].map(
      (each) =>
        `cache.rules[0].${each}: Expected nothing beside never, which stores nothing, found something`,
    ),
  ],
  [
    "rules that say nothing",
    rules({}, { hosts: ["a.example"], paths: ["/a"], types: ["a/b"], never: false }),
    [0, 1].map(
      (at) =>
        `cache.rules[${at}]: Expected at least one of ttl, ttlMin, ttlMax, ignoreQuery, never, cookies, found none`,
    ),
  ],
  [
    "parameters that only count for a type",
    rules({ types: ["a/b"], ignoreQuery: ["a"] }),
    [
      "cache.rules[0].types: Expected nothing beside ignoreQuery, for an answer's type is known too late for that, found a list",
    ],
  ],
  [
    "offline without a cache",
    { memory: "off", offline: true },
    ["cache.offline: Expected false, for cache.memory is off, found true"],
  ],
];

test.each(conflicts)("refuses %s", (_, cache, problems) => {
  expect(parseConfig({ cache }, {})).toEqual({ ok: false, problems: [...problems] });
});

test("--cache decides whether there is one to be offline with", () => {
  const parse = (memory: string, given: number) =>
    parseConfig({ cache: { memory, offline: true } }, {}, { ...noOverrides, cache: given }).ok;

  expect([parse("1MiB", 0), parse("off", 2 ** 20)]).toEqual([false, true]);
});

test("a rule that can't be read conflicts with nothing", () => {
  const parsed = parseConfig(
    { cache: { memory: 5, offline: true, rules: [{ ttl: 5 }, { never: true }] } },
    {},
  );

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([
    "cache.memory",
    "cache.rules[0].ttl",
  ]);
});

function rules(...given: readonly object[]): object {
  return { rules: given };
}
