/**
 * What a client is told that has reached a limit, as whole lines with their CRLF:
 * `Retry-After` (RFC 9110 §10.2.3), `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10), structured fields of RFC 9651.
 */
import type { LimitRefusal } from "./limit-refusal.ts";

type Refusal = Pick<LimitRefusal, "limit" | "what" | "retryMs" | "quota" | "windowMs">;

/** The draft's quota units; "requests" is what goes without saying. */
const UNITS = {
  requests: "",
  connections: ';qu="connections"',
  exchanges: ';qu="concurrent-requests"',
  open: ';qu="concurrent-connections"',
  budget: ';qu="content-bytes"',
} as const satisfies Record<LimitRefusal["what"], string>;

export function limitFields({ limit, what, retryMs, quota, windowMs }: Refusal): string {
  const name = quotedString(limit);
  const retry = wholeSeconds(retryMs);
  const window = windowMs === 0 ? "" : `;w=${wholeSeconds(windowMs)}`;
  return (
    `Retry-After: ${retry}\r\n` +
    `RateLimit-Policy: ${name};q=${integer(quota)}${UNITS[what]}${window}\r\n` +
    `RateLimit: ${name};r=0;t=${retry}\r\n`
  );
}

/** At least one: 0 would ask for a retry at once. */
function wholeSeconds(ms: number): number {
  return Math.max(1, integer(Math.ceil(ms / 1_000)));
}

/** RFC 9651 §3.3.1: at most 15 digits. */
function integer(value: number): number {
  return Math.min(Math.floor(value), 999_999_999_999_999);
}

/** RFC 9651 §3.3.3: visible ASCII and spaces only. */
function quotedString(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
