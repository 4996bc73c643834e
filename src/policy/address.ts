/**
 * IP addresses and ranges: text in, four 32-bit words out, and a match is four
 * AND-XORs. Strict, because what passes here is dialled or let in: no leading
 * zeros, no short forms (`127.1`), no hex or octal quads, no zone ids.
 *
 * An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is its IPv4 address from the
 * moment it is parsed, so that no rule can be passed by spelling one host as
 * the other. For the same reason `::/0` holds no IPv4 address.
 */

/** IPv4 is kept as `::ffff:a.b.c.d`, its address in `w3`; words are unsigned. */
export interface Address {
  readonly family: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

export interface Cidr {
  readonly network: Address;
  /** Ones where `network` decides. */
  readonly mask: Address;
}

const MAPPED = 0xffff;

export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const word = parseQuad(text);
    return word === undefined ? undefined : addressOf(0, 0, MAPPED, word);
  }
  const groups = parseGroups(text);
  if (groups === undefined) return undefined;
  const word = (at: number): number => ((groups[at] ?? 0) * 0x1_0000 + (groups[at + 1] ?? 0)) >>> 0;
  return addressOf(word(0), word(2), word(4), word(6));
}

/** The one spelling of RFC 5952; IPv4 as a dotted quad. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return formatQuad(address.w3);
  const groups = [address.w0, address.w1, address.w2, address.w3].flatMap((word) => [
    word >>> 16,
    word & 0xffff,
  ]);
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Refused when bits are set behind the prefix: one of the two is a mistake. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const network = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (network === undefined) return undefined;

  // A range written with colons counts its bits from the front of 128, even when it lies in ::ffff:0:0/96.
  const width = text.includes(":") ? 128 : 32;
  const prefix = slash < 0 ? width : parsePrefix(text.slice(slash + 1), width);
  if (prefix === undefined) return undefined;

  const mask = maskOf(prefix + 128 - width);
  if (network.family === 4 && mask.w2 !== 0xffff_ffff) return undefined;
  const isExact =
    (network.w0 & ~mask.w0) === 0 &&
    (network.w1 & ~mask.w1) === 0 &&
    (network.w2 & ~mask.w2) === 0 &&
    (network.w3 & ~mask.w3) === 0;
  return isExact ? { network, mask } : undefined;
}

export function cidrContains({ network, mask }: Cidr, address: Address): boolean {
  return (
    network.family === address.family &&
    ((network.w3 ^ address.w3) & mask.w3) === 0 &&
    ((network.w0 ^ address.w0) & mask.w0) === 0 &&
    ((network.w1 ^ address.w1) & mask.w1) === 0 &&
    ((network.w2 ^ address.w2) & mask.w2) === 0
  );
}

export function sameAddress(one: Address, other: Address): boolean {
  return one.w3 === other.w3 && one.w0 === other.w0 && one.w1 === other.w1 && one.w2 === other.w2;
}

/** How many of the 128 bits a range fixes; of IPv4 the first 96 always. */
export function cidrBits({ mask }: Cidr): number {
  return [mask.w0, mask.w1, mask.w2, mask.w3].reduce((bits, word) => bits + Math.clz32(~word), 0);
}

/** The address in a 32-bit word, most significant byte first. */
export function ipv4Address(word: number): Address {
  return addressOf(0, 0, MAPPED, word >>> 0);
}

/** `127.0.0.0/8` and `::1`. */
export function isLoopback(address: Address): boolean {
  return address.family === 4 ? address.w3 >>> 24 === 127 : isSmall(address, 1);
}

/** `0.0.0.0` and `::`, which to a listener mean every address of the machine. */
export function isUnspecified(address: Address): boolean {
  return address.family === 4 ? address.w3 === 0 : isSmall(address, 0);
}

function isSmall({ w0, w1, w2, w3 }: Address, value: number): boolean {
  return (w0 | w1 | w2) === 0 && w3 === value;
}

function addressOf(w0: number, w1: number, w2: number, w3: number): Address {
  return { family: w0 === 0 && w1 === 0 && w2 === MAPPED ? 4 : 6, w0, w1, w2, w3 };
}

function maskOf(prefix: number): Address {
  const word = (at: number): number => {
    const ones = Math.min(Math.max(prefix - at, 0), 32);
    return ones === 0 ? 0 : (-1 << (32 - ones)) >>> 0;
  };
  return { family: 6, w0: word(0), w1: word(32), w2: word(64), w3: word(96) };
}

function parsePrefix(text: string, width: number): number | undefined {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const prefix = Number(text);
  return prefix <= width ? prefix : undefined;
}

const QUAD = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** A leading zero is refused: some programs read it as octal, and would dial elsewhere. */
function parseQuad(text: string): number | undefined {
  const match = QUAD.exec(text);
  if (match === null) return undefined;
  let word = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined;
    word = word * 256 + Number(part);
  }
  return word;
}

/** RFC 4291 §2.2: eight groups of up to four digits, one run of zeros as `::`, the last two perhaps as a quad. */
function parseGroups(text: string): number[] | undefined {
  const [front = "", back, ...more] = text.split("::");
  if (more.length > 0) return undefined;

  const before = parseRun(front, back === undefined);
  if (back === undefined) return before?.length === 8 ? before : undefined;

  const after = parseRun(back, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  return missing >= 1 ? [...before, ...new Array<number>(missing).fill(0), ...after] : undefined;
}

function parseRun(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    if (isLast && at === parts.length - 1 && part.includes(".")) {
      const word = parseQuad(part);
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function formatQuad(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** RFC 5952 §4.2: the longest run becomes `::`, the first of equals, and one group alone never does. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [at, group] of groups.entries()) {
    if (group !== 0) start = at + 1;
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start };
  }
  return best;
}
