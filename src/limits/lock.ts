/**
 * A lock in one word of shared memory, for changes that are too large for one
 * atomic operation and last some hundred nanoseconds. It holds the number of
 * the thread that has it, so that the main thread can open those of a worker
 * that died.
 *
 * Whoever waits spins first, and then sleeps: a holder that takes longer was
 * put to sleep itself, and may need this very processor. Nobody waits for ever.
 */

/** Locks on behalf of the main thread, whose number must not be a worker's. */
export const MAIN_THREAD = 0xffff;

const SPINS = 200;
const NAPS = 5;
const NAP_MS = 1;

/** False when whoever has it does not let go: it is dead, most likely, and will be found so. */
export function lock(cells: Int32Array, at: number, thread: number): boolean {
  for (let nap = 0; nap < NAPS; nap++) {
    let holder = 0;
    for (let spin = 0; spin < SPINS; spin++) {
      holder = Atomics.compareExchange(cells, at, 0, thread + 1);
      if (holder === 0) return true;
    }
    Atomics.wait(cells, at, holder, NAP_MS);
  }
  return false;
}

/** Only one's own. For a thread that has died, another may call it. */
export function unlock(cells: Int32Array, at: number, thread: number): void {
  Atomics.compareExchange(cells, at, thread + 1, 0);
}
