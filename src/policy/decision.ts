/** What a policy is asked, and what it answers: values that never see a socket. */
import type { Address } from "./address.ts";
import type { Action, ContentSpec, FieldChanges } from "./spec.ts";

/** Who has logged in. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The part of a request that stays the same for a connection, as bits: a rule each. `Policy.who` makes it. */
export interface Who {
  readonly client: Address;
  readonly listener: number;
  readonly user: User | undefined;
  /** Which rules may match, all but the user considered. */
  readonly bits: Uint32Array;
  /** Which of those want another user, or any. */
  readonly wantsUser: Uint32Array;
}

export interface RequestFacts {
  /** `tunnel`: a CONNECT. */
  readonly kind: "http" | "tunnel";
  readonly method: string;
  /** Lower case, normalised; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query, as it is sent on; "" for a tunnel. */
  readonly path: string;
  /** Whole lines with their CRLF. */
  readonly fieldLines: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface Decision {
  /**
   * `by-address`: the next rule that may match wants to know what the host
   * resolves to, and `Policy.decideAddress` decides for each address.
   * `log-in`: refused, but a rule would match somebody who has logged in.
   */
  readonly verdict: "allow" | "deny" | "reset" | "redirect" | "by-address" | "log-in";
  /** The rule that decided; "default" when none did. Of `by-address`: the one that waits. */
  readonly rule: string;
  /** Its position in the policy's rules; -1 for the default. */
  readonly ruleIndex: number;
  /** The list by which it matched. */
  readonly list: string | undefined;
  /** What an audit has let pass. */
  readonly wouldDeny: boolean;
  /** Of a redirect: the value of Location, and the status. */
  readonly redirect: { readonly location: string; readonly status: number } | undefined;
  readonly effects: Effects | undefined;
}

/**
 * What the rules on the way to the decision do to the rest of the request. Of
 * `by-address`: up to the rule that decides when none of those that wait match.
 * So effects never depend on an address, and a limit holds before anything is
 * resolved.
 */
export interface Effects {
  /** Positions of the rules, to be counted. */
  readonly rules: readonly number[];
  readonly tags: readonly string[];
  readonly limits: readonly { readonly limit: string; readonly rule: string }[];
  readonly request: readonly FieldChanges[];
  readonly response: readonly FieldChanges[];
  readonly content: readonly (ContentSpec & { readonly rule: string })[];
  /** Where a rewrite sends it: already judged. */
  readonly target:
    | { readonly host: string; readonly port: number; readonly authority: string; readonly path: string }
    | undefined;
}

/** Of one address that a host resolved to. */
export interface AddressDecision {
  readonly verdict: Exclude<Decision["verdict"], "by-address">;
  readonly rule: string;
  readonly ruleIndex: number;
  readonly list: string | undefined;
  readonly wouldDeny: boolean;
  readonly redirect: Decision["redirect"];
  /** A rule names this address, or a range of its kind: special-purpose addresses open too. */
  readonly opensSpecial: boolean;
}

/** What `explain` shows of a rule; in order, and none after the one that decided. */
export interface TraceStep {
  readonly rule: string;
  readonly action: Action | "default";
  readonly outcome: "decided" | "took_effect" | "waits_for_address" | "did_not_match";
  /** The matcher that did not match, or what the rule matched by: `hosts: .example.com`. */
  readonly because: string;
}
