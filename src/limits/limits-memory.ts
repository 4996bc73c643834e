/** What the limits of all workers share. The main thread makes it, and cleans up after a worker that died. */
import { banTableBuffer, releaseBanLock } from "./ban-slots.ts";
import { BucketTable, bucketTableBuffer } from "./bucket-table.ts";
import { CountTable, countTableBuffer } from "./count-table.ts";

export interface LimitsMemory {
  /** Connections and exchanges at once. */
  readonly counts: SharedArrayBuffer;
  /** Rates. */
  readonly buckets: SharedArrayBuffer;
  readonly bans: SharedArrayBuffer;
  /** Apart from `buckets`, like strikes: who fills those with keys, as names of hosts, must not make us forget what it did. */
  readonly budgets: SharedArrayBuffer;
  readonly strikes: SharedArrayBuffer;
}

const BUCKETS = 65_536;
const BUDGETS = 16_384;
const STRIKES = 16_384;

/** 3 MiB, and 384 KiB for each worker; none of it is resident before it is used. */
export function limitsBuffers(workers: number): LimitsMemory {
  return {
    counts: countTableBuffer(workers),
    buckets: bucketTableBuffer(BUCKETS),
    bans: banTableBuffer(),
    budgets: bucketTableBuffer(BUDGETS),
    strikes: bucketTableBuffer(STRIKES),
  };
}

/** What a dead worker had is over, and what it was changing is open again. Before the next one gets its number. */
export function clearWorker(memory: LimitsMemory, worker: number): void {
  new CountTable(memory.counts, worker).clear();
  new BucketTable(memory.buckets, worker).releaseLocks(worker);
  new BucketTable(memory.budgets, worker).releaseLocks(worker);
  new BucketTable(memory.strikes, worker).releaseLocks(worker);
  releaseBanLock(memory.bans, worker);
}
