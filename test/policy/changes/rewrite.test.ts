import { describe, expect, test } from "bun:test";
import { redirectTo, rewriteTarget } from "../../../src/policy/changes/rewrite.ts";
import type { RedirectSpec, RewriteSpec } from "../../../src/policy/spec.ts";

const TARGET = { host: "a.test", port: 80, path: "/api/x?q=1" };

// The host of a rewrite | where it goes from a.test | and from a.test:8080.
const hosts = [
  [undefined, "a.test", "a.test:8080"],
  ["b.test", "b.test", "b.test:8080"],
  ["b.test:80", "b.test", "b.test"],
  ["b.test:81", "b.test:81", "b.test:81"],
  ["10.0.0.1:81", "10.0.0.1:81", "10.0.0.1:81"],
  ["fd00::1", "[fd00::1]", "[fd00::1]:8080"],
  ["[fd00::1]", "[fd00::1]", "[fd00::1]:8080"],
  ["[fd00::1]:81", "[fd00::1]:81", "[fd00::1]:81"],
] as const;

test.each(hosts)("the host %p leads to %s, and from port 8080 to %s", (host, authority, elsewhere) => {
  const spec = specOf({ host });

  expect(rewriteTarget(spec, TARGET)).toMatchObject({ authority, path: TARGET.path });
  expect(rewriteTarget(spec, { ...TARGET, port: 8080 })).toMatchObject({ authority: elsewhere });
});

test("a host of IPv6 comes out without its brackets, for whoever dials it", () => {
  expect(rewriteTarget(specOf({ host: "[fd00::1]:81" }), TARGET)).toEqual({
    host: "fd00::1",
    port: 81,
    authority: "[fd00::1]:81",
    path: "/api/x?q=1",
  });
});

// From | to | the path | what it becomes.
const prefixes = [
  ["/api", "/v2", "/api/x?q=/api", "/v2/x?q=/api"],
  ["/api", "/v2", "/api", "/v2"],
  ["/api", "/v2", "/api?x", "/v2?x"],
  ["/api", "/v2", "/api/", "/v2/"],
  ["/api", "/v2", "/apiary", "/apiary"],
  ["/api", "/v2", "/x/api", "/x/api"],
  ["/api", "/v2", "/ap", "/ap"],
  ["/api", "/v2", "/API/x", "/API/x"],
  ["/api/", "/v2/", "/api/x", "/v2/x"],
  ["/api", "/", "/api/x", "/x"],
  ["/api", "", "/api", "/"],
  ["/api", "/", "/api?x", "/?x"],
  ["/", "/mirror", "/x", "/mirror/x"],
  ["/", "/mirror", "/", "/mirror/"],
  ["/api", "/v2", "/%61p%69/x%20y", "/v2/x%20y"],
  ["/api", "/v2", "/api%2fx", "/v2%2fx"],
  ["/a%70i", "/v2", "/api/x", "/v2/x"],
  ["/api", "/v2", "/%6", "/%6"],
  ["/ä", "/ö", "/%C3%A4/x", "/%C3%B6/x"],
  ["/api", "/a b#c?d", "/api", "/a%20b%23c%3Fd"],
  ["/", "/jail", "/../etc", "/jail/etc"],
  ["/", "/jail", "/a/../../../etc/.", "/jail/etc/"],
  ["/", "/jail", "/%2e%2E/.%2e/etc", "/jail/etc"],
  ["/", "/jail", "/a%2f..%2F..%2fetc", "/jail/etc"],
  ["/", "/jail", "/a\\..\\..%5C..\\etc", "/jail/etc"],
  ["/", "/jail", "/a/..?b=/../c", "/jail/?b=/../c"],
  ["/", "/jail", "/...//.a/a..", "/jail/...//.a/a.."],
] as const;

test.each(prefixes)("the prefix %s, become %p, makes %s to %s", (from, to, path, expected) => {
  expect(pathAfter({ pathPrefix: { from, to } }, path)).toBe(expected);
});

// From | to | the path | what it becomes.
const patterns = [
  ["^/old/(.*)$", "/new/$1", "/old/x?q", "/new/x?q"],
  ["^/old/(.*)$", "/new/$1", "/older", "/older"],
  ["/(a)(b)?", "/$2$1$9$0", "/a", "/a/a"],
  ["a", "b", "/aa", "/ba"],
  ["/(.*)", "/$$1", "/x", "/$1"],
  ["/(.*)", "/$x$", "/x", "/$x$"],
  ["/(.*)", "/ä #$1", "/x", "/%C3%A4%20%23x"],
  ["/(.*)", "/(?i)$1", "/x", "/(?i)x"],
  ["(?i)^/OLD", "/new", "/old", "/new"],
  ["\\?.*$", "", "/x?a=1", "/x"],
  ["^/u/(.*)$", "/v/$1", "/u/../w", "/w"],
] as const;

test.each(patterns)("the pattern %s, become %p, makes %s to %s", (from, to, path, expected) => {
  expect(pathAfter({ pattern: { from, to } }, path)).toBe(expected);
});

test("a pattern that would take others for ever takes as long as the path", () => {
  const path = `/${"a".repeat(20_000)}!`;
  const before = performance.now();

  expect(pathAfter({ pattern: { from: "^/(a+)+$", to: "/b" } }, path)).toBe(path);
  expect(performance.now() - before).toBeLessThan(2_000);
});

// Names removed | parameters set | the path | what it becomes.
const queries: readonly (readonly [string, string, string, string])[] = [
  ["a", "", "/?a=1", "/"],
  ["a", "", "/?a", "/"],
  ["a", "", "/?b=a&a=1&c&a", "/?b=a&c"],
  ["a", "", "/?A=1&aa=1", "/?A=1&aa=1"],
  ["a", "", "/?%61=1&b", "/?b"],
  ["a b", "", "/?a+b=1&a%20b=2&c", "/?c"],
  ["ä", "", "/?%c3%a4=1&b", "/?b"],
  ["a", "", "/?&&b=%zz&%", "/?&&b=%zz&%"],
  ["a", "", "/?", "/?"],
  ["a", "", "/", "/"],
  ["", "", "/?", "/?"],
  ["a", "", "/?b=1;a=2", "/?b=1;a=2"],
  ["", "a=1", "/", "/?a=1"],
  ["", "a=1", "/?b", "/?b&a=1"],
  ["", "a=1", "/?b&a=2&c&a=3", "/?b&a=1&c"],
  ["", "a=1 2&b=%26", "/", "/?a=1%202&b=%2526"],
  ["", "ä=ö", "/?%C3%A4", "/?%C3%A4=%C3%B6"],
  ["a", "a=1", "/?a=2&a=3&b", "/?b&a=1"],
  ["a", "b=1", "/?a=2&b=3", "/?b=1"],
];

test.each(queries)(
  "removing %p from the query and setting %p makes %s to %s",
  (remove, set, path, expected) => {
    const query = { remove: remove === "" ? [] : [remove], set: pairsOf(set) };

    expect(pathAfter({ query }, path)).toBe(expected);
  },
);

test("host, prefix, pattern and query are done in this order", () => {
  const spec = specOf({
    host: "b.test",
    pathPrefix: { from: "/api", to: "/one" },
    pattern: { from: "^/one/(\\w+)", to: "/two/$1$1" },
    query: { remove: ["q"], set: [{ name: "r", value: "3" }] },
  });

  expect(rewriteTarget(spec, TARGET)).toEqual({
    host: "b.test",
    port: 80,
    authority: "b.test",
    path: "/two/xx?r=3",
  });
});

describe("a rewrite makes no target of", () => {
  // What it is | the rewrite | the path.
  const problems: readonly (readonly [string, Partial<RewriteSpec>, string, string])[] = [
    ["what is no path", { pattern: { from: "^/", to: "" } }, "/x", "what was rewritten is no path"],
    ["a URL", { pattern: { from: "^/", to: "http://b/" } }, "/x", "what was rewritten is no path"],
    ["a line", { pattern: { from: "x", to: "\r\nX: y" } }, "/x", ""],
    [
      "groups that grow",
      { pattern: { from: "/(.*)", to: `/${"$1".repeat(200)}` } },
      `/${"a".repeat(1000)}`,
      "the rewritten path is too long",
    ],
  ];

  test.each(problems)("%s", (_, rewrite, path, problem) => {
    const result = rewriteTarget(specOf(rewrite), { ...TARGET, path });

    if (problem !== "") expect(result).toEqual({ problem });
    else expect(result).toMatchObject({ path: "/%0D%0AX:%20y" });
  });
});

test("the asterisk of an OPTIONS stays, wherever the host leads", () => {
  const spec = specOf({ host: "b.test", pathPrefix: { from: "/", to: "/x" } });

  expect(rewriteTarget(spec, { ...TARGET, path: "*" })).toMatchObject({ authority: "b.test", path: "*" });
});

// Where it is said to lead | the host | port | path | Location.
const redirects = [
  ["https://{host}{path}", "a.test", 80, "/x?y=1", "https://a.test/x?y=1"],
  ["https://{host}:{port}{path}", "a.test", 8080, "/", "https://a.test:8080/"],
  ["https://{host}/", "fd00::1", 80, "/", "https://[fd00::1]/"],
  [
    "http://block.test/?u={url}&h={host}",
    "a.test",
    8080,
    "/x?y=1&z",
    "http://block.test/?u=http%3A%2F%2Fa.test%3A8080%2Fx%3Fy%3D1%26z&h=a.test",
  ],
  ["http://block.test/{url}", "a.test", 80, "/x", "http://block.test/http://a.test/x"],
  ["http://block.test/{other}", "a.test", 80, "/x", "http://block.test/%7Bother%7D"],
  ["http://block.test/ä b", "a.test", 80, "/x", "http://block.test/%C3%A4%20b"],
  ["http://block.test/\r\nSet-Cookie:x", "a.test", 80, "/x", "http://block.test/%0D%0ASet-Cookie:x"],
  [
    "https://{host}{path}",
    "a.test",
    80,
    '/"<>\\^`{|}%zz%41',
    "https://a.test/%22%3C%3E%5C%5E%60%7B%7C%7D%zz%41",
  ],
  ["https://{host}{path}", "a.test", 80, "*", "https://a.test/"],
  ["https://{host}{path}", "a.test", 80, "/{port}", "https://a.test/%7Bport%7D"],
] as const;

test.each(redirects)(
  "a redirect to %p tells who asks %s, port %d, for %s to go to %s",
  (to, host, port, path, location) => {
    const spec: RedirectSpec = { to, status: 302 };

    expect(redirectTo(spec, { host, port, path })).toBe(location);
  },
);

test("whatever a query holds, only the parameters that are named change", () => {
  const random = randomFrom(20260207);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const named = ["a", "%61", "b+c", "b%20c", "%E2%82%AC"];
  const others = ["A", "", "aa", "b++c", "a;b", "%", "%6", "%zz", "%2561", "%E2%82", "b%2bc"];
  const values = ["", "=", "=1", "=a", "=a=b", "=%26", "=?x", "=+"];
  const spec = specOf({ query: { remove: ["a", "b c"], set: [{ name: "€", value: "2" }] } });

  for (let round = 0; round < 2_000; round++) {
    const given = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
      const isNamed = random() < 0.4;
      const name = pick(isNamed ? named : others);
      return { isNamed, isSet: name === "%E2%82%AC", text: name + pick(values) };
    });
    const path = `/p?${given.map(({ text }) => text).join("&")}`;
    const at = given.findIndex(({ isSet }) => isSet);
    const set = { isNamed: false, isSet: true, text: "%E2%82%AC=2" };
    const placed = at < 0 ? [...given, set] : given.with(at, set);
    const expected = placed.filter(({ isNamed }) => !isNamed).map(({ text }) => text);

    expect(rewriteTarget(spec, { ...TARGET, path })).toMatchObject({ path: `/p?${expected.join("&")}` });
  }
});

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function specOf(rewrite: Partial<RewriteSpec>): RewriteSpec {
  return { host: undefined, pathPrefix: undefined, pattern: undefined, query: undefined, ...rewrite };
}

function pathAfter(rewrite: Partial<RewriteSpec>, path: string): string {
  const result = rewriteTarget(specOf(rewrite), { ...TARGET, path });
  if ("problem" in result) throw new Error(result.problem);
  return result.path;
}

function pairsOf(text: string) {
  if (text === "") return [];
  return text.split("&").map((pair) => {
    const [name = "", value = ""] = pair.split("=");
    return { name, value };
  });
}
