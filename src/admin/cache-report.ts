/**
 * GET /cache, and the same in GET /status: what is in the cache and what it was
 * worth. The names are an interface, and all of them are always there: what there
 * is not (a disk, a ratio of nothing) is null.
 */
import { type CacheWord, cacheWords } from "../observe/cache-word.ts";
import { cells } from "../observe/cells.ts";
import type { CacheAdmin, TierStats } from "./cache-admin.ts";
import type { ReadCell } from "./gate-report.ts";

export interface CacheReport {
  /** False: there is no cache, and all below is 0 or null. */
  readonly enabled: boolean;
  readonly offline: boolean;
  readonly memory: TierReport | null;
  readonly disk: (TierReport & { readonly path: string }) | null;
  /** Exchanges by what the cache did. */
  readonly requests: Readonly<Record<CacheWord, number>>;
  /** Share of the requests that got what is stored, be it after a validation, of all but those that bypassed it; 0 to 1. */
  readonly hitRatio: number | null;
  /** Share of the bytes of bodies that did not come from upstreams; 0 to 1. */
  readonly byteHitRatio: number | null;
  readonly bytesSaved: number;
  readonly bytesFetched: number;
  readonly purged: number;
  readonly invalidated: number;
  readonly refreshes: number;
}

export interface TierReport {
  readonly entries: number;
  readonly bytes: number;
  readonly capacityBytes: number;
  readonly evictions: number;
  readonly stored: number;
  /** How long ago the oldest entry was stored. */
  readonly oldestSeconds: number | null;
}

/** Those for which the upstream sent no body. */
const hits: readonly CacheWord[] = ["hit", "hit_disk", "stale", "revalidated", "collapsed"];

export function reportCache(cache: CacheAdmin, total: ReadCell, nowMs: number): CacheReport {
  const memory = cache.memory();
  const disk = cache.disk();
  const requestsOf = (word: CacheWord) => total(cells.cacheRequests[word]);
  const counted = cacheWords.filter((word) => word !== "bypass");
  const bytesSaved = total(cells.cacheBytesSaved);
  const bytesFetched = total(cells.cacheBytesFetched);
  return {
    enabled: cache.isOn,
    offline: cache.isOffline,
    memory: memory === undefined ? null : reportTier(memory, nowMs),
    disk: disk === undefined ? null : { ...reportTier(disk, nowMs), path: disk.path },
    requests: Object.fromEntries(
      cacheWords.map((word) => [word, requestsOf(word)]),
    ) as CacheReport["requests"],
    hitRatio: ratio(sumOf(hits.map(requestsOf)), sumOf(counted.map(requestsOf))),
    byteHitRatio: ratio(bytesSaved, bytesSaved + bytesFetched),
    bytesSaved,
    bytesFetched,
    purged: total(cells.cachePurged),
    invalidated: total(cells.cacheInvalidated),
    refreshes: total(cells.cacheRefreshes),
  };
}

function reportTier(
  { entries, bytes, capacityBytes, evictions, stored, oldestMs }: TierStats,
  nowMs: number,
): TierReport {
  // The clock may have been set back.
  const oldestSeconds = oldestMs === undefined ? null : Math.max(0, Math.floor((nowMs - oldestMs) / 1000));
  return { entries, bytes, capacityBytes, evictions, stored, oldestSeconds };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
