/** What must hold between a rule and everything that it names. */
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";

const ANN = { name: "ann", password: "p", groups: ["staff"] };
const CI = { name: "ci", token: "0123456789abcdef", groups: ["robots"] };

// What it shows | a rule, without its name | what stands beside it.
const sound: readonly (readonly [string, object, object?])[] = [
  ["a rule without any matcher", { action: "deny" }],
  [
    "users, tokens and whoever has logged in",
    { action: "allow", users: ["ann", "ci", "*"] },
    { authentication: { users: [ANN], tokens: [CI] } },
  ],
  [
    "anybody, with an htpasswd file",
    { action: "allow", users: ["zoe"] },
    { authentication: { htpasswd: "a" } },
  ],
  [
    "groups, however they came to be",
    { action: "allow", groups: ["staff", "robots", "guests"] },
    { authentication: { users: [ANN], tokens: [CI], groups: [{ name: "guests" }] } },
  ],
  ["a listener, however it is spelled", { action: "deny", listeners: ["localhost:8888"] }],
  ["a list", { action: "deny", lists: ["ads"] }, { policy: { lists: [{ name: "ads", file: "a" }] } }],
  ["a reset by address", { action: "reset", addresses: ["10.0.0.0/8"] }],
  ["a redirect", { action: "redirect", redirect: { to: "/" } }],
  ["a rewrite of the query alone", { action: "rewrite", rewrite: { query: { remove: ["a"] } } }],
  ["a replacement with every group", { action: "rewrite", rewrite: pattern("(a)(b)", "$2$1$0$$9") }],
  ["changes to answers alone", { action: "headers", response: { remove: ["Server"] } }],
  ["a limit", limited({}).rule, limited({}).beside],
  ["tags", { action: "tag", tags: ["ci"] }],
  ["a size", { action: "content", content: { answerBytes: "0B" } }],
];

// Bun hands a callback to a row that is too short.
test.each(sound.map(([name, rule, beside = {}]) => [name, rule, beside] as const))(
  "%s",
  (_, rule, beside) => {
    expect(problemsOf(rule, beside)).toEqual([]);
  },
);

// What it shows | a rule, without its name | its problems, behind `policy.rules[0]` | what stands beside it.
const conflicts: readonly (readonly [string, object, readonly string[], object?])[] = [
  [
    "nobody of that name",
    { action: "allow", users: ["ann", "anne", "bob"] },
    [
      '.users[1]: Expected the name of a user or token, or "*", found "anne", did you mean "ann"?',
      '.users[2]: Expected the name of a user or token, or "*", found "bob"',
    ],
    { authentication: { users: [ANN] } },
  ],
  [
    "no group of that name",
    { action: "allow", groups: ["stuff"] },
    ['.groups[0]: Expected the name of a group, found "stuff", did you mean "staff"?'],
    { authentication: { users: [ANN] } },
  ],
  [
    "no listener there",
    { action: "deny", listeners: ["127.0.0.1:80"] },
    [
      '.listeners[0]: Expected the address of a listener, found "127.0.0.1:80", did you mean "127.0.0.1:8888"?',
    ],
  ],
  [
    "no list of that name",
    { action: "deny", lists: ["bads"] },
    ['.lists[0]: Expected the name of one of policy.lists, found "bads", did you mean "ads"?'],
    { policy: { lists: [{ name: "ads", file: "a" }] } },
  ],
  [
    "no limit of that name",
    { action: "limit", limit: "slow" },
    ['.limit: Expected the name of one of policy.limits, found "slow"'],
  ],
  ["a redirect to nowhere", { action: "redirect" }, [missing("redirect", "redirect")]],
  ["a rewrite of nothing", { action: "rewrite", rewrite: { query: {} } }, [missing("rewrite", "rewrite")]],
  [
    "changes of nothing",
    { action: "headers", request: { set: [] }, response: {} },
    [missing("request or response", "headers")],
  ],
  ["a limit without a name", { action: "limit" }, [missing("limit", "limit")]],
  ["no tags", { action: "tag", tags: [] }, [missing("tags", "tag")]],
  ["content that says nothing", { action: "content", content: {} }, [missing("content", "content")]],
  [
    "what other actions want to know",
    {
      action: "deny",
      redirect: { to: "/" },
      rewrite: { host: "a.example" },
      request: { remove: ["A"] },
      response: {},
      tags: ["a"],
      content: { extensions: ["exe"] },
    },
    [
      surplus("redirect", "deny", "redirect", "a group of settings"),
      surplus("rewrite", "deny", "rewrite", "a group of settings"),
      surplus("request", "deny", "headers", "a group of settings"),
      surplus("response", "deny", "headers", "a group of settings"),
      surplus("tags", "deny", "tag", "a list"),
      surplus("content", "deny", "content", "a group of settings"),
    ],
  ],
  [
    "an effect that waits for the address",
    { action: "tag", tags: ["a"], addresses: ["10.0.0.0/8"] },
    [
      '.addresses: Expected nothing, for the action is "tag" and not "allow", "deny" or "reset", found a list',
    ],
  ],
  [
    "a group that is not there",
    { action: "rewrite", rewrite: pattern("(a)(?:b)", "$1$2") },
    [".rewrite.pattern.to: Expected groups up to $1, found $2"],
  ],
  [
    "a group where there is none",
    { action: "rewrite", rewrite: pattern("a", "$$1$1") },
    [".rewrite.pattern.to: Expected no group, for from has none, found $1"],
  ],
];

test.each(conflicts.map(([name, rule, problems, beside = {}]) => [name, rule, problems, beside] as const))(
  "refuses %s",
  (_, rule, problems, beside) => {
    expect(problemsOf(rule, beside)).toEqual(problems.map((problem) => `policy.rules[0]${problem}`));
  },
);

test("two rules of one name are told apart by their places", () => {
  const rules = ["a", "b", "a", "a"].map((name) => ({ name, action: "deny" }));

  expect(parseConfig({ policy: { rules } }, {})).toEqual({
    ok: false,
    problems: [
      "policy.rules[2].name: Expected another name, found that of policy.rules[0]",
      "policy.rules[3].name: Expected another name, found that of policy.rules[0]",
    ],
  });
});

test("a name is not missed while the one that may have it can't be read", () => {
  const problems = problemsOf(
    { action: "deny", lists: ["ads"], users: ["ann"], groups: ["staff"] },
    {
      policy: { lists: [{ name: "ads", file: 1 }] },
      authentication: { users: [{ name: 1, password: "p" }] },
    },
  );

  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "authentication.users[0].name",
    "policy.lists[0].file",
  ]);
});

test("a rule that can't be read conflicts with nothing, and the others do", () => {
  const rules = [
    { name: "a", action: "deny", hosts: [1], lists: ["none"] },
    { name: "a", action: "tag" },
  ];
  const parsed = parseConfig({ policy: { rules } }, {});

  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":")[0])).toEqual([
    "policy.rules[0].hosts[0]",
    "policy.rules[1]",
  ]);
});

function problemsOf(rule: object, beside: object = {}): readonly string[] {
  const { policy, ...rest } = beside as { policy?: object };
  const parsed = parseConfig({ ...rest, policy: { ...policy, rules: [{ name: "a", ...rule }] } }, {});
  return parsed.ok ? [] : parsed.problems;
}

function pattern(from: string, to: string): object {
  return { pattern: { from, to } };
}

function limited(more: object): { rule: object; beside: object } {
  return {
    rule: { action: "limit", limit: "slow" },
    beside: { policy: { limits: [{ name: "slow", by: "rule", requests: "1/s", ...more }] } },
  };
}

function missing(parameters: string, action: string): string {
  return `: Expected something in ${parameters}, for its action is "${action}", found nothing`;
}

function surplus(parameter: string, action: string, other: string, found: string): string {
  return `.${parameter}: Expected nothing, for the action is "${action}" and not "${other}", found ${found}`;
}
