/**
 * What is known of one exchange (or tunnel) when it has ended. The relay fills
 * it in while the exchange lives; counters, histograms and the access log read
 * it once, at the end. Whatever happened, there is exactly one.
 */
import type { CacheWord } from "./cache-word.ts";
import type { FailureWord } from "./failure-word.ts";
import type { Reason } from "./reason.ts";

/** forward: one request and its answer; tunnel: CONNECT; upgrade: after a 101; own: we answered ourselves. */
export type ExchangeKind = "forward" | "tunnel" | "upgrade" | "own";

export interface ExchangeRecord {
  readonly kind: ExchangeKind;
  /** The listener's place: which of the listeners' cells it counts in. */
  readonly listener: number;
  /** The client's address, without the port. */
  readonly client: string;
  /** Who has logged in: the name of a user or token. */
  readonly user: string | undefined;
  /** Empty when the request could not be read. */
  readonly method: string;
  /** `http://host/path?query` or, for CONNECT, `host:port`. As the client asked for it, whatever a rule has made of it; empty when it could not be read. */
  readonly target: string;
  /** Where a rule has sent it instead, as `http://host/path?query`; undefined when none has. */
  readonly rewritten: string | undefined;
  /** What the client was told; 0 when it left, or was cut, before any status. */
  readonly status: number;
  /** Bytes read from the client for this exchange, head included. */
  readonly bytesIn: number;
  /** Bytes written to the client for this exchange, head included. */
  readonly bytesOut: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** From the first byte of the request's head. */
  readonly durationMs: number;
  /** Until the first byte of the upstream's answer; undefined when none came. */
  readonly firstByteMs: number | undefined;
  /** `address:port` that was dialled; undefined when none was. */
  readonly upstream: string | undefined;
  /** The upstream connection had served an exchange before. */
  readonly reused: boolean;
  /** What the cache did for it; undefined where it had no part. */
  readonly cache: CacheWord | undefined;
  /** Why it failed, as RFC 9209 names it; undefined when it did not. */
  readonly failure: FailureWord | undefined;
  /** What decided: a rule's name, "default", or the name of the limit that refused; undefined where the policy has no rules. */
  readonly rule: string | undefined;
  /** Why it was refused, or would have been; `rule` and `default` of what was let pass, too. */
  readonly reason: Reason | undefined;
  /** The list by which the rule matched. */
  readonly list: string | undefined;
  readonly tags: readonly string[];
  /** The policy would have refused it, were it not an audit. */
  readonly wouldDeny: boolean;
}
