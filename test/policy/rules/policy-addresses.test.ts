/** Rules that want to know what a host resolves to. */
import { expect, test } from "bun:test";
import type { AddressDecision, TraceStep, User } from "../../../src/policy/decision.ts";
import type { Policy } from "../../../src/policy/rules/policy.ts";
import type { PolicySpec, RuleSpec } from "../../../src/policy/spec.ts";
import { addressOf, CLIENT, hostList, policyOf, requestOf } from "./rules.ts";

type Parts = Partial<RuleSpec>;

const GET = "GET http://a.example/x";
const NETS = { nets: hostList("203.0.113.7", "listed.example"), names: hostList("listed.example") };
const PRIVATE: Parts = { action: "allow", addresses: ["10.0.0.0/8"] };
const BLOCKED: Parts = { action: "deny", addresses: ["203.0.113.0/24", "2001:db8::/32"] };
const REDIRECT: Parts = { action: "redirect", redirect: { to: "http://b.example{path}", status: 302 } };

// rules | the rest | asked | first, before anything is resolved | then, for each address
const rows = [
  [
    "what no rule asks about is not waited for",
    [{ action: "allow" }, BLOCKED],
    {},
    GET,
    "allow by allow",
    {},
  ],
  [
    "a denial by address",
    [BLOCKED],
    {},
    GET,
    "by-address by deny",
    { "203.0.113.9": "deny by deny", "198.51.100.1": "allow by default", "2001:db8::1": "deny by deny" },
  ],
  [
    "a reset by address",
    [{ ...BLOCKED, action: "reset" }],
    {},
    GET,
    "by-address by reset",
    { "203.0.113.9": "reset by reset" },
  ],
  [
    "through NAT64 and 6to4 it is the same address",
    [BLOCKED],
    {},
    GET,
    "by-address by deny",
    {
      "64:ff9b::203.0.113.9": "deny by deny",
      "2002:cb00:7109::1": "deny by deny",
      "64:ff9b::c633:6401": "allow by default",
    },
  ],
  [
    "leave by address opens what is special",
    [PRIVATE],
    {},
    GET,
    "by-address by allow",
    { "10.1.2.3": "allow by allow, opens special", "192.168.0.1": "allow by default" },
  ],
  [
    "leave by address opens no more than it names",
    [{ action: "allow", addresses: ["0.0.0.0/0"] }],
    {},
    GET,
    "by-address by allow",
    { "10.1.2.3": "allow by allow", "198.51.100.1": "allow by allow" },
  ],
  [
    "leave by one of two ranges",
    [{ action: "allow", addresses: ["0.0.0.0/0", "10.1.2.3"] }],
    {},
    GET,
    "by-address by allow",
    { "10.1.2.3": "allow by allow, opens special", "10.1.2.4": "allow by allow" },
  ],
  [
    "leave for an IPv4 address is none for IPv6 that carries it",
    [PRIVATE],
    {},
    GET,
    "by-address by allow",
    { "64:ff9b::10.1.2.3": "allow by default" },
  ],
  [
    "a rule in between decides",
    [BLOCKED, { action: "reset", hosts: ["a.example"] }],
    {},
    GET,
    "reset by reset",
    {},
  ],
  [
    "a rule behind it decides for other addresses",
    [PRIVATE, { action: "reset" }],
    {},
    GET,
    "by-address by allow",
    { "10.0.0.1": "allow by allow, opens special", "11.0.0.1": "reset by reset" },
  ],
  [
    "a redirect behind it redirects for other addresses",
    [PRIVATE, REDIRECT],
    {},
    GET,
    "by-address by allow",
    { "11.0.0.1": "redirect by redirect to http://b.example/x" },
  ],
  [
    "of a tunnel it denies",
    [PRIVATE, REDIRECT],
    {},
    "CONNECT a.example:443",
    "by-address by allow",
    { "11.0.0.1": "deny by redirect" },
  ],
  [
    "two that wait, in order",
    [BLOCKED, { action: "allow", addresses: ["203.0.0.0/16"] }],
    { default: "deny" },
    GET,
    "by-address by deny",
    { "203.0.113.9": "deny by deny", "203.0.1.1": "allow by allow", "8.8.8.8": "deny by default" },
  ],
  [
    "what is refused anyhow is not resolved",
    [BLOCKED, { action: "allow", hosts: ["b.example"] }],
    { default: "deny" },
    GET,
    "deny by default",
    {},
  ],
  ["nor when it is refused in another way", [BLOCKED, { action: "reset" }], {}, GET, "reset by reset", {}],
  [
    "nor to have somebody log in",
    [BLOCKED, { action: "allow", users: ["*"] }],
    { default: "deny" },
    GET,
    "log-in by default",
    {},
  ],
  [
    "an address may ask to log in",
    [PRIVATE, { action: "allow", users: ["*"] }],
    { default: "deny" },
    GET,
    "by-address by allow",
    { "8.8.8.8": "log-in by default" },
  ],
  [
    "a rule whose path does not match is not waited for",
    [{ ...BLOCKED, paths: ["/y"] }],
    {},
    GET,
    "allow by default",
    {},
  ],
  [
    "an audit lets addresses pass",
    [BLOCKED],
    { mode: "audit" },
    GET,
    "by-address by deny",
    { "203.0.113.9": "allow by deny, would deny", "8.8.8.8": "allow by default" },
  ],
  [
    "a list with addresses waits",
    [{ lists: ["names", "nets"] }],
    {},
    GET,
    "by-address by deny",
    {
      "203.0.113.7": "deny by deny (nets)",
      "203.0.113.8": "allow by default",
      "64:ff9b::203.0.113.7": "deny by deny (nets)",
    },
  ],
  ["a list without addresses does not", [{ lists: ["names"] }], {}, GET, "allow by default", {}],
  [
    "a list that holds the name does not",
    [{ lists: ["nets"] }],
    {},
    "GET http://listed.example/",
    "deny by deny (nets)",
    {},
  ],
  [
    "a rule that names the host does not",
    [{ hosts: ["a.example"], lists: ["nets"] }],
    {},
    GET,
    "deny by deny",
    {},
  ],
  [
    "a list that allows by address opens nothing special",
    [{ action: "allow", lists: ["nets"] }],
    { default: "deny" },
    GET,
    "by-address by allow",
    { "203.0.113.7": "allow by allow (nets)", "8.8.8.8": "deny by default" },
  ],
  [
    "a list and addresses must both hold it",
    [{ lists: ["nets"], addresses: ["203.0.113.0/24"] }],
    {},
    GET,
    "by-address by deny",
    { "203.0.113.7": "deny by deny (nets)", "203.0.113.8": "allow by default" },
  ],
  [
    "a redirect by a list with addresses waits",
    [{ ...REDIRECT, lists: ["nets"] }],
    {},
    GET,
    "by-address by redirect",
    { "203.0.113.7": "redirect by redirect to http://b.example/x (nets)", "8.8.8.8": "allow by default" },
  ],
  [
    "a tag by a list goes by names alone",
    [{ action: "tag", tags: ["t"], lists: ["nets"] }],
    {},
    GET,
    "allow by default",
    {},
  ],
  [
    "a host that is an address waits when it matches",
    [PRIVATE],
    {},
    "GET http://10.1.2.3/",
    "by-address by allow",
    { "10.1.2.3": "allow by allow, opens special" },
  ],
  [
    "a host that is an address does not wait when it does not",
    [PRIVATE],
    {},
    "GET http://8.8.8.8/",
    "allow by default",
    {},
  ],
  [
    "a host that is an address in a list is known",
    [{ lists: ["nets"] }],
    {},
    "GET http://203.0.113.7/",
    "deny by deny (nets)",
    {},
  ],
] satisfies readonly (readonly [
  string,
  readonly Parts[],
  Partial<PolicySpec>,
  string,
  string,
  Record<string, string>,
])[];

test.each(rows)("%s", (_, rules, rest, line, first, then) => {
  const policy = policyOf(rules, { ...rest, hostLists: NETS });
  const who = policy.who(CLIENT, 0, undefined);
  const waiting = policy.decide(who, requestOf(line));

  expect(`${waiting.verdict} by ${waiting.rule}${inList(waiting.list)}`).toBe(first);
  for (const [address, expected] of Object.entries<string>(then)) {
    const decided = policy.decideAddress(who, requestOf(line), waiting, addressOf(address));
    expect([address, show(decided)]).toEqual([address, expected]);
    expect(policy.decideAddress(who, requestOf(line), waiting, addressOf(address))).toEqual(decided);
  }
});

test("effects behind a rule that waits hold whatever the host resolves to", () => {
  const policy = policyOf([
    BLOCKED,
    { action: "limit", limit: "slow" },
    { action: "allow" },
    { action: "tag", tags: ["t"] },
  ]);

  const waiting = policy.decide(policy.who(CLIENT, 0, undefined), requestOf(GET));

  expect(waiting).toMatchObject({ verdict: "by-address", ruleIndex: 0 });
  expect(waiting.effects).toMatchObject({ rules: [1], limits: [{ limit: "slow", rule: "limit" }], tags: [] });
});

test("what a rewrite leads to is what an address is judged for", () => {
  const policy = policyOf([
    { ...BLOCKED, hosts: ["b.example"] },
    {
      action: "rewrite",
      hosts: ["a.example"],
      rewrite: { host: "b.example", pathPrefix: undefined, pattern: undefined, query: undefined },
    },
  ]);
  const who = policy.who(CLIENT, 0, undefined);

  const waiting = policy.decide(who, requestOf(GET));

  expect(waiting).toMatchObject({ verdict: "by-address", effects: { target: { host: "b.example" } } });
  expect(show(policy.decideAddress(who, requestOf(GET), waiting, addressOf("203.0.113.1")))).toBe(
    "deny by deny",
  );
});

test("a trace goes up to what waits, and from there on for each address", () => {
  const policy = policyOf(
    [
      { name: "tagged", action: "tag", tags: ["t"] },
      { name: "blocked", ...BLOCKED },
      { name: "listed", lists: ["nets"] },
      { name: "slow", action: "limit", limit: "l" },
    ],
    { hostLists: NETS },
  );

  expect(traced(policy, undefined)).toEqual([
    "tagged took_effect: it matches everything",
    "blocked waits_for_address: addresses: 203.0.113.0/24, 2001:db8::/32",
    "listed waits_for_address: lists: nets",
    "slow took_effect: it matches everything",
  ]);
  expect(traced(policy, "198.51.100.1")).toEqual([
    "blocked did_not_match: addresses: not 198.51.100.1",
    "listed did_not_match: lists: not 198.51.100.1",
    "default decided: no rule decided, and the default is allow",
  ]);
  expect(traced(policy, "203.0.113.7")).toEqual(["blocked decided: addresses: 203.0.113.0/24"]);
});

test("a trace names the list that holds an address", () => {
  const policy = policyOf([{ lists: ["names", "nets"] }], { hostLists: NETS });

  expect(traced(policy, "203.0.113.7")).toEqual(["deny decided: lists: nets"]);
});

function traced(policy: Policy, address: string | undefined, user?: User): string[] {
  const who = policy.who(CLIENT, 0, user);
  const steps: TraceStep[] = [];
  const waiting = policy.decide(who, requestOf(GET), address === undefined ? steps : undefined);
  if (address !== undefined) policy.decideAddress(who, requestOf(GET), waiting, addressOf(address), steps);
  return steps.map(({ rule, outcome, because }) => `${rule} ${outcome}: ${because}`);
}

function show({ verdict, rule, list, redirect, wouldDeny, opensSpecial }: AddressDecision): string {
  const where = redirect === undefined ? "" : ` to ${redirect.location}`;
  const more = `${wouldDeny ? ", would deny" : ""}${opensSpecial ? ", opens special" : ""}`;
  return `${verdict} by ${rule}${where}${inList(list)}${more}`;
}

function inList(list: string | undefined): string {
  return list === undefined ? "" : ` (${list})`;
}
