/**
 * May this request see or drive the proxy? Facts in, a decision out.
 *
 * The rules, in order; the first that applies decides:
 *   1. a browser says that another site asks              refuse, 403
 *   2. `Origin` is not where the request went             refuse, 403
 *   3. a token is set, and a probe or proxy.pac is asked  allow
 *   4. a token is set, and it came                        allow
 *   5. a token is set                                     refuse, 401
 *   6. `Host` is a loopback name, or our very address     allow
 *   7. anything else                                      refuse, 403
 *
 * 1 and 2 keep web pages out. 6 keeps out the page that makes its own name resolve
 * to our address (DNS rebinding): for the browser that is one site, but `Host`
 * still has the page's name. A token needs no 6, since no page knows it.
 */
import { type HostPort, parseHostPort } from "../config/host-port.ts";

export type AccessDecision =
  | { readonly verdict: "allow" }
  | { readonly verdict: "refuse"; readonly status: 401 | 403; readonly because: AccessRefusal };

export type AccessRefusal =
  | "site_foreign"
  | "origin_foreign"
  | "host_foreign"
  | "token_missing"
  | "token_wrong";

/** Fields of the request as they came; `undefined` for those that did not. */
export interface AccessFacts {
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
}

export interface AccessPolicy {
  readonly address: HostPort;
  readonly token: string | undefined;
}

/**
 * A load balancer or orchestrator that probes the first two has no token, nor has
 * a browser that looks for its proxy; they tell next to nothing. A browser asks
 * for its script itself, in no page's name, so that 1 and 2 do not meet it.
 */
const tokenless = new Set(["/health", "/ready", "/proxy.pac"]);

export function decideAccess(facts: AccessFacts, policy: AccessPolicy): AccessDecision {
  if (!isOwnSite(facts.fetchSite)) return refuse(403, "site_foreign");
  if (!isOwnOrigin(facts.origin, facts.host)) return refuse(403, "origin_foreign");
  if (policy.token !== undefined) return decideToken(facts, policy.token);
  return isOwnHost(facts.host, policy.address) ? { verdict: "allow" } : refuse(403, "host_foreign");
}

function decideToken({ path, authorization }: AccessFacts, token: string): AccessDecision {
  if (tokenless.has(path)) return { verdict: "allow" };
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (given === undefined) return refuse(401, "token_missing");
  return isSame(given, token) ? { verdict: "allow" } : refuse(401, "token_wrong");
}

/** `none` is a person at the address bar. `same-site` is not us: for a browser, all ports of a host are one site. */
function isOwnSite(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === "same-origin" || fetchSite === "none";
}

/** Compared with `Host`, so that it holds behind a port forward and a TLS terminator too. */
function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || (host !== undefined && /^https?:\/\/(.*)$/.exec(origin)?.[1] === host);
}

/** Any port of a loopback name will do: a port forward has its own. */
function isOwnHost(host: string | undefined, address: HostPort): boolean {
  if (host === undefined) return false;
  const named = parseHostPort(/:\d+$/.test(host) ? host : `${host}:80`);
  if (named === undefined) return false;
  return isLoopback(named.host) || (named.host === address.host && named.port === address.port);
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** In a time that tells nothing of where they differ, nor of how long the token is. */
function isSame(given: string, token: string): boolean {
  return crypto.timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

function refuse(status: 401 | 403, because: AccessRefusal): AccessDecision {
  return { verdict: "refuse", status, because };
}
