/** What a policy decides: which rule, what it does on the way, and what becomes of it. */
import { describe, expect, test } from "bun:test";
import type { Decision, TraceStep, User } from "../../../src/policy/decision.ts";
import type { Policy } from "../../../src/policy/rules/policy.ts";
import type { PolicySpec, RuleSpec } from "../../../src/policy/spec.ts";
import { ALICE, BOB, CLIENT, hostList, policyOf, requestOf } from "./rules.ts";

const GET = "GET http://a.example/x";
const CONNECT = "CONNECT a.example:443";
const REDIRECT = { to: "http://b.example{path}", status: 307 } as const;

type Parts = Partial<RuleSpec>;

// rules | the rest of the policy | asked | decided
const decisions = [
  ["no rule allows by default", [], {}, GET, "allow by default"],
  ["no rule denies by default when told so", [], { default: "deny" }, GET, "deny by default"],
  ["the first that matches decides", [{ action: "allow" }, { action: "deny" }], {}, GET, "allow by allow"],
  [
    "what does not match does not",
    [{ action: "allow", methods: ["PUT"] }, { action: "deny" }],
    {},
    GET,
    "deny by deny",
  ],
  ["a reset is one", [{ action: "reset" }], {}, GET, "reset by reset"],
  ["a reset of a tunnel too", [{ action: "reset" }], {}, CONNECT, "reset by reset"],
  [
    "a redirect tells where to",
    [{ action: "redirect", redirect: REDIRECT }],
    {},
    GET,
    "redirect by redirect to http://b.example/x (307)",
  ],
  [
    "a redirect of a tunnel denies it",
    [{ action: "redirect", redirect: REDIRECT }],
    {},
    CONNECT,
    "deny by redirect",
  ],
  [
    "what takes effect does not decide",
    [{ action: "tag", tags: ["t"] }],
    { default: "deny" },
    GET,
    "deny by default",
  ],
  ["an audit lets a denial pass", [{ action: "deny" }], { mode: "audit" }, GET, "allow by deny, would deny"],
  ["an audit lets a reset pass", [{ action: "reset" }], { mode: "audit" }, GET, "allow by reset, would deny"],
  [
    "an audit lets a redirect pass",
    [{ action: "redirect", redirect: REDIRECT }],
    { mode: "audit" },
    GET,
    "allow by redirect, would deny",
  ],
  [
    "an audit lets the default pass",
    [],
    { mode: "audit", default: "deny" },
    GET,
    "allow by default, would deny",
  ],
  [
    "an audit of rules lets the default pass",
    [{ methods: ["PUT"] }],
    { mode: "audit", default: "deny" },
    GET,
    "allow by default, would deny",
  ],
  [
    "an audit stops at what would decide",
    [{ action: "deny" }, { action: "allow" }],
    { mode: "audit" },
    GET,
    "allow by deny, would deny",
  ],
  [
    "an audit allows what is allowed",
    [{ action: "allow" }],
    { mode: "audit", default: "deny" },
    GET,
    "allow by allow",
  ],
] satisfies readonly (readonly [string, readonly Parts[], Partial<PolicySpec>, string, string])[];

test.each(decisions)("%s", (_, rules, rest, line, decided) => {
  expect(show(decide(policyOf(rules, rest), line))).toBe(decided);
});

const users: Parts = { action: "allow", users: ["alice"] };

// What a user could have done | rules | who asks | decided
const logIns = [
  ["whoever is not logged in may log in", [users], undefined, GET, "log-in by default"],
  ["for a tunnel too", [users], undefined, CONNECT, "log-in by default"],
  [
    "groups are reached by logging in too",
    [{ action: "allow", groups: ["ops"] }],
    undefined,
    GET,
    "log-in by default",
  ],
  ["the user that is wanted passes", [users], ALICE, GET, "allow by allow"],
  ["another user is denied", [users], BOB, GET, "deny by default"],
  [
    "a rule that denies others may be passed by logging in",
    [users, { action: "deny" }],
    undefined,
    GET,
    "log-in by deny",
  ],
  ["not when it comes first", [{ action: "deny" }, users], undefined, GET, "deny by deny"],
  [
    "not when the rule would not match anyhow",
    [{ ...users, hosts: ["b.example"] }],
    undefined,
    GET,
    "deny by default",
  ],
  ["not when its path would not match", [{ ...users, paths: ["/y"] }], undefined, GET, "deny by default"],
  [
    "not when its method would not match",
    [{ ...users, methods: ["PUT"] }],
    undefined,
    GET,
    "deny by default",
  ],
  [
    "not when its port would not match",
    [{ ...users, ports: [{ from: 1, to: 1 }] }],
    undefined,
    GET,
    "deny by default",
  ],
  [
    "not when its client would not match",
    [{ ...users, clients: ["10.0.0.0/8"] }],
    undefined,
    GET,
    "deny by default",
  ],
  [
    "its address is not known yet",
    [{ ...users, addresses: ["10.0.0.0/8"] }],
    undefined,
    GET,
    "log-in by default",
  ],
  ["not for a rule that denies users", [{ action: "deny", users: ["*"] }], undefined, GET, "deny by default"],
  ["not for a tag", [{ action: "tag", tags: ["t"], users: ["*"] }], undefined, GET, "deny by default"],
  ["a reset says nothing", [users, { action: "reset" }], undefined, GET, "reset by reset"],
  [
    "a redirect redirects",
    [users, { action: "redirect", redirect: REDIRECT }],
    undefined,
    GET,
    "redirect by redirect to http://b.example/x (307)",
  ],
] satisfies readonly (readonly [string, readonly Parts[], User | undefined, string, string])[];

test.each(logIns)("log-in: %s", (_, rules, user, line, decided) => {
  expect(show(decide(policyOf(rules, { default: "deny" }), line, user))).toBe(decided);
});

test("an audit does not ask to log in", () => {
  const policy = policyOf([users], { default: "deny", mode: "audit" });

  expect(show(decide(policy, GET))).toBe("allow by default, would deny");
});

describe("effects", () => {
  test("of all rules on the way are kept, in order, and of none behind the decision", () => {
    const request = { remove: ["a"], set: [], add: [] };
    const response = { remove: ["b"], set: [], add: [] };
    const content = { mediaTypes: [], extensions: ["exe"], requestBytes: 1, answerBytes: undefined };
    const policy = policyOf([
      { name: "one", action: "tag", tags: ["x", "y"] },
      { name: "two", action: "limit", limit: "slow" },
      { name: "three", action: "headers", request, response },
      { name: "four", action: "tag", tags: ["no"], methods: ["PUT"] },
      { name: "five", action: "tag", tags: ["y", "z"] },
      { name: "six", action: "content", content },
      { name: "seven", action: "allow" },
      { name: "eight", action: "tag", tags: ["late"] },
    ]);

    expect(decide(policy, GET).effects).toEqual({
      rules: [0, 1, 2, 4, 5],
      tags: ["x", "y", "z"],
      limits: [{ limit: "slow", rule: "two" }],
      request: [request],
      response: [response],
      content: [{ ...content, rule: "six" }],
      target: undefined,
    });
  });

  test("of content are none for a tunnel", () => {
    const content = { mediaTypes: [], extensions: ["exe"], requestBytes: undefined, answerBytes: undefined };
    const policy = policyOf([{ action: "content", content }]);

    expect(decide(policy, CONNECT).effects).toBeUndefined();
  });

  test("stay when the request is denied, or an audit lets it pass", () => {
    const rules: Parts[] = [{ action: "tag", tags: ["t"] }, { action: "deny" }];

    expect(decide(policyOf(rules), GET).effects?.tags).toEqual(["t"]);
    expect(decide(policyOf(rules, { mode: "audit" }), GET).effects?.tags).toEqual(["t"]);
  });

  test("are one object for all requests that go the same way, and so are decisions", () => {
    const policy = policyOf([
      { action: "tag", tags: ["t"] },
      { action: "allow", hosts: [".example"] },
    ]);

    expect(decide(policy, GET)).toBe(decide(policy, "GET http://b.example/"));
    expect(decide(policy, GET)).not.toBe(decide(policy, "GET http://b.test/"));
  });

  test("are right when clients choose more ways than are kept", () => {
    const names = Array.from({ length: 12 }, (_, at) => `h${at}`);
    const policy = policyOf(
      names.map((name) => ({ name, action: "tag", tags: [name], headers: [{ name, value: undefined }] })),
    );
    const who = policy.who(CLIENT, 0, undefined);
    for (let chosen = 4_095; chosen > 0; chosen--) {
      const tags = names.filter((_, at) => (chosen & (1 << at)) !== 0);
      const fieldLines = tags.map((name) => `${name}: 1\r\n`).join("");
      const decision = policy.decide(who, requestOf(GET, { fieldLines }));
      if (decision.effects?.tags.join() !== tags.join()) expect(decision.effects?.tags).toEqual(tags);
    }
  });
});

test("lists are swapped whole, and what was known of hosts with them", () => {
  const policy = policyOf([{ lists: ["ads"] }], { hostLists: { ads: hostList("a.example") } });
  const before = decide(policy, GET);

  policy.setLists(new Map([["ads", hostList("b.example")]]));

  expect(before).toMatchObject({ verdict: "deny", list: "ads" });
  expect(decide(policy, GET)).toMatchObject({ verdict: "allow", list: undefined });
  expect(decide(policy, "GET http://b.example/")).toMatchObject({ verdict: "deny", list: "ads" });
});

test("a decision names the list that matched", () => {
  const hostLists = { one: hostList("a.example"), two: hostList("b.example") };
  const policy = policyOf([{ lists: ["one", "two"], hosts: ["c.example"] }], { hostLists });
  const listOf = (host: string) => decide(policy, `GET http://${host}/`).list;

  expect(["a", "b", "c", "a"].map((name) => listOf(`${name}.example`))).toEqual([
    "one",
    "two",
    undefined,
    "one",
  ]);
});

test("decides alike for more hosts and ports than it remembers", () => {
  const policy = policyOf([{ hosts: [".deny.example"] }, { ports: [{ from: 7, to: 7 }] }]);
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 10_000; at++) {
      const isDenied = at % 3 === 0;
      const host = `h${at}.${isDenied ? "deny" : "allow"}.example`;
      const port = 1 + (at % 300);
      const { verdict } = decide(policy, `GET http://${host}:${port}/`);
      if ((verdict === "deny") !== (isDenied || port === 7)) expect([host, port, verdict]).toEqual([]);
    }
  }
});

test("a trace shows every rule, and none behind the one that decided", () => {
  const trace: TraceStep[] = [];
  const policy = policyOf([
    { name: "one", action: "tag", tags: ["t"] },
    { name: "two", action: "deny", hosts: ["b.example"] },
    { name: "three", action: "allow", hosts: [".example"], methods: ["GET"] },
    { name: "four", action: "deny" },
  ]);

  policy.decide(policy.who(CLIENT, 0, undefined), requestOf(GET), trace);

  expect(trace).toEqual([
    { rule: "one", action: "tag", outcome: "took_effect", because: "it matches everything" },
    { rule: "two", action: "deny", outcome: "did_not_match", because: "hosts: not a.example" },
    { rule: "three", action: "allow", outcome: "decided", because: "hosts: .example; methods: GET" },
  ]);
});

test("a trace ends in the default when no rule decides, also without any rule", () => {
  const last = {
    rule: "default",
    action: "default",
    outcome: "decided",
    because: "no rule decided, and the default is allow",
  };
  const ofNone: TraceStep[] = [];
  const ofOne: TraceStep[] = [];

  decide(policyOf([]), GET, undefined, ofNone);
  decide(policyOf([{ methods: ["PUT"] }]), GET, undefined, ofOne);

  expect(ofNone).toEqual([last as TraceStep]);
  expect(ofOne.at(-1)).toEqual(last as TraceStep);
});

function decide(policy: Policy, line: string, user?: User, trace?: TraceStep[]): Decision {
  return policy.decide(policy.who(CLIENT, 0, user), requestOf(line), trace);
}

function show({ verdict, rule, ruleIndex, redirect, wouldDeny }: Decision): string {
  expect(ruleIndex < 0).toBe(rule === "default");
  const where = redirect === undefined ? "" : ` to ${redirect.location} (${redirect.status})`;
  return `${verdict} by ${rule}${where}${wouldDeny ? ", would deny" : ""}`;
}
