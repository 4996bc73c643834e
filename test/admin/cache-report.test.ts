import { expect, test } from "bun:test";
import { reportCache } from "../../src/admin/cache-report.ts";
import type { CacheWord } from "../../src/observe/cache-word.ts";
import { cells } from "../../src/observe/cells.ts";
import { FakeCache, NOON, tierStats } from "./fake-cache.ts";

// Each row: what it shows | exchanges by word | the share that the upstream sent no body for.
const ratios: [string, Partial<Record<CacheWord, number>>, number | null][] = [
  ["nothing was asked", {}, null],
  ["a bypass is no miss", { bypass: 5 }, null],
  ["a hit beside a bypass", { bypass: 5, hit: 1 }, 1],
  ["a miss", { miss: 5 }, 0],
  ["a validated answer counts, as its body did not come", { revalidated: 1, miss: 1 }, 0.5],
  ["each kind of hit", { hit: 1, hit_disk: 1, stale: 1, revalidated: 1, collapsed: 1, miss: 5 }, 0.5],
  ["what was missing is no hit", { hit: 1, missing: 3 }, 0.25],
];

test.each(ratios)("hit ratio: %s", (_, counts, ratio) => {
  const counted = new Map(
    Object.entries(counts).map(([word, count]) => [cells.cacheRequests[word as CacheWord], count]),
  );

  const report = reportCache(new FakeCache([]), (cell) => counted.get(cell) ?? 0, NOON);

  expect(report.hitRatio).toBe(ratio);
  expect(report.requests).toMatchObject(counts);
});

// Each row: bytes saved | fetched | the share saved.
const byteRatios: [number, number, number | null][] = [
  [0, 0, null],
  [0, 10, 0],
  [10, 0, 1],
  [30, 10, 0.75],
];

test.each(byteRatios)("byte hit ratio: %d saved and %d fetched", (saved, fetched, ratio) => {
  const counted = new Map([
    [cells.cacheBytesSaved, saved],
    [cells.cacheBytesFetched, fetched],
  ]);

  expect(reportCache(new FakeCache([]), (cell) => counted.get(cell) ?? 0, NOON).byteHitRatio).toBe(ratio);
});

// Each row: what it shows | when the oldest was stored | how long ago.
const ages: [string, number | undefined, number | null][] = [
  ["an empty store", undefined, null],
  ["whole seconds that have passed", NOON - 1999, 1],
  ["a clock that was set back", NOON + 5000, 0],
];

test.each(ages)("the oldest entry: %s", (_, oldestMs, oldestSeconds) => {
  const cache = new FakeCache([]);
  cache.memoryStats = tierStats({ oldestMs });
  cache.diskStats = { ...tierStats({ oldestMs }), path: "/d" };

  const { memory, disk } = reportCache(cache, () => 0, NOON);

  expect([memory?.oldestSeconds, disk?.oldestSeconds]).toEqual([oldestSeconds, oldestSeconds]);
});
