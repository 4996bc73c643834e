/**
 * What the cache says it did, in the words of RFC 9211. Each function gives a whole
 * line with its CRLF; the lines of caches before us stay, and ours goes after them
 * (§2). The key is left out: it tells nothing that the request does not.
 */

/** Why a request went to the upstream (§2.2). */
export type Forward =
  | "bypass"
  | "method"
  | "uri-miss"
  | "vary-miss"
  | "miss"
  | "request"
  | "stale"
  | "partial";

export interface Forwarded {
  readonly fwd: Forward;
  /** What the upstream answered; left out where it is the status that the client gets. */
  readonly fwdStatus?: number | undefined;
  /** Freshness of what was stored; negative when it is stale. */
  readonly ttlMs?: number | undefined;
  readonly stored?: boolean;
  /** Another request's answer, which this one shares (§2.6). */
  readonly collapsed?: boolean;
  readonly detail?: string | undefined;
}

/** How all lines of a cache with this name begin: made once. */
export function cacheStatusStart(name: string): string {
  return `Cache-Status: ${tokenOrString(name)}`;
}

/** Answered from the store. `ttlMs` is negative when it is stale (§2.4). */
export function hitLine(start: string, ttlMs: number, detail?: string): string {
  const told = detail === undefined ? "" : `; detail=${tokenOrString(detail)}`;
  return `${start}; hit; ttl=${Math.floor(ttlMs / 1000)}${told}\r\n`;
}

/** Answered by the upstream, or after having asked it. */
export function forwardedLine(start: string, forwarded: Forwarded): string {
  const { fwd, fwdStatus, ttlMs, stored, collapsed, detail } = forwarded;
  let line = `${start}; fwd=${fwd}`;
  if (fwdStatus !== undefined) line += `; fwd-status=${fwdStatus}`;
  if (ttlMs !== undefined) line += `; ttl=${Math.floor(ttlMs / 1000)}`;
  if (stored === true) line += "; stored";
  if (collapsed === true) line += "; collapsed";
  if (detail !== undefined) line += `; detail=${tokenOrString(detail)}`;
  return `${line}\r\n`;
}

/** Neither: what was asked for is not there, and must not be fetched (RFC 9111 §5.2.1.7). */
export function unansweredLine(start: string, detail: string): string {
  return `${start}; detail=${tokenOrString(detail)}\r\n`;
}

const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;

/** RFC 8941 §3.3.3, §3.3.4. What a string can't hold becomes "?". */
function tokenOrString(text: string): string {
  if (TOKEN.test(text)) return text;
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
