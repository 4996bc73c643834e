import { describe, expect, test } from "bun:test";
import { keyPathOf, parameterGlobs } from "../../src/cache/key-path.ts";
import { type CacheRule, type CacheRuleSpec, CacheRules, type RuleMatchers } from "../../src/cache/rules.ts";

/** Names to the letter, and paths by how they begin. */
const MATCHERS: RuleMatchers = {
  hosts: (entries) => (host) => entries.includes(host),
  paths: (globs) => (path) => globs.some((glob) => path.startsWith(glob)),
};

const SILENT: CacheRule = {
  ttlMs: undefined,
  ttlMinMs: undefined,
  ttlMaxMs: undefined,
  never: false,
  cookies: false,
};

// Each row: what | the rules | host, path, type | what holds; undefined when no rule is about it.
const rows: readonly (readonly [
  string,
  readonly Partial<CacheRuleSpec>[],
  readonly [string, string, string | undefined],
  Partial<CacheRule> | undefined,
])[] = [
  ["no rules", [], ["a", "/", "text/html"], undefined],
  ["a rule for everything", [{ ttl: 1 }], ["a", "/", undefined], { ttlMs: 1 }],
  ["a rule for the host", [{ hosts: ["b", "a"], ttl: 1 }], ["a", "/", "x/y"], { ttlMs: 1 }],
  ["a rule for another host", [{ hosts: ["b"], ttl: 1 }], ["a", "/", "x/y"], undefined],
  ["a rule for the path", [{ paths: ["/p"], ttl: 1 }], ["a", "/p?q", "x/y"], { ttlMs: 1 }],
  ["a rule for another path", [{ paths: ["/q"], ttl: 1 }], ["a", "/p?q", "x/y"], undefined],
  [
    "a rule for the host, and another path",
    [{ hosts: ["a"], paths: ["/q"], ttl: 1 }],
    ["a", "/p", "x/y"],
    undefined,
  ],
  ["a rule for the type", [{ types: ["text/html"], ttl: 1 }], ["a", "/", "text/html"], { ttlMs: 1 }],
  [
    "a rule for the type, in any case, with parameters",
    [{ types: ["text/html"], ttl: 1 }],
    ["a", "/", "Text/HTML ; charset=utf-8"],
    { ttlMs: 1 },
  ],
  ["a rule for another type", [{ types: ["text/html"], ttl: 1 }], ["a", "/", "text/plain"], undefined],
  [
    "a rule for a group of types",
    [{ types: ["a/b", "image/*"], ttl: 1 }],
    ["a", "/", "image/png"],
    { ttlMs: 1 },
  ],
  ["a rule for another group", [{ types: ["image/*"], ttl: 1 }], ["a", "/", "imagery/png"], undefined],
  ["a rule for a type, of what has none", [{ types: ["image/*"], ttl: 1 }], ["a", "/", undefined], undefined],
  ["the first rule's time", [{ ttl: 1 }, { ttl: 2 }], ["a", "/", "x/y"], { ttlMs: 1 }],
  ["a time of nothing is a time", [{ ttl: 0 }, { ttl: 2 }], ["a", "/", "x/y"], { ttlMs: 0 }],
  [
    "what the first rule leaves open",
    [
      { ttl: 1, ttlMax: 9 },
      { ttl: 2, ttlMin: 3, ttlMax: 8, cookies: true },
    ],
    ["a", "/", "x/y"],
    { ttlMs: 1, ttlMinMs: 3, ttlMaxMs: 9, cookies: true },
  ],
  ["the first rule that matches", [{ hosts: ["b"], ttl: 1 }, { ttl: 2 }], ["a", "/", "x/y"], { ttlMs: 2 }],
  ["never, whichever says it", [{ ttl: 1 }, { never: true }], ["a", "/", "x/y"], { ttlMs: 1, never: true }],
];

test.each(rows)("%s", (_what, specs, [host, path, type], expected) => {
  const rules = rulesOf(specs);
  const rule = rules.forRequest(host, path)?.forType(type);
  expect(rule).toEqual(expected && { ...SILENT, ...expected });
  // And remembered.
  expect(rules.forRequest(host, path)?.forType(type)).toEqual(rule);
});

test("a request that no rule is about has none, whatever the type", () => {
  expect(rulesOf([{ hosts: ["b"], ttl: 1 }]).forRequest("a", "/")).toBeUndefined();
  expect(rulesOf([{ paths: ["/q"], ttl: 1 }]).forRequest("a", "/p")).toBeUndefined();
});

test.each([
  ["a rule for all types", [{ never: true }], true],
  ["a rule for one type, of which nobody knows yet", [{ never: true, types: ["a/b"] }], false],
  ["a rule that says something else", [{ ttl: 1 }], false],
])("never, before the answer is known: %s", (_what, specs, expected) => {
  expect(rulesOf(specs).forRequest("a", "/")?.isNever).toBe(expected);
});

test("a matcher of paths is told which rules say never", () => {
  const told: boolean[] = [];
  const specs = [{ paths: ["/a"], never: true }, { paths: ["/b"], ttl: 1 }, { ttl: 1 }];
  rulesOf(specs, {
    ...MATCHERS,
    paths: (_globs, forbids) => {
      told.push(forbids);
      return () => true;
    },
  });
  expect(told).toEqual([true, false]);
});

test("more hosts than are remembered are still told apart", () => {
  const rules = rulesOf([{ hosts: ["h7"], ttl: 1 }]);
  const matching = Array.from({ length: 5_000 }, (_, at) => `h${at % 2_500}`).filter((host) =>
    rules.forRequest(host, "/"),
  );
  expect(matching).toEqual(["h7", "h7"]);
});

describe("the path that answers are stored by", () => {
  test("is as it was sent where nothing is ignored", () => {
    expect(rulesOf([{ ttl: 1 }]).forRequest("a", "/p?utm_source=x")?.keyPath).toBe("/p?utm_source=x");
  });

  test("is without what the first rule with such parameters ignores", () => {
    const rules = rulesOf([{ ttl: 1 }, { ignoreQuery: ["a"] }, { ignoreQuery: ["b"] }]);
    expect(rules.forRequest("h", "/p?a=1&b=2")?.keyPath).toBe("/p?b=2");
  });

  test.each([
    ["/p", "/p"],
    ["/p?", "/p?"],
    ["/p?b=1", "/p?b=1"],
    ["/p?a=1", "/p"],
    ["/p?a", "/p"],
    ["/p?a=", "/p"],
    ["/p?b=1&a=1", "/p?b=1"],
    ["/p?a=1&b=1", "/p?b=1"],
    ["/p?c=3&a=1&b=2&a=4", "/p?c=3&b=2"],
    ["/p?aa=1", "/p?aa=1"],
    ["/p?A=1", "/p?A=1"],
    ["/p?%61=1", "/p?%61=1"],
    ["/p?b=a&c=a=1", "/p?b=a&c=a=1"],
    ["/p?utm_source=1&b=2&utm_=3", "/p?b=2"],
    ["/p?xutm_a=1&utm=2", "/p?xutm_a=1&utm=2"],
    ["/p?b&&a=1&c", "/p?b&&c"],
    ["/p?b=1?a=1&a=2", "/p?b=1?a=1"],
    ["/a=1&a?b", "/a=1&a?b"],
  ])("%s without a and utm_* is %s", (path, expected) => {
    expect(keyPathOf(path, parameterGlobs(["a", "utm_*"]))).toBe(expected);
  });
});

function rulesOf(specs: readonly Partial<CacheRuleSpec>[], matchers = MATCHERS): CacheRules {
  return new CacheRules(
    specs.map((spec) => ({
      hosts: [],
      paths: [],
      types: [],
      ttl: undefined,
      ttlMin: undefined,
      ttlMax: undefined,
      ignoreQuery: [],
      never: false,
      cookies: false,
      ...spec,
    })),
    matchers,
  );
}
