/** What the tests of the policy write short: a rule of its few interesting parts, a request, a list. */
import { type Address, formatAddress, parseAddress } from "../../../src/policy/address.ts";
import type { RequestFacts, User } from "../../../src/policy/decision.ts";
import type { HostList } from "../../../src/policy/host-list.ts";
import { Policy } from "../../../src/policy/rules/policy.ts";
import type { PolicySpec, RuleSpec } from "../../../src/policy/spec.ts";

export const LISTENERS = ["127.0.0.1:8888", "10.0.0.1:3128"] as const;

export function ruleSpec(parts: Partial<RuleSpec>): RuleSpec {
  return {
    name: "a rule",
    action: "deny",
    clients: [],
    users: [],
    groups: [],
    listeners: [],
    schemes: [],
    hosts: [],
    lists: [],
    ports: [],
    methods: [],
    paths: [],
    patterns: [],
    headers: [],
    times: [],
    addresses: [],
    redirect: undefined,
    rewrite: undefined,
    request: undefined,
    response: undefined,
    limit: undefined,
    tags: [],
    content: undefined,
    ...parts,
  };
}

/** Rules without a name get their action's. */
export function policySpec(
  rules: readonly Partial<RuleSpec>[],
  rest: Partial<Omit<PolicySpec, "rules">> = {},
): PolicySpec {
  return {
    default: "allow",
    mode: "enforce",
    rules: rules.map((parts) => ruleSpec({ name: parts.action ?? "deny", ...parts })),
    lists: [],
    limits: [],
    tunnels: { sni: "log", noSni: "allow", notTls: "allow", ports: [{ from: 443, to: 443 }] },
    ...rest,
  };
}

export function policyOf(
  rules: readonly Partial<RuleSpec>[],
  rest: Partial<Omit<PolicySpec, "rules">> & { readonly hostLists?: Record<string, HostList> } = {},
): Policy {
  const { hostLists = {}, ...spec } = rest;
  return new Policy(policySpec(rules, spec), LISTENERS, new Map(Object.entries(hostLists)));
}

/** `GET http://host:port/path` or `CONNECT host:port`. */
export function requestOf(line: string, rest: Partial<RequestFacts> = {}): RequestFacts {
  const [method = "", target = ""] = line.split(" ");
  const kind = method === "CONNECT" ? "tunnel" : "http";
  const match = /^(?:http:\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?(.*)$/.exec(target);
  const host = (match?.[1] ?? "").replace(/[[\]]/g, "");
  const port = Number(match?.[2] ?? 80);
  const path = kind === "tunnel" ? "" : match?.[3] || "/";
  return { kind, method, host, port, path, fieldLines: "", nowMs: 0, ...rest };
}

export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

export const CLIENT = addressOf("192.0.2.1");

export const ALICE: User = { name: "alice", groups: ["dev", "ops"] };
export const BOB: User = { name: "bob", groups: [] };

/** Holds these hosts and addresses, one by one. */
export function hostList(...entries: readonly string[]): HostList {
  const addresses = new Set(
    entries.map(parseAddress).flatMap((found) => (found ? [formatAddress(found)] : [])),
  );
  return {
    hasHost: (host) => entries.includes(host),
    hasAddress: (address) => addresses.has(formatAddress(address)),
    hasRanges: addresses.size > 0,
  };
}
