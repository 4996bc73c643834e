import { expect, test } from "bun:test";
import { rateShape } from "../../src/limits/bucket-shape.ts";
import { BucketTable, bucketTableBuffer } from "../../src/limits/bucket-table.ts";
import type { BucketOrder, BucketReport } from "./bucket-hammer.ts";

const HAMMER_MS = 200;
const SETS = 8;
const SET_CELLS = 64;
const LOCK = 40;

// Each row: tokens per second | tokens at once.
test.each([
  [1_000, 100],
  [20_000, 1_000],
])(
  "threads that hammer one bucket get what it earns, and not much less: %d/s, %d at once",
  async (perSecond, burst) => {
    const shape = rateShape({ count: perSecond, per: 1_000 }, burst);
    const reports = await hammer(3, shape, "one");

    const granted = reports.reduce((sum, report) => sum + report.granted, 0);
    const firstMs = Math.min(...reports.map((report) => report.firstMs));
    const lastMs = Math.max(...reports.map((report) => report.lastMs));
    const earned = burst + ((lastMs - firstMs) * perSecond) / 1_000;
    expect(granted).toBeLessThanOrEqual(Math.ceil(earned * 1.001) + 1);
    // Threads that are put to sleep all at once may let the bucket run over.
    expect(granted).toBeGreaterThan(0.7 * earned);
  },
);

test("a thread that is ended while it inserts leaves no lock behind", async () => {
  const buffer = bucketTableBuffer(SETS * 8);
  const shape = rateShape({ count: 1, per: 1_000 }, 1);
  for (let round = 0; round < 5; round++) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const worker = new Worker(HAMMER);
    worker.addEventListener("close", resolve);
    worker.postMessage({
      buffer,
      worker: 1,
      shape,
      keys: "many",
      untilMs: Number.MAX_VALUE,
    } satisfies BucketOrder);
    await Bun.sleep(20);
    worker.terminate();
    await promise;

    const table = new BucketTable(buffer, 0);
    table.releaseLocks(1);
    for (let set = 0; set < SETS; set++) {
      expect(new Int32Array(buffer)[set * SET_CELLS + LOCK]).toBe(0);
      expect(table.take(set, 99 + round, shape, 1, Date.now())).toBe(0);
      expect(table.take(set, 99 + round, shape, 1, Date.now())).toBeGreaterThan(0);
    }
  }
});

const HAMMER = new URL("./bucket-hammer.ts", import.meta.url).href;

async function hammer(
  threads: number,
  shape: BucketOrder["shape"],
  keys: BucketOrder["keys"],
): Promise<BucketReport[]> {
  const buffer = bucketTableBuffer(SETS * 8);
  const untilMs = performance.timeOrigin + performance.now() + HAMMER_MS;
  const workers = Array.from({ length: threads }, () => new Worker(HAMMER));
  const reports = workers.map((worker, index) => {
    const { promise, resolve } = Promise.withResolvers<BucketReport>();
    worker.addEventListener("message", (event: MessageEvent<BucketReport>) => resolve(event.data));
    worker.postMessage({ buffer, worker: index, shape, keys, untilMs } satisfies BucketOrder);
    return promise;
  });
  const all = await Promise.all(reports);
  for (const worker of workers) worker.terminate();
  return all;
}
