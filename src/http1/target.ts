/**
 * Request targets (RFC 9112 §3.2): which of the four forms, and what it names.
 * A host comes out in its one spelling, so that what is judged by name can't be
 * passed by another: lower case, no dot at the end, an IPv6 address as short as
 * it gets, an IPv4-mapped one as IPv4. Percent-encoded hosts, user information
 * and fragments are refused, and so is every spelling of an IPv4 address but
 * four decimal numbers: another program might read it otherwise.
 */
import { ProtocolError } from "./error.ts";

export type Target =
  /** `origin` is what Host says to the upstream; `path` begins with "/" and holds the query. */
  | { readonly form: "absolute"; readonly origin: Origin; readonly path: string }
  | { readonly form: "authority"; readonly origin: Origin }
  | { readonly form: "asterisk" }
  | { readonly form: "origin"; readonly path: string };

export interface Origin {
  /** In its one spelling; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** `host` or `host:port`, brackets and all, the default port left out: what Host and a pool are keyed by. */
  readonly authority: string;
}

/** RFC 1035 §2.3.4: 253 as text, and the dot at the end. */
const HOST_BYTES_MAX = 254;

export function parseTarget(method: string, target: string): Target {
  if (method === "CONNECT") return { form: "authority", origin: parseConnectAuthority(target) };
  if (target === "*") {
    if (method !== "OPTIONS") fail('"*" is for OPTIONS alone');
    return { form: "asterisk" };
  }
  if (target.includes("#")) fail("a fragment is never sent");
  if (target.startsWith("/")) return { form: "origin", path: target };
  const slash = target.startsWith("http://") ? target.indexOf("/", 7) : -1;
  const origin = slash < 0 ? undefined : knownOrigins.get(target.slice(0, slash));
  if (origin !== undefined) return { form: "absolute", origin, path: target.slice(slash) };
  return parseAbsolute(method, target);
}

/**
 * What stood before the path lately, and what it names: a client asks one
 * upstream many times, and reading an authority takes longer than the rest of
 * the request. The same text always names the same, so this only saves time.
 */
const knownOrigins = new Map<string, Origin>();
const KNOWN_ORIGINS_MAX = 1_000;

function remember(authority: string, origin: Origin): void {
  if (knownOrigins.size >= KNOWN_ORIGINS_MAX) knownOrigins.clear();
  knownOrigins.set(copied(`http://${authority}`), origin);
}

/** A piece of a text keeps all of it in memory: what is kept of a target must not keep the head that it was cut from. */
function copied(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/**
 * RFC 9112 §3.2: a request of HTTP/1.1 has a Host, and whoever has one has a
 * good one, though the target is what counts. Two are refused where fields are
 * read.
 */
export function checkHost(host: string | undefined, minor: 0 | 1, target: Target): void {
  if ("origin" in target && host === target.origin.authority) return;
  if (host === undefined) {
    if (minor === 1) throw new ProtocolError("Cannot read head: no Host");
  } else if (!isHostValue(host)) throw new ProtocolError("Cannot read head: Host is malformed");
}

/** The value of Host: empty, or a host with or without a port (RFC 9110 §7.2). */
export function isHostValue(value: string): boolean {
  if (value === "") return true;
  const split = splitAuthority(value);
  return split !== undefined && readHost(split.host) !== undefined && readPort(split.port, 0) !== undefined;
}

function parseAbsolute(method: string, target: string): Target {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):/.exec(target)?.[1]?.toLowerCase();
  if (scheme === undefined) fail("neither a path nor an absolute URI");
  if (scheme !== "http") {
    throw new ProtocolError(
      `Cannot read target: scheme "${scheme}" is not forwarded, only "http" (use CONNECT for https)`,
    );
  }
  if (!target.startsWith("//", 5)) fail('"http:" without "//"');

  const authorityEnd = target.slice(7).search(/[/?]/);
  const authority = authorityEnd < 0 ? target.slice(7) : target.slice(7, 7 + authorityEnd);
  const rest = authorityEnd < 0 ? "" : target.slice(7 + authorityEnd);
  const origin = parseOrigin(authority, 80);
  remember(authority, origin);
  // RFC 9112 §3.2.4: the last proxy turns an OPTIONS for the whole server into "*".
  if (rest === "") return { form: "absolute", origin, path: method === "OPTIONS" ? "*" : "/" };
  return { form: "absolute", origin, path: rest.startsWith("/") ? rest : `/${rest}` };
}

/** What a `Host` names on a server for http; undefined when it can't be read. */
export function parseAuthority(authority: string): Origin | undefined {
  const known = knownOrigins.get(`http://${authority}`);
  if (known !== undefined) return known;
  if (!isHostValue(authority) || authority === "") return undefined;
  const origin = parseOrigin(authority, 80);
  remember(authority, origin);
  return origin;
}

/** RFC 9110 §9.3.6: host and port, and the port is not optional. */
function parseConnectAuthority(target: string): Origin {
  if (target.includes("/")) fail('CONNECT wants "host:port", and no URL');
  const split = splitAuthority(target);
  if (split === undefined || split.port === undefined || split.port === "") fail('CONNECT wants "host:port"');
  return parseOrigin(target, undefined);
}

function parseOrigin(authority: string, defaultPort: number | undefined): Origin {
  if (authority.includes("@")) fail("user information in it");
  const split = splitAuthority(authority);
  const host = split === undefined ? undefined : readHost(split.host);
  if (split === undefined || host === undefined) fail("the host is malformed");
  const port = readPort(split.port, defaultPort);
  if (port === undefined) fail("the port is not a number from 1 to 65535");
  const shown = host.includes(":") ? `[${host}]` : host;
  return { host: copied(host), port, authority: copied(port === defaultPort ? shown : `${shown}:${port}`) };
}

/** At the last colon outside brackets; a port may be empty (RFC 3986 §3.2.3). */
function splitAuthority(authority: string): { host: string; port: string | undefined } | undefined {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(authority);
  return match === null ? undefined : { host: match[1] ?? "", port: match[2] };
}

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`);

function readHost(text: string): string | undefined {
  if (text.length === 0 || text.length > HOST_BYTES_MAX) return undefined;
  if (text.startsWith("[")) return readIpv6(text.slice(1, -1).toLowerCase());
  // Before the case is folded: of letters beyond ASCII, some fold into it.
  if (!NAME.test(text)) return undefined;
  const host = text.toLowerCase();
  // What ends in a number is an address or nothing: "0x7f.1", "127.1" and "2130706433" are addresses to some.
  if (/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/.test(host)) return isDottedQuad(host) ? host : undefined;
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function isDottedQuad(host: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/.test(host);
}

/** RFC 3986 §3.2.2: eight groups, at most one "::", the last two groups may be a dotted quad. No zones. */
function readIpv6(text: string): string | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  let groups = text;
  if (tail.includes(".")) {
    if (!isDottedQuad(tail)) return undefined;
    groups = `${text.slice(0, lastColon)}:0:0`;
  }
  const halves = groups.split("::");
  if (halves.length > 2) return undefined;
  const parts = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/.test(part))) return undefined;
  return (halves.length === 1 ? parts.length === 8 : parts.length <= 7) ? shortestIpv6(text) : undefined;
}

/** RFC 5952, as URLs are written (WHATWG URL, "IPv6 serializer"); what is mapped from IPv4 is IPv4 (RFC 4291 §2.5.5.2). */
function shortestIpv6(text: string): string {
  const shortest = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(shortest);
  if (mapped === null) return shortest;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`;
}

function readPort(text: string | undefined, defaultPort: number | undefined): number | undefined {
  if (text === undefined || text === "") return defaultPort;
  if (!/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function fail(detail: string): never {
  throw new ProtocolError(`Cannot read target: ${detail}`);
}
