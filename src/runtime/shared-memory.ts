/**
 * What all threads see. Who owns which cell: a worker writes its own row of the
 * counters and its own column of the connection table, and nobody else does
 * while it lives; when it is dead, the main thread clears what was open.
 */
import { connectionTableBuffer } from "../limits/connection-table.ts";
import { countersBuffer } from "../observe/counters.ts";

export interface SharedMemory {
  readonly counters: SharedArrayBuffer;
  readonly connections: SharedArrayBuffer;
  /** Makes the places in the connection table unforeseeable to clients. */
  readonly seed: number;
}

export function allocateSharedMemory(workers: number): SharedMemory {
  return {
    counters: countersBuffer(workers),
    connections: connectionTableBuffer(workers),
    seed: crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  };
}
