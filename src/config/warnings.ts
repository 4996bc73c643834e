/**
 * What is allowed and yet may not be what somebody means. A configuration with
 * warnings is used as it is; `check` prints them.
 */
import { cidrBits, parseCidr } from "../policy/address.ts";
import { warnAbout } from "../policy/rules/warnings.ts";
import { formatHostPort, isPublic } from "./host-port.ts";
import type { Config } from "./schema.ts";
import { formatInstant } from "./units.ts";

/** Each begins with the path of a setting, as problems do. Milliseconds since the epoch, for what has expired. */
export function warningsOf(config: Config, nowMs: number = Date.now()): string[] {
  return [
    ...listenerWarnings(config),
    ...authenticationWarnings(config, nowMs),
    ...policyWarnings(config),
    ...cacheWarnings(config),
    ...reverseWarnings(config),
    ...identityWarnings(config),
  ];
}

/** An open proxy is refused where it could be an accident; who writes all addresses out means it. */
function* listenerWarnings({ listeners, authentication }: Config): Generator<string> {
  if (authentication.mode === "required" && hasSomebody(authentication)) return;
  for (const [at, { address, clients, mode }] of listeners.entries()) {
    if (mode !== "forward") continue;
    const everybody = isPublic(address) ? clients.findIndex(isEverybody) : -1;
    if (everybody < 0) continue;
    yield `listeners[${at}].clients[${everybody}]: ${clients[everybody]} is everybody who can reach ${formatHostPort(address)}, and nobody has to log in: an open proxy`;
  }
}

function isEverybody(range: string): boolean {
  const cidr = parseCidr(range);
  return cidr !== undefined && cidrBits(cidr) === (cidr.network.family === 4 ? 96 : 0);
}

function hasSomebody({ users, tokens, htpasswd }: Config["authentication"]): boolean {
  return users.length > 0 || tokens.length > 0 || htpasswd !== undefined;
}

function* authenticationWarnings({ authentication, policy }: Config, nowMs: number): Generator<string> {
  const { tokens } = authentication;
  for (const [at, { name, expires }] of tokens.entries()) {
    if (expires === undefined || expires > nowMs) continue;
    yield `authentication.tokens[${at}]: "${name}" expired at ${formatInstant(expires)}, and gets 407`;
  }
  if (hasSomebody(authentication)) return;

  for (const [at, { users, groups }] of policy.rules.entries()) {
    if (users.length + groups.length === 0) continue;
    yield `policy.rules[${at}]: It wants somebody who has logged in, and authentication has nobody who could`;
  }
  for (const [at, { by }] of policy.limits.entries()) {
    if (by !== "user") continue;
    yield `policy.limits[${at}].by: It counts by user, and authentication has nobody who could log in`;
  }
}

function* policyWarnings({ policy }: Config): Generator<string> {
  if (policy.mode === "audit")
    yield "policy.mode: An audit lets everything pass, and only reports what it would deny";
  for (const [at, { url }] of policy.lists.entries()) {
    if (!url?.toLowerCase().startsWith("http:")) continue;
    yield `policy.lists[${at}].url: Whoever is on the way can change a list that comes over http; https is safe from that`;
  }
  if (policy.tunnels.sni !== "off" && policy.tunnels.ports.length === 0) {
    yield `policy.tunnels.ports: Without a port no tunnel is looked into, though policy.tunnels.sni is "${policy.tunnels.sni}"`;
  }
  yield* warnAbout(policy);
}

function* cacheWarnings({ cache: { memory, disk, rules } }: Config): Generator<string> {
  if (memory === 0 && disk !== undefined)
    yield "cache.disk: Nothing is stored there, for cache.memory is off";
  for (const [at, { hosts, cookies }] of rules.entries()) {
    if (!cookies || hosts.length > 0) continue;
    yield `cache.rules[${at}].cookies: Without hosts, what any server answers to one client's cookie is answered to others`;
  }
}

function* reverseWarnings({ listeners, routes, upstreams }: Config): Generator<string> {
  if (routes.length > 0 && !listeners.some(({ mode }) => mode === "reverse"))
    yield 'routes: No request takes one, for no listener has the mode "reverse"';
  const used = new Set(routes.map(({ upstream }) => upstream));
  for (const name of Object.keys(upstreams)) {
    if (!used.has(name)) yield `upstreams.${name}: No route leads to it`;
  }
}

function* identityWarnings({ via, anonymous }: Config): Generator<string> {
  if (!anonymous.enabled && via.mode !== "off") return;
  const setting = anonymous.enabled ? "anonymous.enabled" : "via.mode";
  yield `${setting}: Without Via, a request that comes round through other proxies is not found to be in a loop`;
}
