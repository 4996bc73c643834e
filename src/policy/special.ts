/**
 * Special-purpose addresses: those that are somebody else, or nobody, on every
 * network they are dialled from. One table: the IANA registries for IPv4 and
 * IPv6 (RFC 6890 and what it names, as of October 2025), multicast, the parts of
 * IPv6 that nobody was given, and where clouds keep the secrets of their machines.
 *
 * The longest range that holds an address tells what it is. An IPv6 address that
 * carries an IPv4 address to dial is what that one is, too: something on the way
 * takes it out. IPv4-mapped ones are IPv4 before they come here (`address.ts`).
 */
import {
  type Address,
  type Cidr,
  cidrBits,
  cidrContains,
  formatAddress,
  ipv4Address,
  parseCidr,
} from "./address.ts";

export type SpecialKind =
  | "metadata"
  | "loopback"
  | "private"
  | "link-local"
  | "site-local"
  | "shared"
  | "this-network"
  | "documentation"
  | "benchmarking"
  | "protocol"
  | "dummy"
  | "discard"
  | "relay"
  | "teredo"
  | "translation"
  | "identifier"
  | "segment"
  | "multicast"
  | "broadcast"
  | "reserved";

export interface SpecialRange {
  readonly kind: SpecialKind;
  /** `10.0.0.0/8`; of what is carried: `64:ff9b::a00:0/104`. */
  readonly range: string;
  /** How many of 128 bits the range fixes. */
  readonly bits: number;
  /** `RFC 1918`, or the cloud that put something there. */
  readonly source: string;
  /** It is the IPv4 address in it that is special. */
  readonly isCarried: boolean;
}

/** What is special about it; undefined for an address like any other. */
export function specialOf(address: Address): SpecialRange | undefined {
  const plain = rowHolding(address);
  const carried = carriedIn(address);
  if (carried !== undefined && (plain === undefined || carried.bits > plain.bits)) return carried;
  return plain?.special;
}

/**
 * Whether a rule that allows `range` means `address`, which lies in it: a range
 * that is no wider than what makes the address special does. So 0.0.0.0/0 opens
 * nothing, and 100.64.0.0/10 no cloud's metadata in the middle of it.
 */
export function opensSpecial(range: Cidr, address: Address): boolean {
  const special = specialOf(address);
  return special !== undefined && cidrContains(range, address) && cidrBits(range) >= special.bits;
}

/** The IPv4 address that an IPv6 address carries, to be dialled by something on the way. */
export function carriedIpv4(address: Address): Address | undefined {
  const carried = findCarried(address);
  return carried === undefined ? undefined : ipv4Address(carried.word);
}

interface Row {
  readonly cidr: Cidr;
  readonly bits: number;
  /** Undefined: the registry calls it globally reachable, within a range that is not. */
  readonly special: SpecialRange | undefined;
}

const rows: readonly Row[] = [
  // IPv4
  row("0.0.0.0/8", "this-network", "RFC 791"),
  row("10.0.0.0/8", "private", "RFC 1918"),
  row("100.64.0.0/10", "shared", "RFC 6598"),
  row("127.0.0.0/8", "loopback", "RFC 1122"),
  row("172.16.0.0/12", "private", "RFC 1918"),
  row("192.0.0.0/24", "protocol", "RFC 6890"),
  row("192.0.0.0/29", "protocol", "RFC 7335"), // IPv4 service continuity: the inside of DS-Lite and 464XLAT
  row("192.0.0.8/32", "dummy", "RFC 7600"),
  row("192.0.0.9/32", "global", "RFC 7723"), // Port Control Protocol anycast
  row("192.0.0.10/32", "global", "RFC 8155"), // TURN anycast
  row("192.0.0.170/31", "protocol", "RFC 8880"), // NAT64 and DNS64 discovery
  row("192.0.2.0/24", "documentation", "RFC 5737"),
  row("192.31.196.0/24", "global", "RFC 7535"), // AS112
  row("192.52.193.0/24", "global", "RFC 7450"), // AMT
  row("192.88.99.0/24", "relay", "RFC 7526"), // 6to4 relay anycast, 6a44 in it (RFC 6751)
  row("192.168.0.0/16", "private", "RFC 1918"),
  row("192.175.48.0/24", "global", "RFC 7534"), // AS112
  row("198.18.0.0/15", "benchmarking", "RFC 2544"),
  row("198.51.100.0/24", "documentation", "RFC 5737"),
  row("203.0.113.0/24", "documentation", "RFC 5737"),
  row("224.0.0.0/4", "multicast", "RFC 5771"),
  row("240.0.0.0/4", "reserved", "RFC 1112"),
  row("255.255.255.255/32", "broadcast", "RFC 919"),

  // IPv6
  row("::/128", "this-network", "RFC 4291"),
  row("::1/128", "loopback", "RFC 4291"),
  row("64:ff9b::/96", "global", "RFC 6052"), // NAT64
  row("64:ff9b:1::/48", "translation", "RFC 8215"), // NAT64 of a network's own: the IPv4 address can be anywhere in it
  row("100::/64", "discard", "RFC 6666"),
  row("100:0:0:1::/64", "dummy", "RFC 9780"),
  row("2001::/23", "protocol", "RFC 2928"),
  row("2001::/32", "teredo", "RFC 4380"), // the IPv4 address of a server, and a client's behind its NAT
  row("2001:1::1/128", "global", "RFC 7723"), // Port Control Protocol anycast
  row("2001:1::2/128", "global", "RFC 8155"), // TURN anycast
  row("2001:1::3/128", "global", "RFC 9665"), // service registration anycast
  row("2001:2::/48", "benchmarking", "RFC 5180"),
  row("2001:3::/32", "global", "RFC 7450"), // AMT
  row("2001:4:112::/48", "global", "RFC 7535"), // AS112
  row("2001:10::/28", "identifier", "RFC 4843"), // ORCHID
  row("2001:20::/28", "global", "RFC 7343"), // ORCHIDv2
  row("2001:30::/28", "global", "RFC 9374"), // entity tags of drones
  row("2001:db8::/32", "documentation", "RFC 3849"),
  row("2620:4f:8000::/48", "global", "RFC 7534"), // AS112
  row("3fff::/20", "documentation", "RFC 9637"),
  row("5f00::/16", "segment", "RFC 9602"),
  row("fc00::/7", "private", "RFC 4193"),
  row("fe80::/10", "link-local", "RFC 4291"),
  row("fec0::/10", "site-local", "RFC 3879"),
  row("ff00::/8", "multicast", "RFC 4291"),
  // Unicast was given out of 2000::/3 alone (RFC 3587).
  row("::/3", "reserved", "RFC 4291"),
  row("4000::/2", "reserved", "RFC 4291"),
  row("8000::/1", "reserved", "RFC 4291"),

  // Clouds
  row("169.254.0.0/16", "metadata", "RFC 3927"), // link-local, where AWS, Azure, Google and most others put it
  row("100.100.100.200/32", "metadata", "Alibaba Cloud"),
  row("168.63.129.16/32", "metadata", "Azure"), // WireServer, which hands out the secrets of VM extensions
  row("192.0.0.192/32", "metadata", "Oracle Cloud"), // of its first generation
  row("fd00:ec2::/32", "metadata", "AWS"), // metadata (::254) and the credentials of EKS pods (::23)
  row("fd20:ce::254/128", "metadata", "Google Cloud"),
  row("fd00:c1::a9fe:a9fe/128", "metadata", "Oracle Cloud"),
  row("fd00:42::42/128", "metadata", "Scaleway"),
  row("fd00:100::100:200/128", "metadata", "Alibaba Cloud"),
].sort((one, other) => other.bits - one.bits);

const rows4 = rows.filter(({ cidr }) => cidr.network.family === 4);
const rows6 = rows.filter(({ cidr }) => cidr.network.family === 6);

function row(range: string, kind: SpecialKind | "global", source: string): Row {
  const cidr = parseCidr(range);
  if (cidr === undefined) throw new Error(`Cannot read built-in range ${range}`);
  const bits = cidrBits(cidr);
  return {
    cidr,
    bits,
    special: kind === "global" ? undefined : { kind, range, bits, source, isCarried: false },
  };
}

function rowHolding(address: Address): Row | undefined {
  const candidates = address.family === 4 ? rows4 : rows6;
  for (const candidate of candidates) if (cidrContains(candidate.cidr, address)) return candidate;
  return undefined;
}

function carriedIn(address: Address): SpecialRange | undefined {
  const carried = findCarried(address);
  const inner = carried && rowHolding(ipv4Address(carried.word))?.special;
  if (carried === undefined || inner === undefined) return undefined;
  const bits = inner.bits - 96 + carried.offset;
  return { ...inner, range: rangeText(address, bits), bits, isCarried: true };
}

interface Carried {
  /** The IPv4 address. */
  readonly word: number;
  /** How many bits stand before it. */
  readonly offset: number;
}

function findCarried({ family, w0, w1, w2, w3 }: Address): Carried | undefined {
  if (family === 4) return undefined;
  // 6to4 (RFC 3056): 2002:AABB:CCDD::
  if (w0 >>> 16 === 0x2002) return { word: ((w0 << 16) | (w1 >>> 16)) >>> 0, offset: 16 };
  // NAT64 (RFC 6052).
  if (w0 === 0x64_ff9b && w1 === 0 && w2 === 0) return { word: w3, offset: 96 };
  // IPv4-compatible (RFC 4291 §2.5.5.1) and IPv4-translated (RFC 2765 §2.1): out of use, and still understood.
  if (w0 === 0 && w1 === 0 && (w2 === 0 || w2 === 0xffff_0000)) return { word: w3, offset: 96 };
  // ISATAP (RFC 5214 §6.1), in any network: ::0:5efe:a.b.c.d, ::200:5efe:a.b.c.d
  if (w2 === 0x5efe || w2 === 0x0200_5efe) return { word: w3, offset: 96 };
  return undefined;
}

function rangeText({ family, w0, w1, w2, w3 }: Address, bits: number): string {
  const masked = (word: number, at: number): number => {
    const zeros = Math.min(Math.max(at + 32 - bits, 0), 32);
    return zeros === 32 ? 0 : ((word >>> zeros) << zeros) >>> 0;
  };
  const network = { family, w0: masked(w0, 0), w1: masked(w1, 32), w2: masked(w2, 64), w3: masked(w3, 96) };
  return `${formatAddress(network)}/${bits}`;
}
