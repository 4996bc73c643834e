/** A thread that takes from one bucket as fast as it can, for a while; or from thousands, so that it is always inserting. */
import type { BucketShape } from "../../src/limits/bucket-shape.ts";
import { BucketTable } from "../../src/limits/bucket-table.ts";

export interface BucketOrder {
  readonly buffer: SharedArrayBuffer;
  readonly worker: number;
  readonly shape: BucketShape;
  readonly keys: "one" | "many";
  readonly untilMs: number;
}

export interface BucketReport {
  readonly granted: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

addEventListener("message", (event: MessageEvent<BucketOrder>) => postMessage(hammer(event.data)));

function hammer({ buffer, worker, shape, keys, untilMs }: BucketOrder): BucketReport {
  const table = new BucketTable(buffer, worker);
  const firstMs = epochNow();
  let [granted, lastMs, round] = [0, firstMs, 0];
  while (lastMs < untilMs) {
    const key = keys === "one" ? 1 : round++ * 2 + worker;
    if (table.take(key, 1, shape, 1, lastMs) === 0) granted++;
    lastMs = epochNow();
  }
  return { granted, firstMs, lastMs };
}

function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
