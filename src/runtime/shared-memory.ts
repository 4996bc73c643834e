/**
 * What all threads see. Who owns which cell: a worker writes its own row of the
 * counters and its own columns of the tables of counts, and nobody else does while
 * it lives; when it is dead, the main thread clears what was open and lets go of
 * the locks that it held. Buckets and bans are everybody's, with atomics.
 */
import { CountTable, countTableBuffer } from "../limits/count-table.ts";
import { clearWorker as clearLimits, type LimitsMemory, limitsBuffers } from "../limits/limits-memory.ts";
import { Counters, countersBuffer } from "../observe/counters.ts";
import { allocateCache, type CacheMemory, clearCache } from "./cache-memory.ts";
import { pressureBuffer } from "./memory-watch.ts";

export interface SharedMemory {
  readonly counters: SharedArrayBuffer;
  readonly connections: SharedArrayBuffer;
  readonly limits: LimitsMemory;
  /** One cell: how much has to be shed (`memory-watch.ts`). */
  readonly pressure: SharedArrayBuffer;
  /** Undefined: there is no cache. */
  readonly cache: CacheMemory | undefined;
  /** Makes the places in the tables unforeseeable to clients. */
  readonly seed: number;
}

/** `cacheBytes`: of the cache in memory; 0 for none. */
export function allocateSharedMemory(workers: number, cacheBytes: number): SharedMemory {
  return {
    counters: countersBuffer(workers),
    connections: countTableBuffer(workers),
    limits: limitsBuffers(workers),
    pressure: pressureBuffer(),
    cache: allocateCache(cacheBytes),
    seed: crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  };
}

/** Nothing of a worker that died is open or locked any more. */
export function clearWorker(memory: SharedMemory, worker: number): void {
  new Counters(memory.counters, worker).clearGauges();
  new CountTable(memory.connections, worker).clear();
  clearLimits(memory.limits, worker);
  if (memory.cache !== undefined) clearCache(memory.cache, worker);
}
