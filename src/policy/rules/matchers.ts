/**
 * Does one rule's one matcher match? An empty matcher matches everything, and of
 * several entries one is enough. Hosts and lists are looked up for all rules at
 * once, in `columns.ts`.
 */
import { type Address, type Cidr, cidrContains } from "../address.ts";
import type { RequestFacts, User } from "../decision.ts";
import type { RuleSpec } from "../spec.ts";
import { carriedIpv4 } from "../special.ts";
import type { MatchedPath, PathMemo } from "./path.ts";
import type { Rule } from "./rule.ts";

export function matchesClient({ clients }: Rule, client: Address): boolean {
  return clients.length === 0 || isInOne(clients, client);
}

export function matchesUser({ users, groups }: RuleSpec, user: User | undefined): boolean {
  if (user === undefined) return users.length === 0 && groups.length === 0;
  return (
    (users.length === 0 || users.includes("*") || users.includes(user.name)) &&
    (groups.length === 0 || user.groups.some((group) => groups.includes(group)))
  );
}

export function matchesScheme(spec: RuleSpec, kind: "http" | "tunnel", port: number): boolean {
  if (kind === "http") return spec.schemes.length === 0 || spec.schemes.includes("http");
  if (!canMatchTunnel(spec)) return false;
  const { schemes } = spec;
  return schemes.length === 0 || schemes.includes("tunnel") || (port === 443 && schemes.includes("https"));
}

export function matchesPort({ ports }: RuleSpec, port: number): boolean {
  return ports.length === 0 || ports.some(({ from, to }) => from <= port && port <= to);
}

export function matchesAddress(rule: Rule, address: Address): boolean {
  const { addresses } = rule;
  return addresses.length === 0 || matchesEither(rule, address, (either) => isInOne(addresses, either));
}

/**
 * An IPv6 address that carries an IPv4 address leads to that one (NAT64, 6to4):
 * what refuses the one refuses the other. What allows it must name it as it is.
 */
export function matchesEither(
  { action }: Rule,
  address: Address,
  matches: (address: Address) => boolean,
): boolean {
  if (matches(address)) return true;
  const carried = action === "allow" ? undefined : carriedIpv4(address);
  return carried !== undefined && matches(carried);
}

/**
 * RFC 9110 §9.1 has methods differ by case. Here they don't: many servers take
 * `post` for POST, and a rule that denies the one must not let the other pass.
 */
export function canonicalMethod(method: string): string {
  return method.toUpperCase();
}

/** Whether a rule can match a tunnel at all: of its path and body nothing is known. */
export function canMatchTunnel({ action, paths, patterns }: RuleSpec): boolean {
  return action !== "rewrite" && action !== "content" && paths.length === 0 && patterns.length === 0;
}

/** What no bit tells: paths, patterns, headers and times. */
export function matchesDynamically(rule: Rule, request: RequestFacts, paths: PathMemo): boolean {
  return (
    (rule.schedule === undefined || rule.schedule.holdsAt(request.nowMs)) &&
    (rule.paths.length === 0 || matchesPath(rule, paths.of(request.path))) &&
    (rule.patterns.length === 0 || matchesPattern(rule, paths.of(request.path))) &&
    (rule.fields.length === 0 || rule.fields.some((field) => field.test(request.fieldLines)))
  );
}

export function matchesPath(rule: Rule, { path, isAmbiguous }: MatchedPath): boolean {
  if (isAmbiguous && rule.decides) return rule.action !== "allow";
  return rule.paths.some((glob) => glob.test(path));
}

/** A query can be spelled in two ways too: to be allowed it must match in both, for all else in one of them. */
export function matchesPattern(rule: Rule, { withQuery, isAmbiguous }: MatchedPath): boolean {
  if (isAmbiguous && rule.decides) return rule.action !== "allow";
  const isFound = (text: string): boolean => rule.patterns.some((pattern) => pattern.test(text));
  return rule.action === "allow" ? withQuery.every(isFound) : withQuery.some(isFound);
}

function isInOne(ranges: readonly Cidr[], address: Address): boolean {
  return ranges.some((range) => cidrContains(range, address));
}
