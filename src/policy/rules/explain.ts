/**
 * Why a rule matched, or which of its matchers did not: looked up one by one, in
 * words, for somebody who asks. Whether it did is not decided here.
 */
import { type Address, type Cidr, cidrContains, formatAddress, parseAddress } from "../address.ts";
import type { RequestFacts, User, Who } from "../decision.ts";
import type { PortRange } from "../spec.ts";
import { hasBit } from "./bits.ts";
import type { HostMatch } from "./columns.ts";
import { entryNaming } from "./host-set.ts";
import { canMatchTunnel, canonicalMethod, matchesEither, matchesPattern } from "./matchers.ts";
import { matchedPath } from "./path.ts";
import type { Rule } from "./rule.ts";
import { describeSpan } from "./schedule.ts";

/** What a policy is asked. */
export interface Asked {
  readonly who: Who;
  readonly request: RequestFacts;
  readonly host: HostMatch;
  /** As configured: `127.0.0.1:8888`. */
  readonly listener: string | undefined;
  /** Of the host, when it is known; and the list that holds it. */
  readonly address: Address | undefined;
  readonly list: string | undefined;
  /** Rules that took effect before a rewrite, and don't once more. */
  readonly spent: readonly number[] | undefined;
}

/** What each matcher that the rule has matched by: `hosts: .example.com; methods: GET`. */
export function explainMatch(rule: Rule, asked: Asked): string {
  const matched = matchers.flatMap(([name, judge]) => {
    const judged = judge(rule, asked);
    return judged !== undefined && "by" in judged ? [`${name}: ${judged.by}`] : [];
  });
  return matched.length === 0 ? "it matches everything" : matched.join("; ");
}

/** The first matcher that did not match: `hosts: not www.example.net`. */
export function explainMismatch(rule: Rule, asked: Asked): string {
  if (asked.spent?.includes(rule.index) === true) return "it took effect before the rewrite";
  if (asked.request.kind === "tunnel" && !canMatchTunnel(rule.spec))
    return "a tunnel shows no path and no content";
  for (const [name, judge] of matchers) {
    const judged = judge(rule, asked);
    if (judged !== undefined && "not" in judged) return `${name}: ${judged.not}`;
  }
  return "it changes nothing";
}

type Judged =
  /** What it matched by. */
  | { readonly by: string }
  /** What it saw instead. */
  | { readonly not: string }
  /** The rule does not have this matcher. */
  | undefined;

const matchers: readonly (readonly [name: string, (rule: Rule, asked: Asked) => Judged])[] = [
  [
    "clients",
    ({ spec, clients }, { who }) =>
      among(spec.clients, (_, at) => isIn(clients[at], who.client), `not ${formatAddress(who.client)}`),
  ],
  [
    "listeners",
    ({ spec }, { listener }) =>
      among(spec.listeners, (entry) => entry === listener, `not ${listener ?? "one of them"}`),
  ],
  [
    "users",
    ({ spec }, { who: { user } }) =>
      among(
        spec.users,
        (entry) => user !== undefined && (entry === "*" || entry === user.name),
        notUser(user),
      ),
  ],
  [
    "groups",
    ({ spec }, { who: { user } }) =>
      among(spec.groups, (entry) => user?.groups.includes(entry) === true, notUser(user)),
  ],
  ["schemes", judgeScheme],
  ["hosts", judgeHosts],
  ["lists", judgeLists],
  [
    "ports",
    ({ spec }, { request: { port } }) =>
      among(spec.ports.map(describePorts), (_, at) => isPortIn(spec.ports[at], port), `not ${port}`),
  ],
  [
    "methods",
    ({ spec }, { request }) =>
      among(
        spec.methods,
        (entry) => canonicalMethod(entry) === canonicalMethod(request.method),
        `not ${request.method}`,
      ),
  ],
  [
    "times",
    ({ spec, schedule }, { request }) => {
      const holding = schedule?.spanAt(request.nowMs);
      return among(spec.times.map(describeSpan), (_, at) => spec.times[at] === holding, "not now");
    },
  ],
  ["paths", judgePaths],
  ["patterns", judgePatterns],
  [
    "headers",
    ({ fields }, { request }) =>
      among(
        fields.map(({ text }) => text),
        (_, at) => fields[at]?.test(request.fieldLines) === true,
        "the request has no such field",
      ),
  ],
  ["addresses", judgeAddresses],
];

function judgeScheme({ spec }: Rule, { request: { kind, port } }: Asked): Judged {
  const isHttps = kind === "tunnel" && port === 443;
  return among(
    spec.schemes,
    (entry) => entry === kind || (isHttps && entry === "https"),
    `not ${isHttps ? "https" : kind}`,
  );
}

/** With lists they are one matcher, so what one of the two holds the other need not. */
function judgeHosts({ index, spec }: Rule, { request, host }: Asked): Judged {
  const entry = entryNaming(spec.hosts, request.host);
  if (entry !== undefined) return { by: entry };
  const mayBeListed = host.lists?.has(index) === true || hasBit(host.waitsForList, index);
  return spec.hosts.length === 0 || mayBeListed ? undefined : { not: `not ${request.host}` };
}

function judgeLists({ index, spec }: Rule, { request, host, address, list }: Asked): Judged {
  if (spec.lists.length === 0 || entryNaming(spec.hosts, request.host) !== undefined) return undefined;
  const holding = list ?? host.lists?.get(index);
  if (holding !== undefined) return { by: holding };
  if (!hasBit(host.waitsForList, index)) return { not: `not ${request.host}` };
  return address === undefined ? { by: spec.lists.join(", ") } : { not: `not ${formatAddress(address)}` };
}

function judgePaths(rule: Rule, { request }: Asked): Judged {
  const matched = matchedPath(request.path);
  if (matched.isAmbiguous && rule.decides && rule.paths.length > 0) return judgeAmbiguous(rule);
  return among(
    rule.spec.paths,
    (_, at) => rule.paths[at]?.test(matched.path) === true,
    `not ${matched.path}`,
  );
}

function judgePatterns(rule: Rule, { request }: Asked): Judged {
  const matched = matchedPath(request.path);
  if (rule.patterns.length === 0) return undefined;
  if (matched.isAmbiguous && rule.decides) return judgeAmbiguous(rule);
  if (!matchesPattern(rule, matched)) return { not: `not ${matched.withQuery.at(-1)}` };
  return among(
    rule.spec.patterns,
    (_, at) => matched.withQuery.some((text) => rule.patterns[at]?.test(text) === true),
    "",
  );
}

function judgeAmbiguous({ action }: Rule): Judged {
  const seen = "the path can be read in two ways";
  return action === "allow" ? { not: seen } : { by: seen };
}

function judgeAddresses(rule: Rule, { address, request }: Asked): Judged {
  const { addresses } = rule.spec;
  if (rule.addresses.length === 0) return undefined;
  // A host that is an address is known before anything is resolved.
  const known = address ?? parseAddress(request.host);
  if (known === undefined) return { by: addresses.join(", ") };
  const holds = (_: string, at: number): boolean =>
    matchesEither(rule, known, (either) => isIn(rule.addresses[at], either));
  return among(addresses, holds, `not ${formatAddress(known)}`);
}

/** Of several entries one is enough; none at all is no matcher. */
function among(
  entries: readonly string[],
  holds: (entry: string, at: number) => boolean,
  otherwise: string,
): Judged {
  if (entries.length === 0) return undefined;
  const by = entries.find(holds);
  return by === undefined ? { not: otherwise } : { by };
}

function isIn(range: Cidr | undefined, address: Address): boolean {
  return range !== undefined && cidrContains(range, address);
}

function isPortIn(range: PortRange | undefined, port: number): boolean {
  return range !== undefined && range.from <= port && port <= range.to;
}

function describePorts({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function notUser(user: User | undefined): string {
  return user === undefined ? "nobody has logged in" : `not ${user.name}`;
}
