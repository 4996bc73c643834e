import { describe, expect, test } from "bun:test";
import { renderExplanation } from "../../src/cli/explain-text.ts";
import type { Explanation } from "../../src/runtime/explain.ts";
import type { ExplainedAddress } from "../../src/runtime/explain-address.ts";

const REFUSED: ExplainedAddress = {
  address: "10.1.2.3",
  verdict: "deny",
  because: "10.1.2.3 is refused unless a rule allows it by address (private address, RFC 1918)",
  rule: "addresses",
  list: undefined,
  isOwn: false,
  wouldDeny: false,
  special: { kind: "private", range: "10.0.0.0/8", source: "RFC 1918" },
  redirect: undefined,
  steps: [],
};

const ALLOWED: Explanation = {
  request: {
    kind: "http",
    method: "GET",
    target: "http://pkg.example.com/a",
    host: "pkg.example.com",
    port: 80,
    client: "127.0.0.1",
    listener: "127.0.0.1:8888",
    user: "ci",
    groups: ["build", "dev"],
  },
  verdict: "allow",
  because: 'rule "packages" allows it',
  rule: "packages",
  list: undefined,
  wouldDeny: false,
  redirect: undefined,
  mode: "enforce",
  steps: [
    { rule: "no-ads", action: "deny", outcome: "did_not_match", because: "lists: not pkg.example.com" },
    { rule: "ci", action: "tag", outcome: "took_effect", because: "users: ci" },
    { rule: "lan", action: "deny", outcome: "waits_for_address", because: "addresses: 10.0.0.0/8" },
  ],
  effects: {
    tags: ["ci"],
    limits: [{ limit: "slow", rule: "slowly" }],
    request: [{ remove: ["Cookie"], set: [{ name: "X-Env", value: "ci" }], add: [] }],
    response: [{ remove: [], set: [], add: [{ name: "X-By", value: "us" }] }],
    content: [
      { rule: "exe", mediaTypes: [], extensions: ["exe"], requestBytes: undefined, answerBytes: undefined },
    ],
    target: "http://mirror.example/a",
  },
  addresses: [
    {
      ...REFUSED,
      address: "1.0.2.1",
      verdict: "allow",
      because: 'rule "packages" allows it',
      special: undefined,
      steps: [{ rule: "lan", action: "deny", outcome: "did_not_match", because: "addresses: not 1.0.2.1" }],
    },
    REFUSED,
  ],
  unresolved: undefined,
  notes: ["Limits and bans depend on what else goes on, and are not judged"],
};

test("a page says the verdict first, then how it came about", () => {
  expect(renderExplanation(ALLOWED, false)).toBe(`\
GET http://pkg.example.com/a from 127.0.0.1 at 127.0.0.1:8888, ci (build, dev)
allowed: rule "packages" allows it

rules
  no-ads  deny  no match               lists: not pkg.example.com
  ci      tag   takes effect           users: ci
  lan     deny  waits for the address  addresses: 10.0.0.0/8

effects
  rewritten  http://mirror.example/a
  tags       ci
  limits     slow (rule slowly)
  request    Cookie removed; X-Env set to ci
  answer     X-By: us added
  content    checked by rule exe

addresses
  1.0.2.1   allowed  rule "packages" allows it
                     lan: no match, addresses: not 1.0.2.1
  10.1.2.3  denied   10.1.2.3 is refused unless a rule allows it by address (private address, RFC 1918)

notes
  Limits and bans depend on what else goes on, and are not judged.
`);
});

test("nothing is said of what there is nothing to say", () => {
  const { request } = ALLOWED;
  const early = {
    ...ALLOWED,
    request: { ...request, user: undefined, groups: [] },
    verdict: "reset" as const,
    because: "127.0.0.1 is not among the listener's clients",
    rule: undefined,
    steps: [],
    effects: undefined,
    addresses: [],
    notes: [],
  };

  expect(renderExplanation(early, false)).toBe(`\
GET http://pkg.example.com/a from 127.0.0.1 at 127.0.0.1:8888, nobody has logged in
cut off: 127.0.0.1 is not among the listener's clients
`);
});

test("what a request would have had done to it is left out when it is refused", () => {
  expect(renderExplanation({ ...ALLOWED, verdict: "deny" }, false)).not.toContain("effects");
});

describe("whoever wants it to pass is told what to do", () => {
  const denied = { ...ALLOWED, verdict: "deny" as const, addresses: [] };
  // What it shows | the answer | a part of the note.
  const rows: readonly (readonly [string, Explanation, string])[] = [
    ["denied by default", { ...denied, rule: "default" }, 'add a rule with "action: allow" that matches it'],
    ["a special address", { ...denied, rule: "addresses", addresses: [REFUSED] }, '"addresses: [10.1.2.3]"'],
    [
      "a special address denied by default",
      { ...denied, rule: "default", request: { ...ALLOWED.request, host: "169.254.169.254" } },
      '"addresses: [169.254.169.254]"',
    ],
    ["nobody has logged in", { ...denied, verdict: "log-in" }, "Ask again with --user"],
    ["an address that is not known", { ...denied, verdict: "unknown" }, "Ask again where the host resolves"],
    ["a host without one", { ...ALLOWED, unresolved: "a does not resolve now" }, "judged when it resolves"],
  ];

  test.each(rows)("%s", (_, explanation, note) => {
    expect(renderExplanation(explanation, false).split("\nnotes\n")[1]).toContain(note);
  });

  test("but not when a rule of theirs denies it, or it is the proxy itself", () => {
    for (const explanation of [
      { ...denied, rule: "no" },
      { ...denied, rule: undefined, addresses: [{ ...REFUSED, isOwn: true }] },
    ]) {
      expect(renderExplanation(explanation, false)).not.toContain("To let it pass");
    }
  });
});

test("the verdict of an audit is no plain one", () => {
  const audit = {
    ...ALLOWED,
    wouldDeny: true,
    because: 'rule "no" would refuse it, but an audit lets it pass',
  };

  expect(renderExplanation(audit, false)).toContain("\nallowed, but would be refused: rule");
});

test("an address that does not resolve stands with the verdict", () => {
  const explanation = { ...ALLOWED, unresolved: "a.example does not resolve now (ENOTFOUND)" };

  expect(renderExplanation(explanation, false)).toContain(
    "allows it; a.example does not resolve now (ENOTFOUND)\n",
  );
});

test("colours tell the verdict only when asked for", () => {
  expect(renderExplanation(ALLOWED, true)).toContain("\x1b[32mallowed\x1b[0m");
  expect(renderExplanation({ ...ALLOWED, verdict: "deny" }, true)).toContain("\x1b[31mdenied\x1b[0m");
  expect(renderExplanation({ ...ALLOWED, wouldDeny: true }, true)).toContain("\x1b[33mallowed");
  expect(renderExplanation(ALLOWED, false)).not.toContain("\x1b");
});
