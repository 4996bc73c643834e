/** What is rewritten is judged again, from the first rule. */
import { expect, test } from "bun:test";
import type { Decision, TraceStep } from "../../../src/policy/decision.ts";
import type { RewriteSpec, RuleSpec } from "../../../src/policy/spec.ts";
import { CLIENT, policyOf, requestOf } from "./rules.ts";

const GET = "GET http://a.example/x";

const rewrites = [
  ["goes where it is sent", [to("a", "b")], GET, "allow by default at b.example/x"],
  [
    "is judged by a rule before it",
    [{ hosts: ["b.example"] }, to("a", "b")],
    GET,
    "deny by deny at b.example/x",
  ],
  [
    "is judged by a rule behind it",
    [to("a", "b"), { hosts: ["b.example"] }],
    GET,
    "deny by deny at b.example/x",
  ],
  [
    "is no longer what it was",
    [to("a", "b"), { hosts: ["a.example"] }],
    GET,
    "allow by default at b.example/x",
  ],
  ["is not reached behind a decision", [{ action: "allow" }, to("a", "b")], GET, "allow by allow"],
  [
    "goes through a chain",
    [to("b", "c"), to("a", "b"), { hosts: ["c.example"] }],
    GET,
    "deny by deny at c.example/x",
  ],
  ["ends when it goes in a circle", [to("a", "b"), to("b", "a")], GET, "allow by default at a.example/x"],
  [
    "rewrites once, also what would match for ever",
    [path("/", "/y")],
    GET,
    "allow by default at a.example/y/x",
  ],
  ["does nothing when nothing changes", [to("a", "a"), { action: "allow" }], GET, "allow by allow"],
  [
    "is redirected as what it is now",
    [to("a", "b"), { action: "redirect", redirect: { to: "http://c.example{path}?{host}", status: 302 } }],
    GET,
    "redirect by redirect at b.example/x to http://c.example/x?b.example",
  ],
  ["is denied when it makes no path", [path("/x", "no path")], "GET http://a.example/x", "deny by rewrite"],
  ["does not hold for a tunnel", [to("a", "b")], "CONNECT a.example:443", "allow by default"],
] satisfies readonly (readonly [string, readonly Partial<RuleSpec>[], string, string])[];

test.each(rewrites)("a rewrite %s", (_, rules, line, decided) => {
  const policy = policyOf(rules);
  const who = policy.who(CLIENT, 0, undefined);

  expect(show(policy.decide(who, requestOf(line)))).toBe(decided);
  expect(show(policy.decide(who, requestOf(line)))).toBe(decided);
});

test("what took effect before is kept, and not done twice", () => {
  const policy = policyOf([
    { name: "any", action: "tag", tags: ["any"] },
    { name: "old", action: "limit", limit: "old", hosts: ["a.example"] },
    { name: "new", action: "limit", limit: "new", hosts: ["b.example"] },
    { ...to("a", "b"), name: "there" },
    { name: "end", action: "tag", tags: ["end"] },
  ]);
  const who = policy.who(CLIENT, 0, undefined);

  const { effects } = policy.decide(who, requestOf(GET));

  expect(effects).toMatchObject({
    rules: [0, 1, 3, 2, 4],
    tags: ["any", "end"],
    limits: [
      { limit: "old", rule: "old" },
      { limit: "new", rule: "new" },
    ],
    target: { host: "b.example", port: 80, authority: "b.example", path: "/x" },
  });
  expect(policy.decide(who, requestOf("GET http://a.example/other")).effects?.target?.path).toBe("/other");
});

test("an audit lets a rewrite that makes no path pass as it came", () => {
  const policy = policyOf([path("/x", "no path")], { mode: "audit" });

  const decision = policy.decide(policy.who(CLIENT, 0, undefined), requestOf(GET));

  expect(decision).toMatchObject({ verdict: "allow", rule: "rewrite", wouldDeny: true, effects: undefined });
});

test("a trace tells of both rounds", () => {
  const trace: TraceStep[] = [];
  const policy = policyOf([
    { name: "blocked", hosts: ["b.example"] },
    { ...to("a", "a"), name: "same" },
    { ...to("a", "b"), name: "moved" },
  ]);

  policy.decide(policy.who(CLIENT, 0, undefined), requestOf(GET), trace);

  expect(trace.map(({ rule, outcome, because }) => `${rule} ${outcome}: ${because}`)).toEqual([
    "blocked did_not_match: hosts: not a.example",
    "same did_not_match: it changes nothing",
    "moved took_effect: hosts: a.example; now http://b.example/x",
    "blocked decided: hosts: b.example",
  ]);
});

function to(from: string, host: string): Partial<RuleSpec> {
  return {
    name: "rewrite",
    action: "rewrite",
    hosts: [`${from}.example`],
    rewrite: rewrite({ host: `${host}.example` }),
  };
}

function path(from: string, target: string): Partial<RuleSpec> {
  return { name: "rewrite", action: "rewrite", rewrite: rewrite({ pathPrefix: { from, to: target } }) };
}

function rewrite(parts: Partial<RewriteSpec>): RewriteSpec {
  return { host: undefined, pathPrefix: undefined, pattern: undefined, query: undefined, ...parts };
}

function show({ verdict, rule, redirect, effects }: Decision): string {
  const { target } = effects ?? {};
  const at = target === undefined ? "" : ` at ${target.authority}${target.path}`;
  return `${verdict} by ${rule}${at}${redirect === undefined ? "" : ` to ${redirect.location}`}`;
}
