/**
 * How much of something there is at once, by key, over all workers: connections
 * of a client, exchanges of a user. Each worker has a column that it alone
 * writes, and adds up all of them to decide; a dead worker's column is cleared,
 * and no count is left behind.
 *
 * A key's count stands in one slot of each of three rows, and the smallest sum
 * is believed (a count-min sketch): never too low, and too high only for a key
 * that shares all three slots with others. With 10,000 keys in use one in sixty
 * is counted too high, and mostly by one.
 */
const SLOT_BITS = 15;
const SLOTS = 2 ** SLOT_BITS;
const ROWS = 3;

/** All keys together. */
const TOTAL = ROWS * SLOTS;
const COLUMN_CELLS = TOTAL + 1;

/** 384 KiB for each worker. */
export function countTableBuffer(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * COLUMN_CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** Keys are the two words of a `KeyHash`. */
export class CountTable {
  // The columns of a slot lie side by side: a sum reads one cache line, not one for each worker.
  readonly #cells: Int32Array;
  readonly #workers: number;
  readonly #worker: number;

  constructor(buffer: SharedArrayBuffer, worker: number) {
    this.#cells = new Int32Array(buffer);
    this.#workers = this.#cells.length / COLUMN_CELLS;
    this.#worker = worker;
  }

  /** One more, unless there are `most` already. Counts first and decides then, so that two workers can't both take the last place. */
  enter(a: number, b: number, most: number): boolean {
    this.add(a, b, 1);
    if (this.count(a, b) <= most) return true;
    this.add(a, b, -1);
    return false;
  }

  add(a: number, b: number, by: number): void {
    this.#addAt(firstSlot(a), by);
    this.#addAt(secondSlot(b), by);
    this.#addAt(thirdSlot(a), by);
  }

  count(a: number, b: number): number {
    return Math.min(this.#sum(firstSlot(a)), this.#sum(secondSlot(b)), this.#sum(thirdSlot(a)));
  }

  /** Apart from keys, and exact. */
  addToTotal(by: number): void {
    this.#addAt(TOTAL, by);
  }

  get total(): number {
    return this.#sum(TOTAL);
  }

  /** For a worker that died: all that it had is over. */
  clear(): void {
    for (let slot = 0; slot < COLUMN_CELLS; slot++) {
      Atomics.store(this.#cells, slot * this.#workers + this.#worker, 0);
    }
  }

  #addAt(slot: number, by: number): void {
    Atomics.add(this.#cells, slot * this.#workers + this.#worker, by);
  }

  #sum(slot: number): number {
    let sum = 0;
    const from = slot * this.#workers;
    for (let at = from; at < from + this.#workers; at++) sum += Atomics.load(this.#cells, at);
    return sum;
  }
}

function firstSlot(a: number): number {
  return a & (SLOTS - 1);
}

function secondSlot(b: number): number {
  return SLOTS + (b & (SLOTS - 1));
}

/** The upper bits of the first word, which say nothing about the lower. */
function thirdSlot(a: number): number {
  return 2 * SLOTS + (a >>> (32 - SLOT_BITS));
}
