/**
 * A host as lists write it → the name that requests are compared with: lower
 * case, ASCII, no dot at the end. What no request can name is no host, least of
 * all an odd spelling of an address (`127.1`, `0x7f.0.0.1`).
 */

/** `below`: only its subdomains; `both`: the host and those. */
export type HostCover = "exact" | "below" | "both";

export interface ListedHost {
  readonly name: string;
  readonly covers: HostCover;
}

/** RFC 1035 §2.3.4: 255 octets on the wire are 253 characters. */
export const NAME_CHARS_MAX = 253;

const ASCII_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** URL Standard, "ends in a number": such a name is an IPv4 address or nothing. */
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

export function parseListedHost(text: string): ListedHost | undefined {
  if (text.length > NAME_CHARS_MAX + "*..".length) return undefined;
  const covers = text.startsWith("*.") ? "below" : text.startsWith(".") ? "both" : "exact";
  const start = covers === "below" ? 2 : covers === "both" ? 1 : 0;
  const end = text.endsWith(".") ? text.length - 1 : text.length;
  const name = toAscii(text.slice(start, end));
  if (name === undefined || name.length > NAME_CHARS_MAX) return undefined;
  return ASCII_NAME.test(name) && !NUMERIC_END.test(name) ? { name, covers } : undefined;
}

/** The conversion that browsers do (UTS #46). Nothing that means something else in a URL gets there. */
function toAscii(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/^[\0-\x7f]*$/.test(lower)) return lower;
  if (/[^a-z0-9_.\-\u0080-\uffff]|\ufffd/.test(lower)) return undefined;
  const url = URL.parse(`http://${lower}/`);
  return url === null ? undefined : url.hostname;
}
