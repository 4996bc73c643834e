/**
 * May this address be dialled? Judges addresses, after names were resolved and
 * at every attempt: a public name can turn private.
 *
 * The rules, in order; the first that applies decides:
 *   1. it is one of our own listeners                    refuse, as a loop
 *   2. it is the unspecified address                     refuse (0.0.0.0 reaches this very machine)
 *   3. it is not special (`special.ts`)                  allow
 *   4. a rule allows it by address                       allow
 *   5. it is loopback or private, and within reach       allow
 *   6. anything else                                     refuse
 */
import {
  type Address,
  formatAddress,
  isLoopback,
  isUnspecified,
  parseAddress,
  sameAddress,
} from "./address.ts";
import { carriedIpv4, type SpecialKind, type SpecialRange, specialOf } from "./special.ts";

export type DestinationDecision = { readonly verdict: "allow" } | DestinationRefusal;

export type DestinationRefusal =
  | { readonly verdict: "refuse"; readonly because: "own_listener" | "unspecified_address" }
  | {
      readonly verdict: "refuse";
      readonly because: "special_address";
      readonly kind: SpecialKind;
      readonly special: SpecialRange;
    };

/** `local`: of a listener that only this machine reaches, whose loopback and private network its clients reach anyway. */
export type Reach = "public" | "local";

/** Where this process itself listens. */
export interface OwnAddresses {
  readonly listening: readonly { readonly host: string; readonly port: number }[];
  /** The addresses of this machine's interfaces: what a listener on 0.0.0.0 or :: is reached by. */
  readonly interfaces: readonly string[];
}

/** Of a listener that is bound to `host`. */
export function reachOf(host: string): Reach {
  const address = parseAddress(host);
  return address !== undefined && isLoopback(address) ? "local" : "public";
}

const ALLOW: DestinationDecision = { verdict: "allow" };

/** `opensSpecial`: what the deciding rule says of this address (`AddressDecision`). */
export function decideDestination(
  address: Address,
  port: number,
  own: OwnAddresses,
  reach: Reach,
  opensSpecial: boolean,
): DestinationDecision {
  if (isOwn(address, port, own)) return { verdict: "refuse", because: "own_listener" };
  if (isUnspecified(address)) return { verdict: "refuse", because: "unspecified_address" };
  const special = specialOf(address);
  if (special === undefined || opensSpecial) return ALLOW;
  if (reach === "local" && isLocal(special)) return ALLOW;
  return { verdict: "refuse", because: "special_address", kind: special.kind, special };
}

/** For whoever asked: what was refused, why, and whether a rule can change it. */
export function describeRefusal(address: Address, refusal: DestinationRefusal): string {
  const shown = formatAddress(address);
  switch (refusal.because) {
    case "own_listener":
      return `${shown} is this proxy itself`;
    case "unspecified_address":
      return `${shown} is never dialled (unspecified address)`;
    case "special_address":
      return `${shown} is refused unless a rule allows it by address (${refusal.kind} address, ${refusal.special.source})`;
  }
}

/** Plainly so: what carries such an address in another is dialled by somebody else, elsewhere. */
function isLocal({ kind, isCarried }: SpecialRange): boolean {
  return !isCarried && (kind === "loopback" || kind === "private");
}

/** A NAT64 on the way could bring an address of ours back to us, so what is carried counts as well. */
function isOwn(address: Address, port: number, own: OwnAddresses): boolean {
  const carried = carriedIpv4(address);
  return own.listening.some(
    (listener) =>
      listener.port === port &&
      (reaches(address, listener.host, own) ||
        (carried !== undefined && reaches(carried, listener.host, own))),
  );
}

function reaches(address: Address, listener: string, { interfaces }: OwnAddresses): boolean {
  const host = parseAddress(listener);
  if (host === undefined) return false;
  if (sameAddress(host, address) || isUnspecified(address)) return true;
  return isUnspecified(host) && (isLoopback(address) || interfaces.includes(formatAddress(address)));
}
