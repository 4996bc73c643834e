/**
 * Hosts as a configuration writes them, made what requests are compared with:
 * ASCII, lower case, no dot at the end, an address in its one spelling and
 * without brackets. A name that some program could read as an address
 * (`127.1`, `0x7f.1`) is refused, as it is in a request.
 */
import { formatAddress, parseAddress } from "./address.ts";

/** RFC 1035 §2.3.4, without the dot at the end. */
const NAME_LENGTH_MAX = 253;

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** What ends in a number is an address or nothing (WHATWG URL, "ends in a number"). */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/** A host of a rule: `example.com`, `*.example.com`, `.example.com`, or an address. Undefined: it is none. */
export function normaliseHost(text: string): string | undefined {
  const prefix = /^\*?\./.exec(text)?.[0] ?? "";
  const name = normaliseName(text.slice(prefix.length));
  // An address has nothing below it.
  if (name === undefined || (prefix !== "" && parseAddress(name) !== undefined)) return undefined;
  return prefix + name;
}

/** The same without wildcards: a host that could be asked for. */
export function normaliseName(text: string): string | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const address = parseAddress(bare);
  if (address !== undefined && (bare === text || bare.includes(":"))) return formatAddress(address);

  // ASCII can be shorter than what it stands for, so this bound is only against the absurd.
  if (text.length > 4 * NAME_LENGTH_MAX) return undefined;
  const ascii = toAscii(text)?.replace(/\.$/, "");
  if (ascii === undefined || ascii.length > NAME_LENGTH_MAX) return undefined;
  return NAME.test(ascii) && !ENDS_IN_NUMBER.test(ascii) ? ascii : undefined;
}

/**
 * UTS 46 by the platform's URL parser. It is only shown letters, digits, marks,
 * dots and hyphens beyond ASCII: it would also decode `%65`, cut at `/` and `@`,
 * and leave out line feeds.
 */
function toAscii(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  if (!/^[\p{L}\p{M}\p{N}._\-\u3002\uff0e\uff61\u00b7\u30fb]+$/u.test(lower)) return undefined;
  return URL.parse(`http://${lower}/`)?.hostname;
}
