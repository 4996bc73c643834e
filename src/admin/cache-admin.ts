/**
 * What the status port asks of the cache, and may order it to do. The runtime
 * implements it over both stores; here is nothing of how answers are kept.
 */
import type { StoredFacts } from "../cache/facts.ts";

export interface CacheAdmin {
  /** False where `cache.memory` is off: then all that follows has nothing to tell, and no order is given. */
  readonly isOn: boolean;
  readonly isOffline: boolean;
  /** Holds for all workers, and until the next call or a config in which `cache.offline` has changed. */
  setOffline(on: boolean): void;
  /** What was asked for and not stored, since it was last switched on, most wanted first; bounded. */
  missing(): readonly MissingUrl[];
  memory(): TierStats | undefined;
  /** Undefined without `cache.disk`, and while its path can't be used. */
  disk(): DiskStats | undefined;
  /** All variants and parts stored under an absolute URL, in whatever spelling; not a use of them. */
  find(url: string): Promise<readonly StoredListing[]>;
  /** How many entries it removed, or marked; counted by the implementer. Once it resolves, no worker serves them. */
  purge(request: PurgeRequest): Promise<number>;
}

export interface MissingUrl {
  readonly url: string;
  readonly count: number;
}

/** `evictions` and `stored` since the store was opened. */
export interface TierStats {
  readonly entries: number;
  readonly bytes: number;
  readonly capacityBytes: number;
  readonly evictions: number;
  readonly stored: number;
  /** Milliseconds since the epoch: when the oldest entry was stored; undefined without any. */
  readonly oldestMs: number | undefined;
}

export interface DiskStats extends TierStats {
  readonly path: string;
}

/** One stored answer as it is kept; `cache-listing.ts` makes a report of it. */
export interface StoredListing {
  readonly key: string;
  readonly tier: "memory" | "disk";
  readonly facts: StoredFacts;
  /** By a soft purge or by what invalidates (RFC 9111 §4.4). */
  readonly isMarkedStale: boolean;
  /** Stored field lines, each with its CRLF. */
  readonly lines: string;
  /** Joined by " "; "" without any. */
  readonly tags: string;
  /** Lower case, joined by ","; "" without Vary. */
  readonly varyNames: string;
  readonly varyKey: string;
  /** The address that was dialled. */
  readonly peer: string;
}

export interface PurgeRequest {
  readonly matches: PurgeMatches;
  /** Marks as stale what a hard purge would remove. */
  readonly soft: boolean;
}

/**
 * Exactly one of them.
 * `url`: absolute, of http or https, as somebody typed it: spelling it as the keys are is the implementer's.
 * `host`: in lower case; every port, where it has none.
 * `prefix`: a URL's beginning, through the slash after the host at least; the same holds as for `url`.
 * `tag`: whole, to be compared as it is.
 */
export type PurgeMatches =
  | { readonly url: string }
  | { readonly host: string }
  | { readonly prefix: string }
  | { readonly tag: string };

/** Where there is no cache. */
export const cacheOff: CacheAdmin = {
  isOn: false,
  isOffline: false,
  setOffline: () => undefined,
  missing: () => [],
  memory: () => undefined,
  disk: () => undefined,
  find: async () => [],
  purge: async () => 0,
};
