/** What all threads share of the cache: the arena, who fetches what, and whether anything may be fetched. */
import { clearDeadWorkerFlights, flightsBuffer } from "../store/memory/flights.ts";
import { clearDeadWorker } from "../store/memory/recovery.ts";
import { memoryBuffer } from "../store/memory/store.ts";

export interface CacheMemory {
  readonly arena: SharedArrayBuffer;
  readonly flights: SharedArrayBuffer;
  /** One cell: 1 while nothing may be fetched. */
  readonly offline: SharedArrayBuffer;
}

/** `bytes` as configured; 0: there is no cache. */
export function allocateCache(bytes: number): CacheMemory | undefined {
  if (bytes === 0) return undefined;
  return {
    arena: memoryBuffer(bytes),
    flights: flightsBuffer(),
    offline: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  };
}

/** Nothing is locked by a worker that died, and nobody waits for what it was fetching. */
export function clearCache({ arena, flights }: CacheMemory, worker: number): void {
  clearDeadWorker(arena, worker);
  clearDeadWorkerFlights(flights, worker);
}
