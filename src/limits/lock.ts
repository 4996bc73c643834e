/**
 * A lock in one word of shared memory, for changes that are too large for one
 * atomic operation and last some hundred nanoseconds. It holds the number of
 * the thread that has it, so that the main thread can open those of a worker
 * that died. Nobody sleeps on it, and nobody tries for ever.
 */

/** Locks on behalf of the main thread, whose number must not be a worker's. */
export const MAIN_THREAD = 0xffff;

const TRIES = 1_000;

/** False when somebody else has it for longer than is worth waiting: do without. */
export function lock(cells: Int32Array, at: number, thread: number): boolean {
  for (let tries = 0; tries < TRIES; tries++) {
    if (Atomics.compareExchange(cells, at, 0, thread + 1) === 0) return true;
  }
  return false;
}

/** Only one's own. For a thread that has died, another may call it. */
export function unlock(cells: Int32Array, at: number, thread: number): void {
  Atomics.compareExchange(cells, at, thread + 1, 0);
}
