/**
 * What the cache did for an exchange: the metric's label and the log's field.
 * What it had no part in (a tunnel, an answer of our own, no cache at all) has no word.
 */

export type CacheWord = (typeof cacheWords)[number];

export const cacheWords = [
  /** From memory, without the upstream. */
  "hit",
  /** From disk, without the upstream. */
  "hit_disk",
  /** Past its lifetime, without the upstream: while it is validated, after an error, as the client allowed, offline. */
  "stale",
  /** The stored answer, after the upstream said that it still holds. */
  "revalidated",
  /** From what another exchange was fetching. */
  "collapsed",
  /** From the upstream, since nothing that is stored would do. */
  "miss",
  /** From the upstream, since this request is none for a cache: its method, `no-store`, a rule. */
  "bypass",
  /** 504: only a stored answer was wanted (`only-if-cached`, offline), and there is none. */
  "missing",
] as const;
