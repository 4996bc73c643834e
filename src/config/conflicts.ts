/**
 * What must hold between settings that are each right by themselves:
 *
 *   1. a forward listener that other machines can reach lists its clients, or
 *      has them log in: an open proxy is never an accident
 *   2. no two listeners share an address and port (any free port may repeat)
 *   3. a status port that other machines can reach has a token
 *   4. the status port is no listener's
 *   5. the least a name is remembered is no more than the most
 *   6. who is anonymous is not told of elsewhere
 *
 * and what `cache-conflicts.ts`, `credential-conflicts.ts`,
 * `limit-conflicts.ts`, `reverse-conflicts.ts` and `rule-conflicts.ts` say. It is
 * given what could be read, so that these are reported together with the values
 * that could not.
 */
import { isUnspecified, parseAddress } from "../policy/address.ts";
import { cacheConflicts } from "./cache-conflicts.ts";
import { credentialConflicts } from "./credential-conflicts.ts";
import { formatHostPort, type HostPort, isPublic } from "./host-port.ts";
import { limitConflicts } from "./limit-conflicts.ts";
import { expectedFound, type Problem } from "./problems.ts";
import type { ReadableAuthentication, ReadableConfig } from "./readable.ts";
import { reverseConflicts } from "./reverse-conflicts.ts";
import { ruleConflicts } from "./rule-conflicts.ts";
import { formatDuration } from "./units.ts";

export function findConflicts(config: ReadableConfig): Problem[] {
  const { listeners, admin, dns, authentication, policy } = config;
  return [
    ...listenerConflicts(listeners, mustLogIn(authentication)),
    ...adminConflicts(admin, listeners),
    ...dnsConflicts(dns),
    ...anonymityConflicts(config),
    ...credentialConflicts(authentication),
    ...limitConflicts(policy),
    ...ruleConflicts(policy, authentication, listeners),
    ...cacheConflicts(config.cache),
    ...reverseConflicts(config),
  ];
}

function* listenerConflicts(listeners: ReadableConfig["listeners"], mustLogIn: boolean): Generator<Problem> {
  const firstAt = new Map<string, number>();
  for (const [at, listener] of listeners.entries()) {
    if (listener === undefined) continue;
    const { address, clients, mode } = listener;
    const name = formatHostPort(address);
    if (mode === "forward" && clients.length === 0 && isPublic(address) && !mustLogIn) {
      yield expectedFound(
        `listeners[${at}].clients`,
        `at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach ${name}`,
        "none",
      );
    }
    const first = firstAt.get(name);
    if (first === undefined) firstAt.set(name, at);
    else if (address.port !== 0) {
      yield expectedFound(
        `listeners[${at}].address`,
        "another address or port",
        `that of listeners[${first}]`,
      );
    }
  }
}

function* adminConflicts(
  admin: ReadableConfig["admin"],
  listeners: ReadableConfig["listeners"],
): Generator<Problem> {
  if (admin === undefined || admin.address === "off") return;
  const { address, token } = admin;
  if (token === undefined && isPublic(address)) {
    yield expectedFound(
      "admin.token",
      `a token, for other machines can reach ${formatHostPort(address)}`,
      "nothing",
    );
  }
  const at = listeners.findIndex((listener) => listener !== undefined && overlaps(listener.address, address));
  if (at >= 0) yield expectedFound("admin.address", "another address or port", `that of listeners[${at}]`);
}

function* dnsConflicts(dns: ReadableConfig["dns"]): Generator<Problem> {
  if (dns === undefined || dns.ttlMin <= dns.ttlMax) return;
  const most = formatDuration(dns.ttlMax);
  yield expectedFound("dns.ttlMin", `no more than dns.ttlMax, which is ${most}`, formatDuration(dns.ttlMin));
}

function* anonymityConflicts({ anonymous, forwarded, via }: ReadableConfig): Generator<Problem> {
  if (anonymous?.enabled !== true) return;
  if (forwarded === "append" || forwarded === "replace") {
    yield expectedFound(
      "forwarded",
      '"pass" or "hide", for anonymous.enabled hides clients',
      `"${forwarded}"`,
    );
  }
  if (via?.mode === "on") {
    yield expectedFound("via.mode", '"pseudonym" or "off", for anonymous.enabled turns it off', '"on"');
  }
}

/** What can't be read may be somebody: that is found out once the rest is right. */
function mustLogIn({ mode, users, tokens, htpasswd, isPartial }: ReadableAuthentication): boolean {
  const somebody = users.length > 0 || tokens.length > 0 || htpasswd !== undefined;
  return isPartial || (mode === "required" && somebody);
}

/** One of them may be every address of the machine. */
function overlaps(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || isEverywhere(one.host) || isEverywhere(other.host);
}

function isEverywhere(host: string): boolean {
  const address = parseAddress(host);
  return address !== undefined && isUnspecified(address);
}
