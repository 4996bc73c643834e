/**
 * What a policy says that it may not mean: each warning begins with the path of
 * a setting. All of them are allowed, and none changes what is decided.
 */
import { type Address, parseAddress } from "../address.ts";
import type { PolicySpec, RuleSpec } from "../spec.ts";
import { specialOf } from "../special.ts";
import { canMatchTunnel } from "./matchers.ts";
import { decides } from "./rule.ts";

export function warnAbout(policy: PolicySpec): string[] {
  return [
    ...policy.rules.flatMap((rule, at) => ruleWarnings(rule).map((text) => `policy.rules[${at}]${text}`)),
    ...unreachedWarnings(policy),
    ...unusedWarnings(policy),
    ...tunnelWarnings(policy),
  ];
}

/** Each begins with a dot and a setting of the rule, or with a colon. */
function ruleWarnings(rule: RuleSpec): string[] {
  return [
    ...tunnelOnlyWarnings(rule),
    ...globWarnings(rule),
    ...hostWarnings(rule),
    ...byAddressWarnings(rule),
  ];
}

/**
 * Of a tunnel neither path nor content is seen. That a content rule is about
 * what is seen goes without saying; who writes a rewrite may count on it for all.
 */
function* tunnelOnlyWarnings(rule: RuleSpec): Generator<string> {
  const { schemes, action } = rule;
  const wantsHttp = schemes.length === 0 || schemes.includes("http");
  const wantsTunnels = schemes.length !== 1 || schemes[0] !== "http";
  if (action === "redirect" && !wantsHttp) yield ".action: A tunnel can't be redirected, so this rule denies";
  if (!wantsTunnels || canMatchTunnel(rule)) return;

  const setting = rule.paths.length > 0 ? "paths" : rule.patterns.length > 0 ? "patterns" : "action";
  const shows = setting === "action" ? `what ${action} works on` : "its path";
  if (!wantsHttp) yield `.${setting}: A tunnel does not show ${shows}, so this rule never matches`;
  else if (setting !== "action" || action === "rewrite" || schemes.length > 0) {
    yield `.${setting}: A tunnel (https) does not show ${shows}, so this rule matches plain http alone; "schemes: [http]" says that this is meant`;
  }
}

/** A path is matched decoded, without its query, its dots resolved. */
function* globWarnings({ paths }: RuleSpec): Generator<string> {
  for (const [at, glob] of paths.entries()) {
    const why = neverMatching(glob);
    if (why !== undefined) yield `.paths[${at}]: ${JSON.stringify(glob)} matches nothing, ${why}`;
  }
}

function neverMatching(glob: string): string | undefined {
  if (!/^[/*]/.test(glob)) return 'for a path begins with "/"';
  if (glob.includes("?")) return 'for it is compared without the query; "patterns" see that';
  if (/\/\//.test(glob)) return "for slashes in a row are seen as one";
  return /\/\.\.?(?:\/|$)/.test(glob) ? "for dots in a path are resolved" : undefined;
}

function* hostWarnings({ action, hosts }: RuleSpec): Generator<string> {
  if (action !== "allow") return;
  for (const [at, host] of hosts.entries()) {
    const address = parseAddress(host);
    if (address === undefined || isReachedByName(address)) continue;
    const kind = specialOf(address)?.kind;
    yield `.hosts[${at}]: ${host} is refused all the same, as a ${kind} address; "addresses" opens it`;
  }
}

/** A name is matched by name, whatever it leads to. To what is special no name leads, unless another rule opens it. */
function* byAddressWarnings({ action, hosts, addresses }: RuleSpec): Generator<string> {
  if ((action !== "deny" && action !== "reset") || addresses.length > 0) return;
  const reachable = hosts.flatMap((host, at) => {
    const address = parseAddress(host);
    return address !== undefined && isReachedByName(address) ? [{ host, at }] : [];
  });
  const [first] = reachable;
  if (first === undefined) return;
  const others = reachable.length > 1 ? `, or to ${reachable.length - 1} more of these` : "";
  yield `.hosts[${first.at}]: A name that leads to ${first.host}${others} is not matched by it; a rule with "addresses" in place of "hosts" matches both`;
}

/** A listener on loopback may reach loopback and private addresses without being told. */
function isReachedByName(address: Address): boolean {
  const special = specialOf(address);
  return special === undefined || special.kind === "loopback" || special.kind === "private";
}

function* unreachedWarnings({ rules }: PolicySpec): Generator<string> {
  const end = rules.findIndex((rule) => decides(rule.action) && matchesEverything(rule));
  for (const [at] of rules.entries()) {
    if (end < 0 || at <= end) continue;
    yield `policy.rules[${at}]: It is never reached, for rule "${rules[end]?.name}" matches everything`;
  }
}

function matchesEverything(rule: RuleSpec): boolean {
  const { clients, users, groups, listeners, schemes, hosts, lists, ports, methods } = rule;
  const { paths, patterns, headers, times, addresses } = rule;
  return [
    [clients, users, groups, listeners, schemes, hosts, lists, ports, methods],
    [paths, patterns, headers, times, addresses],
  ].every((matchers) => matchers.every((matcher) => matcher.length === 0));
}

function* unusedWarnings({ rules, lists, limits }: PolicySpec): Generator<string> {
  for (const [at, { name }] of lists.entries()) {
    if (rules.some((rule) => rule.lists.includes(name))) continue;
    yield `policy.lists[${at}]: No rule uses list "${name}"`;
  }
  for (const [at, { name, by }] of limits.entries()) {
    // Without a rule that names it a limit holds for every request.
    if (by !== "rule" || rules.some((rule) => rule.limit === name)) continue;
    yield `policy.limits[${at}]: It counts by rule, and no rule names limit "${name}"`;
  }
}

/** Who may go to one host only could go to any other that shares its address (a CDN, say). */
function* tunnelWarnings({ default: fallback, rules, tunnels }: PolicySpec): Generator<string> {
  const isOpen = rules.some((rule) => {
    const { action, schemes, hosts, lists } = rule;
    const wantsTunnels = schemes.length === 0 || schemes.some((scheme) => scheme !== "http");
    return action === "allow" && hosts.length + lists.length > 0 && wantsTunnels && canMatchTunnel(rule);
  });
  if (fallback === "deny" && isOpen && tunnels.sni !== "enforce") {
    yield `policy.tunnels.sni: "${tunnels.sni}" lets a tunnel to a host that a rule allows carry TLS for another; "enforce" does not`;
  }
}
