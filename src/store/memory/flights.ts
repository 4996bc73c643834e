/**
 * Which keys are being fetched just now, over all workers, so that one of them
 * fetches and the others wait. A table of 8,192 flights in shared memory, by 64
 * bits of hash: two keys that share them wait for each other, and then find that
 * the answer is not theirs.
 *
 * Flights begin under the lock of their set; only who began one changes it
 * afterwards, without a lock. When a worker dies, so do its flights.
 */
import { lock, unlock } from "../../limits/lock.ts";
import { hashOf } from "./key.ts";

export type Flight = "mine" | "theirs" | "unknown";
export type Landing = "ended" | "unshareable" | "late";

const SETS = 1_024;
const WAYS = 8;

// Of a slot. A set is as many cells of each, and then its lock.
const FIRST = 0;
const SECOND = WAYS;
const WORD = 2 * WAYS;
const LOCK = 3 * WAYS;
const SET_CELLS = 32;

// A slot's word: state, the thread's number plus one, and how often the slot was used.
const FREE = 0;
const FLYING = 1;
const GIVEN_UP = 2;
const STATE = 3;
const OWNER_SHIFT = 2;
const OWNER = 0x1_ffff;
const ROUND_SHIFT = 19;

/** 128 KiB. */
export function flightsBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(SETS * SET_CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** Ends them for those who wait. Call it before another worker gets the number. */
export function clearDeadWorkerFlights(buffer: SharedArrayBuffer, thread: number): void {
  const cells = new Int32Array(buffer);
  for (let set = 0; set < cells.length; set += SET_CELLS) {
    for (let slot = set; slot < set + WAYS; slot++) {
      if (ownerOf(Atomics.load(cells, slot + WORD)) === thread) free(cells, slot);
    }
    unlock(cells, set + LOCK, thread);
  }
}

export class Flights {
  readonly #cells: Int32Array;
  readonly #thread: number;
  readonly #seed: number;

  /** `thread`: the worker's number. `seed`: the same for all workers. */
  constructor(buffer: SharedArrayBuffer, thread: number, seed: number) {
    this.#cells = new Int32Array(buffer);
    this.#thread = thread;
    this.#seed = seed >>> 0;
  }

  /** mine: this thread fetches it, and will `end` it. theirs: another one does, so `wait`. unknown: there is no room, it was given up, or is this thread's already; go on alone. */
  begin(key: string): Flight {
    const cells = this.#cells;
    const [first, second] = this.#hashes(key);
    const set = setOf(first);
    if (!lock(cells, set + LOCK, this.#thread)) return "unknown";
    try {
      const slot = find(cells, first, second);
      if (slot < 0) return this.#insert(set, first, second) ? "mine" : "unknown";
      const word = Atomics.load(cells, slot + WORD);
      return ownerOf(word) === this.#thread || (word & STATE) !== FLYING ? "unknown" : "theirs";
    } finally {
      unlock(cells, set + LOCK, this.#thread);
    }
  }

  /** Tells who waits that the answer is not for them. It still has to be ended; until then nobody waits for it any more. */
  giveUp(key: string): void {
    const slot = this.#findOwn(key);
    if (slot < 0) return;
    const word = Atomics.load(this.#cells, slot + WORD);
    change(this.#cells, slot, (word & ~STATE) | GIVEN_UP);
  }

  /** It is over: the answer is stored, or there is none to store. */
  end(key: string): void {
    const slot = this.#findOwn(key);
    if (slot >= 0) free(this.#cells, slot);
  }

  /** How the flight of another thread ended: at once, if none is under way any more. Does not keep a process running. */
  async wait(key: string, timeoutMs: number): Promise<Landing> {
    const cells = this.#cells;
    const [first, second] = this.#hashes(key);
    const slot = find(cells, first, second);
    if (slot < 0) return "ended";
    const seen = Atomics.load(cells, slot + WORD);
    // It may have landed since it was found, and the slot be another's.
    if ((seen & STATE) === FREE || find(cells, first, second) !== slot) return "ended";
    if ((seen & STATE) === GIVEN_UP) return "unshareable";
    const waiting = Atomics.waitAsync(cells, slot + WORD, seen, timeoutMs);
    const how = waiting.async ? await waiting.value : waiting.value;
    if (how === "timed-out") return "late";
    const now = Atomics.load(cells, slot + WORD);
    return now === ((seen & ~STATE) | GIVEN_UP) ? "unshareable" : "ended";
  }

  #hashes(key: string): readonly [number, number] {
    return [hashOf(key, this.#seed), hashOf(key, ~this.#seed >>> 0)];
  }

  #findOwn(key: string): number {
    const [first, second] = this.#hashes(key);
    const slot = find(this.#cells, first, second);
    return slot >= 0 && ownerOf(Atomics.load(this.#cells, slot + WORD)) === this.#thread ? slot : -1;
  }

  /** By the holder of the set's lock. */
  #insert(set: number, first: number, second: number): boolean {
    const cells = this.#cells;
    for (let slot = set; slot < set + WAYS; slot++) {
      const word = Atomics.load(cells, slot + WORD);
      if ((word & STATE) !== FREE) continue;
      Atomics.store(cells, slot + FIRST, first);
      Atomics.store(cells, slot + SECOND, second);
      Atomics.store(cells, slot + WORD, word | ((this.#thread + 1) << OWNER_SHIFT) | FLYING);
      return true;
    }
    return false;
  }
}

/** The slot of the flight that is under way; -1 when there is none. */
function find(cells: Int32Array, first: number, second: number): number {
  const set = setOf(first);
  for (let slot = set; slot < set + WAYS; slot++) {
    if ((Atomics.load(cells, slot + WORD) & STATE) === FREE) continue;
    if (Atomics.load(cells, slot + FIRST) === first && Atomics.load(cells, slot + SECOND) === second)
      return slot;
  }
  return -1;
}

/** Another round, so that who waits for this one never takes the next one for it. */
function free(cells: Int32Array, slot: number): void {
  const round = (Atomics.load(cells, slot + WORD) >>> ROUND_SHIFT) + 1;
  change(cells, slot, round << ROUND_SHIFT);
}

function change(cells: Int32Array, slot: number, word: number): void {
  Atomics.store(cells, slot + WORD, word);
  Atomics.notify(cells, slot + WORD);
}

/** -1: nobody. */
function ownerOf(word: number): number {
  return ((word >>> OWNER_SHIFT) & OWNER) - 1;
}

function setOf(first: number): number {
  return ((first >>> 0) % SETS) * SET_CELLS;
}
