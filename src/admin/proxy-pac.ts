/**
 * `GET /proxy.pac`: which requests of a browser go through the proxy. All that
 * it could have an answer for do, refusals too, since they name the rule; so
 * there is no way past it. DIRECT is only what it would refuse whoever asks: the
 * asker's own machine and network, as far as neither the listeners nor the rules
 * reach them, and its own status port.
 *
 * The script is ES3, for all that read such files, and never resolves a name.
 */

import { parseHostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import {
  type Address,
  type Cidr,
  cidrBits,
  cidrContains,
  formatAddress,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseCidr,
} from "../policy/address.ts";
import { normaliseName } from "../policy/host-name.ts";
import type { PolicySpec } from "../policy/spec.ts";

/** Browsers read this for every request; whatever does not fit is asked of the proxy, or of nobody. */
const ROWS_MAX = 1_000;

interface Asker {
  /** As it has called us, with brackets; empty when it did not, or not so that a script may say it. */
  readonly authority: string;
  readonly host: string;
  /** It is on this machine. */
  readonly isLocal: boolean;
}

/** `listeners` are those that are bound, as `host:port`; `host` is the Host field of whoever asks for the script. */
export function proxyPac(
  { policy }: Pick<Config, "policy">,
  listeners: readonly { readonly address: string }[],
  host: string | undefined,
): string {
  const asker = readAsker(host);
  const proxies = listeners.flatMap(({ address }) => proxyFor(address, asker));
  if (proxies.length === 0) return script('\n  return "DIRECT"; // No listener can be reached by this name.');

  const reach = reachOf(policy, proxies, asker);
  const answer = (isReached: boolean) => (isReached ? "proxies" : '"DIRECT"');
  const hosts = hostsNamed(policy);
  const named = Object.fromEntries(hosts.slice(0, ROWS_MAX).map((name) => [`$${name}`, 1]));
  return script(String.raw`
  var proxies = ${JSON.stringify(proxies.map(({ text }) => `PROXY ${text}`).join("; "))};
  var statusPort = ${JSON.stringify(asker.authority)};
  var named = ${tableOf(named, hosts.length)}
  var opened = ${tableOf(reach.opened.slice(0, ROWS_MAX), reach.opened.length)}
  var closed = ${tableOf(reach.closed, reach.closed.length)}
  var i;
  if (!/^(https?|wss?):/i.test(url) || authorityOf(url) == statusPort) return "DIRECT";
  host = host.toLowerCase().replace(/^\[|\]$|\.$/g, "");
  if (named.hasOwnProperty("$" + host)) return proxies;
  if (host.indexOf(":") >= 0) return ${reach.closedIpv6} ? "DIRECT" : proxies;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    for (i = 0; i < opened.length; i++) if (isInNet(host, opened[i][0], opened[i][1])) return proxies;
    for (i = 0; i < closed.length; i++) if (isInNet(host, closed[i][0], closed[i][1])) return "DIRECT";
    return proxies;
  }
  if (host == "localhost" || dnsDomainIs(host, ".localhost")) return ${answer(reach.localhost)};
  if (isPlainHostName(host)) return ${answer(reach.plainNames)};
  return proxies;`);
}

/** `host:port` of the listeners that whoever calls us by `host` can reach. */
export function proxyAddresses(
  listeners: readonly { readonly address: string }[],
  host: string | undefined,
): string[] {
  const asker = readAsker(host);
  return listeners.flatMap(({ address }) => proxyFor(address, asker)).map(({ text }) => text);
}

function script(body: string): string {
  return String.raw`// Made by Headgate, of its listeners and rules. No name is resolved here.
function FindProxyForURL(url, host) {${body}
}

function authorityOf(url) {
  return url.toLowerCase().replace(/^[a-z]+:\/\//, "").replace(/[\/?#].*$/, "").replace(/^.*@/, "");
}
`;
}

function tableOf(rows: object, count: number): string {
  const left = count - Object.keys(rows).length;
  return `${JSON.stringify(rows)};${left > 0 ? ` // and ${left} more, left out` : ""}`;
}

function readAsker(field: string | undefined): Asker {
  const [, given = "", port = ""] =
    /^(\[[^\]]{1,64}\]|[^:[\]]{1,255})(:[0-9]{1,5})?$/.exec(field ?? "") ?? [];
  const name = normaliseName(given);
  if (name === undefined) return { authority: "", host: "127.0.0.1", isLocal: true };
  const address = parseAddress(name);
  const isLocal = address === undefined ? /^(?:.*\.)?localhost$/.test(name) : isLoopback(address);
  return { authority: bracketed(name) + port, host: name, isLocal };
}

interface Proxy {
  readonly text: string;
  /** Bound to loopback: it lets its clients reach the machine's own network. */
  readonly isLocal: boolean;
}

/** None, when the asker can't get there. One that is bound to every address is called as the asker called us. */
function proxyFor(listening: string, asker: Asker): Proxy[] {
  const { host, port } = parseHostPort(listening) ?? { host: "", port: 0 };
  const address = parseAddress(host);
  if (address === undefined) return [];
  if (!isUnspecified(address)) {
    const isLocal = isLoopback(address);
    return isLocal && !asker.isLocal ? [] : [{ text: `${bracketed(host)}:${port}`, isLocal }];
  }
  if (address.family === 6 || parseAddress(asker.host)?.family !== 6) {
    return [{ text: `${bracketed(asker.host)}:${port}`, isLocal: false }];
  }
  // 0.0.0.0 has no IPv6 address.
  return asker.isLocal ? [{ text: `127.0.0.1:${port}`, isLocal: false }] : [];
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What means another machine to each that asks, and is refused unless it is reached or opened. */
const ownNetworks = [
  { range: cidrOf("127.0.0.0/8"), isReached: true },
  { range: cidrOf("10.0.0.0/8"), isReached: true },
  { range: cidrOf("172.16.0.0/12"), isReached: true },
  { range: cidrOf("192.168.0.0/16"), isReached: true },
  { range: cidrOf("100.64.0.0/10"), isReached: false },
  { range: cidrOf("169.254.0.0/16"), isReached: false },
  { range: cidrOf("::1/128"), isReached: true, pattern: "::1$" },
  { range: cidrOf("fc00::/7"), isReached: true, pattern: "f[cd]" },
  { range: cidrOf("fe80::/10"), isReached: false, pattern: "fe[89ab]" },
];

interface Reach {
  /** Network and mask. */
  readonly opened: readonly (readonly [string, string])[];
  readonly closed: readonly (readonly [string, string])[];
  /** An expression of the script: that an IPv6 address is not reached. */
  readonly closedIpv6: string;
  readonly plainNames: boolean;
  readonly localhost: boolean;
}

function reachOf({ rules }: PolicySpec, proxies: readonly Proxy[], asker: Asker): Reach {
  const reachesLocal = proxies.every(({ isLocal }) => isLocal);
  const opened = rules
    .filter(({ action }) => action === "allow")
    .flatMap(({ addresses }) => addresses.map(parseCidr))
    .filter((range) => range !== undefined)
    .filter((range) => ownNetworks.some((own) => holds(own.range, range)));
  const closed = ownNetworks.filter(({ isReached }) => !(isReached && reachesLocal));
  const closedIpv6 = closed.flatMap(({ range, pattern }) =>
    pattern === undefined || opened.some((inner) => holds(range, inner)) ? [] : [pattern],
  );
  const opensLoopback = opened.some(({ network }) => isLoopback(network));
  return {
    opened: opened.filter(isIpv4).map(netOf),
    closed: closed
      .map(({ range }) => range)
      .filter(isIpv4)
      .map(netOf),
    closedIpv6: closedIpv6.length === 0 ? "false" : `/^(${closedIpv6.join("|")})/.test(host)`,
    plainNames: reachesLocal || opened.length > 0,
    // To any other asker it is another machine than to us.
    localhost: asker.isLocal && (reachesLocal || opensLoopback),
  };
}

/** Hosts that rules decide about by name, and that would go DIRECT if they did not. */
function hostsNamed({ rules }: PolicySpec): string[] {
  const deciding = new Set(["allow", "deny", "reset", "redirect", "rewrite"]);
  const hosts = rules.filter(({ action }) => deciding.has(action)).flatMap((rule) => rule.hosts);
  return [...new Set(hosts.filter((host) => !host.includes("*") && isOwn(host)))];
}

function isOwn(host: string): boolean {
  const address = parseAddress(host);
  if (address !== undefined) return ownNetworks.some(({ range }) => cidrContains(range, address));
  return !host.includes(".") || /^[^.].*\.localhost$/.test(host);
}

/** `inner` lies in `outer` as a whole. */
function holds(outer: Cidr, inner: Cidr): boolean {
  return cidrContains(outer, inner.network) && cidrBits(inner) >= cidrBits(outer);
}

function isIpv4({ network }: Cidr): boolean {
  return network.family === 4;
}

function netOf({ network, mask }: Cidr): readonly [string, string] {
  const quad: Address = { ...network, w3: mask.w3 };
  return [formatAddress(network), formatAddress(quad)];
}

function cidrOf(text: string): Cidr {
  const range = parseCidr(text);
  if (range === undefined) throw new Error(`Cannot read built-in range ${text}`);
  return range;
}
