/**
 * What is known of a stored answer, worked out once when it is stored, so that
 * whoever serves it parses nothing. Numbers alone: the stores keep them as they are.
 */

/** Bits of `flags`. */
export const stored = {
  /** Its lifetime is a guess from Last-Modified (RFC 9111 §4.2.2). */
  heuristic: 1,
  /** `no-cache` without field names: never used without being validated (§5.2.2.4). */
  noCache: 2,
  /** `must-revalidate`, `proxy-revalidate` or `s-maxage`: never used stale (§5.2.2.2, .8, .10). */
  mustRevalidate: 4,
  /** RFC 8246. */
  immutable: 8,
  /** It has a `Vary`. */
  varies: 16,
  /** It is a part (206), from `rangeFirst` on. */
  partial: 32,
  hasEtag: 64,
  hasLastModified: 128,
  /** A rule of the config has overruled the origin. */
  ruled: 256,
  /** Its lines have Via or Cache-Status of somebody before us, which ours come after. */
  relayed: 512,
} as const;

export interface StoredFacts {
  readonly status: number;
  /** Bits of `stored`. */
  readonly flags: number;
  /** Milliseconds since the epoch: when the answer's head came (response_time, RFC 9111 §4.2.3). */
  readonly storedMs: number;
  /** Milliseconds: corrected_initial_age. */
  readonly initialAgeMs: number;
  /** Milliseconds: freshness_lifetime; 0 is stale at once. */
  readonly lifetimeMs: number;
  /** Milliseconds past its lifetime (RFC 5861); 0 where it may not. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Milliseconds since the epoch, of Last-Modified; NaN without one, or with one that is malformed. */
  readonly lastModifiedMs: number;
  /** Bytes of the body that are stored. */
  readonly bodyBytes: number;
  /** Of a part: the position of its first byte; otherwise 0. */
  readonly rangeFirst: number;
  /** Bytes of the whole body; that of a part may be unknown, -1. */
  readonly wholeBytes: number;
}

/** The facts alone of what has more to it. */
export function factsOf(given: StoredFacts): StoredFacts {
  const { status, flags, storedMs, initialAgeMs, lifetimeMs, staleWhileRevalidateMs } = given;
  const { staleIfErrorMs, lastModifiedMs, bodyBytes, rangeFirst, wholeBytes } = given;
  return {
    status,
    flags,
    storedMs,
    initialAgeMs,
    lifetimeMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    lastModifiedMs,
    bodyBytes,
    rangeFirst,
    wholeBytes,
  };
}
