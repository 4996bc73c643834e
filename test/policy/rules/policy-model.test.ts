/**
 * A policy of bits against one that is written down rule by rule, as the
 * documentation says it, for random policies and requests.
 */
import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import { cidrContains, parseCidr } from "../../../src/policy/address.ts";
import type { RequestFacts, TraceStep, User } from "../../../src/policy/decision.ts";
import type { HostList } from "../../../src/policy/host-list.ts";
import { Policy } from "../../../src/policy/rules/policy.ts";
import type { PolicySpec, RuleSpec } from "../../../src/policy/spec.ts";
import { ALICE, addressOf, BOB, hostList, LISTENERS, policySpec, requestOf } from "./rules.ts";

const LISTS = new Map<string, HostList>([
  ["names", hostList("a.x", "b.y")],
  ["nets", hostList("203.0.113.1", "b.x")],
]);
const ADDRESSES = ["203.0.113.1", "203.0.113.2", "10.0.0.1"];
const POLICIES = 50;
const REQUESTS = 50;

describe("decides what rules one by one decide", () => {
  test.each([1, 2, 3, 4, 5])("seed %d", (seed) => {
    const dice = new Dice(seed);
    for (let round = 0; round < POLICIES; round++) {
      const spec = randomPolicy(dice);
      const policy = new Policy(spec, LISTENERS, LISTS);
      for (let at = 0; at < REQUESTS; at++) compare(spec, policy, randomAsk(dice));
    }
  });
});

interface Ask {
  readonly client: string;
  readonly listener: number;
  readonly user: User | undefined;
  readonly request: RequestFacts;
}

function compare(spec: PolicySpec, policy: Policy, ask: Ask): void {
  const who = policy.who(addressOf(ask.client), ask.listener, ask.user);
  const trace: TraceStep[] = [];
  const decision = policy.decide(who, ask.request);
  const expected = model(spec, ask, undefined);

  const effects = decision.effects?.rules ?? [];
  const seen = `${decision.verdict} ${decision.rule} ${effects} ${decision.wouldDeny}`;
  if (seen !== expected) expect({ spec, ask, seen }).toEqual({ spec, ask, seen: expected });
  expect(policy.decide(who, ask.request, trace)).toEqual(decision);
  expect(trace.some(({ outcome }) => outcome === "decided")).toBe(decision.verdict !== "by-address");

  if (decision.verdict !== "by-address") return;
  const { host } = ask.request;
  // An address resolves to itself.
  for (const address of /^[\d.]+$/.test(host) ? [host] : ADDRESSES) {
    const decided = policy.decideAddress(who, ask.request, decision, addressOf(address));
    const shown = `${decided.verdict} ${decided.rule} ${decided.wouldDeny}`;
    const modelled = model(spec, ask, address).replace(/ [\d,]* /, " ");
    if (shown !== modelled)
      expect({ spec, ask, address, shown }).toEqual({ spec, ask, address, shown: modelled });
  }
}

/** "verdict rule effects wouldDeny". Whether a rule with an address matches is known only when the address is. */
function model(spec: PolicySpec, ask: Ask, address: string | undefined): string {
  const effects: number[] = [];
  const waiting: RuleSpec[] = [];
  let wantsUser = false;
  let end: RuleSpec | undefined;
  for (const [at, rule] of spec.rules.entries()) {
    const isDecider = ["allow", "deny", "reset", "redirect"].includes(rule.action);
    const matches = judge(rule, ask, isDecider, address);
    if (!matchesUser(rule, ask.user)) {
      if (rule.action === "allow" && matches !== "no" && ask.user === undefined) wantsUser = true;
    } else if (matches === "waits") waiting.push(rule);
    else if (matches === "yes" && isDecider) {
      end = rule;
      break;
    } else if (matches === "yes") effects.push(at);
  }

  const action = end?.action ?? spec.default;
  let verdict: string = action === "redirect" && ask.request.kind === "tunnel" ? "deny" : action;
  if (action === "deny" && wantsUser) verdict = "log-in";
  const isRefused = verdict !== "allow" && verdict !== "redirect";
  const first = waiting[0];
  if (
    first !== undefined &&
    (!isRefused || waiting.some(({ action }) => action === "allow" || action === "redirect"))
  )
    return `by-address ${first.name} ${effects} false`;
  const isAudited = spec.mode === "audit" && verdict !== "allow";
  return `${isAudited ? "allow" : verdict} ${end?.name ?? "default"} ${effects} ${isAudited}`;
}

function judge(
  rule: RuleSpec,
  ask: Ask,
  isDecider: boolean,
  address: string | undefined,
): "yes" | "no" | "waits" {
  const { kind, host, port, method, path, fieldLines } = ask.request;
  const some = <T>(entries: readonly T[], holds: (entry: T) => boolean) =>
    entries.length === 0 || entries.some(holds);
  const holds = (range: string, text: string) => cidrContains(parseCidr(range)!, addressOf(text));
  const isTunnel = kind === "tunnel";
  const schemes = isTunnel ? ["tunnel", ...(port === 443 ? ["https"] : [])] : ["http"];
  const isStatic =
    some(rule.clients, (range) => holds(range, ask.client)) &&
    some(rule.listeners, (listener) => listener === LISTENERS[ask.listener]) &&
    some(rule.schemes, (scheme) => schemes.includes(scheme)) &&
    some(rule.ports, ({ from, to }) => port >= from && port <= to) &&
    some(rule.methods, (name) => name.toLowerCase() === method.toLowerCase()) &&
    some(rule.headers, ({ name }) => fieldLines.includes(`${name}:`)) &&
    some(rule.paths, (glob) => !isTunnel && path.startsWith(glob.replace("*", ""))) &&
    !(isTunnel && rule.action === "content");
  if (!isStatic) return "no";

  const known = /^[\d.]+$/.test(host) ? host : address;
  const byName =
    rule.hosts.length + rule.lists.length === 0 ||
    rule.hosts.some((entry) => entry === host || (entry.startsWith(".") && `.${host}`.endsWith(entry))) ||
    rule.lists.some((name) => LISTS.get(name)?.hasHost(host)) ||
    (known === host && rule.lists.some((name) => LISTS.get(name)?.hasAddress(addressOf(host))));
  const mayBeListed = isDecider && rule.lists.some((name) => LISTS.get(name)?.hasRanges);
  if (!byName && (!mayBeListed || known === host)) return "no";
  if (known !== undefined) {
    const isListed = byName || rule.lists.some((name) => LISTS.get(name)?.hasAddress(addressOf(known)));
    if (!isListed || !some(rule.addresses, (range) => holds(range, known))) return "no";
    return address === undefined && rule.addresses.length > 0 ? "waits" : "yes";
  }
  return byName && rule.addresses.length === 0 ? "yes" : "waits";
}

function matchesUser({ users, groups }: RuleSpec, user: User | undefined): boolean {
  const named =
    users.length === 0 || (user !== undefined && (users.includes("*") || users.includes(user.name)));
  return named && (groups.length === 0 || groups.some((group) => user?.groups.includes(group)));
}

function randomPolicy(dice: Dice): PolicySpec {
  // More than 32 now and then, so that bits are in several words.
  const count = dice.below(4) === 0 ? 30 + dice.below(40) : 1 + dice.below(8);
  const rules = Array.from({ length: count }, (_, at) => ({ ...randomRule(dice), name: `r${at}` }));
  return policySpec(rules, {
    default: dice.pick(["allow", "deny"]),
    mode: dice.pick(["enforce", "enforce", "audit"]),
  });
}

function randomRule(dice: Dice): Partial<RuleSpec> {
  const action = dice.pick(["allow", "deny", "reset", "redirect", "tag", "limit", "content"] as const);
  const some = <T>(chance: number, ...choices: T[]): T[] =>
    dice.below(chance) === 0 ? [dice.pick(choices)] : [];
  return {
    action,
    clients: some(5, "192.0.2.0/24", "192.0.2.1", "10.0.0.0/8"),
    listeners: some(6, ...LISTENERS),
    users: some(5, "*", "alice"),
    groups: some(8, "ops", "x"),
    schemes: some<"http" | "https" | "tunnel">(5, "http", "https", "tunnel"),
    hosts: some(2, "a.x", ".x", ".y", "203.0.113.1"),
    lists: some(3, "names", "nets"),
    ports: some(6, { from: 80, to: 80 }, { from: 400, to: 500 }),
    methods: some(6, "GET", "post"),
    paths: some(6, "/p*", "/q*"),
    headers: some(8, { name: "h", value: undefined }),
    addresses: ["allow", "deny", "reset"].includes(action) ? some(4, "203.0.113.0/31", "10.0.0.0/8") : [],
    tags: action === "tag" ? ["t"] : [],
    limit: action === "limit" ? "l" : undefined,
    redirect: action === "redirect" ? { to: "http://z.example/", status: 302 } : undefined,
    content:
      action === "content"
        ? { mediaTypes: [], extensions: [], requestBytes: 1, answerBytes: undefined }
        : undefined,
  };
}

function randomAsk(dice: Dice): Ask {
  const host = dice.pick(["a.x", "b.x", "b.y", "c.z", "203.0.113.1", "10.0.0.1"]);
  const line =
    dice.below(3) === 0
      ? `CONNECT ${host}:${dice.pick([443, 80])}`
      : `${dice.pick(["GET", "POST"])} http://${host}:${dice.pick([80, 443])}${dice.pick(["/", "/p", "/q/r"])}`;
  return {
    client: dice.pick(["192.0.2.1", "192.0.2.7", "10.9.9.9"]),
    listener: dice.below(2),
    user: [undefined, ALICE, BOB][dice.below(3)],
    request: requestOf(line, { fieldLines: dice.below(2) === 0 ? "" : "h: 1\r\n" }),
  };
}
