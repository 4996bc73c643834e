/**
 * Whether a stored answer may be used now (RFC 9111 §4.2, §5.2.1; RFC 5861). Numbers
 * in, a word out; nothing is made.
 *
 * The rules, in order; the first that applies decides:
 *   1. `no-cache`, the answer's or the request's             validate
 *   2. older than the request's `max-age`                    validate
 *      unless it is `immutable` and fresh (RFC 8246)
 *   3. fresh, and for as long as `min-fresh` asks            fresh
 *   4. `must-revalidate` and its like, or `min-fresh`        validate
 *   5. no staler than the request's `max-stale`              stale
 *   6. within `stale-while-revalidate`, and the request
 *      sets no `max-age`                                     revalidating
 *   7. otherwise                                             validate
 *
 * What was marked stale is not fresh from then on; how stale it is still counts
 * from the end of its lifetime.
 */
import { type StoredFacts, stored } from "./facts.ts";
import type { CacheRequest } from "./request.ts";

/**
 * fresh: as it is; stale: as it is, `max-stale` allows it; revalidating: as it is, while it is
 * being validated; validate: only after validation.
 */
export type Use = "fresh" | "stale" | "revalidating" | "validate";

export function decideUse(
  facts: StoredFacts,
  isMarkedStale: boolean,
  request: CacheRequest,
  nowMs: number,
): Use {
  const control = request.control;
  if ((facts.flags & stored.noCache) !== 0 || control.noCache) return "validate";
  const age = ageMs(facts, nowMs);
  const leftMs = facts.lifetimeMs - age;
  const isFresh = leftMs > 0 && !isMarkedStale;

  if (control.maxAgeMs !== undefined && age > control.maxAgeMs) {
    const isImmutable = isFresh && (facts.flags & stored.immutable) !== 0;
    if (!isImmutable) return "validate";
  }
  if (control.minFreshMs !== undefined) return isFresh && leftMs >= control.minFreshMs ? "fresh" : "validate";
  if (isFresh) return "fresh";
  if ((facts.flags & stored.mustRevalidate) !== 0) return "validate";
  const staleMs = Math.max(0, -leftMs);
  if (control.maxStaleMs !== undefined && staleMs <= control.maxStaleMs) return "stale";
  if (control.maxAgeMs === undefined && staleMs < facts.staleWhileRevalidateMs) return "revalidating";
  return "validate";
}

/** current_age of RFC 9111 §4.2.3. */
export function ageMs(facts: StoredFacts, nowMs: number): number {
  // A clock that was set back makes nothing younger.
  return facts.initialAgeMs + Math.max(0, nowMs - facts.storedMs);
}

/** How long it stays fresh; 0 or less when it is stale. */
export function freshMs(facts: StoredFacts, isMarkedStale: boolean, nowMs: number): number {
  const leftMs = facts.lifetimeMs - ageMs(facts, nowMs);
  return isMarkedStale ? Math.min(leftMs, 0) : leftMs;
}

/**
 * After a fetch failed (RFC 9111 §4.2.4, RFC 5861 §4). "unreachable": there was no answer, we are disconnected,
 * and `stale-if-error` is a limit; "error": 500, 502, 503 or 504 came, and `stale-if-error` has to allow it.
 */
export function mayServeOnError(
  facts: StoredFacts,
  isMarkedStale: boolean,
  request: CacheRequest,
  cause: "unreachable" | "error",
  nowMs: number,
): boolean {
  const control = request.control;
  if ((facts.flags & stored.noCache) !== 0 || control.noCache || control.minFreshMs !== undefined)
    return false;
  const age = ageMs(facts, nowMs);
  const staleMs = age - facts.lifetimeMs;
  if (control.maxAgeMs !== undefined && age > control.maxAgeMs) return false;
  if (staleMs < 0 && !isMarkedStale) return true;
  if ((facts.flags & stored.mustRevalidate) !== 0) return false;
  const limitMs = Math.max(facts.staleIfErrorMs, control.staleIfErrorMs ?? 0);
  if (limitMs > 0) return staleMs <= limitMs;
  return cause === "unreachable";
}
