/**
 * May this address be dialled? Judges addresses, after names were resolved and
 * at every attempt: a public name can turn private.
 *
 * The rules, in order; the first that applies decides:
 *   1. it is no address that we can read        refuse
 *   2. it is one of our own listeners           refuse, as a loop
 *   3. it is the unspecified address            refuse (0.0.0.0 reaches this very machine)
 *   4. it is a cloud's metadata or link-local   refuse (credentials of the machine for whoever asks)
 *   5. anything else                            allow
 */
import {
  type Address,
  cidrContains,
  formatAddress,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseCidr,
} from "./address.ts";

export type DestinationDecision =
  | { readonly verdict: "allow" }
  | { readonly verdict: "refuse"; readonly because: DestinationRefusal };

export type DestinationRefusal =
  | "not_an_address"
  | "own_listener"
  | "unspecified_address"
  | "metadata_address";

/** Where this process itself listens. */
export interface OwnAddresses {
  readonly listening: readonly { readonly host: string; readonly port: number }[];
  /** The addresses of this machine's interfaces: what a listener on 0.0.0.0 or :: is reached by. */
  readonly interfaces: readonly string[];
}

const ALLOW: DestinationDecision = { verdict: "allow" };

const METADATA = [
  "169.254.0.0/16", // AWS, Azure, Google, DigitalOcean, Oracle; link-local as a whole (RFC 3927)
  "fe80::/10", // link-local (RFC 4291 §2.5.6)
  "fd00:ec2::/32", // AWS over IPv6: metadata (::254) and the credentials of EKS pods (::23)
  "fd20:ce::254/128", // Google over IPv6
  "fd00:c1::a9fe:a9fe/128", // Oracle over IPv6
  "fd00:42::42/128", // Scaleway over IPv6
  "fd00:100::100:200/128", // Alibaba over IPv6
  "64:ff9b::a9fe:0/112", // 169.254.0.0/16 through NAT64 (RFC 6052)
  "2002:a9fe::/32", // and through 6to4 (RFC 3056)
  "100.100.100.200/32", // Alibaba
  "168.63.129.16/32", // Azure's WireServer, which hands out the secrets of VM extensions
].map(knownCidr);

export function decideDestination(text: string, port: number, own: OwnAddresses): DestinationDecision {
  const address = parseAddress(text);
  if (address === undefined) return refuse("not_an_address");
  if (isOwn(address, port, own)) return refuse("own_listener");
  if (isUnspecified(address)) return refuse("unspecified_address");
  if (METADATA.some((range) => cidrContains(range, address))) return refuse("metadata_address");
  return ALLOW;
}

function isOwn(address: Address, port: number, own: OwnAddresses): boolean {
  const shown = formatAddress(address);
  return own.listening.some((listener) => {
    if (listener.port !== port) return false;
    const host = parseAddress(listener.host);
    if (host === undefined) return false;
    if (formatAddress(host) === shown || isUnspecified(address)) return true;
    return isUnspecified(host) && (isLoopback(address) || own.interfaces.includes(shown));
  });
}

function refuse(because: DestinationRefusal): DestinationDecision {
  return { verdict: "refuse", because };
}

function knownCidr(text: string) {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`Cannot read built-in range ${text}`);
  return cidr;
}
