/**
 * What the threads share about the disk: a few cells, and then the table of
 * `slot-layout.ts`. Room is counted in units of `UNIT_BYTES`, drafts included.
 *
 * Room is taken before it is written to, by compare-and-exchange, so the sum of
 * the files never exceeds what was configured. Each thread's share of what is
 * taken and not stored yet is kept apart, to be given back if it dies.
 */
import { UNIT_BYTES } from "./places.ts";
import { SLOT_CELLS, WAYS } from "./slot-layout.ts";

/** Posted to workers as it is. */
export interface DiskShared {
  readonly path: string;
  readonly index: SharedArrayBuffer;
}

export const THREADS_MAX = 256;

// Cells.
const CAPACITY = 0;
const TAKEN = 1;
const NEXT_RANGE = 2;
const SEQUENCE = 3;
const BELL = 4;
const PAUSES = 5;
const ASKED = 6;
const SEED = 7;
const SETTLED_COUNT = 8;
const DRAFTS = 16;
const SETTLED = DRAFTS + THREADS_MAX;
export const SLOTS_FROM = 512;

/** Of which it was decided last, up to `SLOTS_FROM`: as many as one turn of the event loop decides, as a rule. */
const SETTLED_MAX = 112;

/** Reasons not to store anything for now: bits. */
export const pause = {
  /** The index is being read: what is on the disk is not known yet. */
  loading: 1,
  /** The disk has failed several times in a row. */
  trouble: 2,
} as const;

const SLOTS_MIN = 1_024;
const SLOTS_MAX = 2 ** 22;

/** One slot for each so many bytes of the disk. */
const BYTES_PER_SLOT = 16 * 1024;

/** A worker asks for more room when less than this share is free. */
const LOW_SHARE = 32;
const LOW_UNITS_MAX = (32 * 1024 * 1024) / UNIT_BYTES;

/** No object is larger than this share of the disk. */
const OBJECT_SHARE = 2;

/** 8 TiB, as far as cells count. */
const UNITS_MAX = 2 ** 31 - 1;

/** `size`: bytes. `seed`: of the keys' hashes; the same as long as the index lives. */
export function diskBuffer(size: number, seed: number, firstRange: number): SharedArrayBuffer {
  const wanted = 2 ** Math.ceil(Math.log2(size / BYTES_PER_SLOT));
  const slots = Math.min(Math.max(wanted, SLOTS_MIN, WAYS), SLOTS_MAX);
  const buffer = new SharedArrayBuffer((SLOTS_FROM + slots * SLOT_CELLS) * Int32Array.BYTES_PER_ELEMENT);
  const cells = new Int32Array(buffer);
  cells[CAPACITY] = Math.min(Math.floor(size / UNIT_BYTES), UNITS_MAX);
  cells[NEXT_RANGE] = firstRange;
  cells[SEED] = seed;
  return buffer;
}

export class DiskCells {
  readonly cells: Int32Array;
  readonly seed: number;
  readonly capacity: number;
  /** Units; what is larger is not stored. */
  readonly objectMax: number;
  /** Units; less than this free is little. */
  readonly low: number;

  constructor(buffer: SharedArrayBuffer) {
    this.cells = new Int32Array(buffer);
    this.seed = this.cells[SEED]!;
    this.capacity = this.cells[CAPACITY]!;
    this.objectMax = Math.floor(this.capacity / OBJECT_SHARE);
    this.low = Math.min(Math.ceil(this.capacity / LOW_SHARE), LOW_UNITS_MAX);
  }

  /** Units that are free; negative when something else than objects has grown. */
  get free(): number {
    return this.capacity - Atomics.load(this.cells, TAKEN);
  }

  get taken(): number {
    return Atomics.load(this.cells, TAKEN);
  }

  /** All of the units for a draft of this thread, or none. */
  takeForDraft(units: number, thread: number): boolean {
    for (;;) {
      const taken = Atomics.load(this.cells, TAKEN);
      if (taken + units > this.capacity) return false;
      if (Atomics.compareExchange(this.cells, TAKEN, taken, taken + units) === taken) break;
    }
    Atomics.add(this.cells, DRAFTS + thread, units);
    return true;
  }

  giveBackOfDraft(units: number, thread: number): void {
    Atomics.sub(this.cells, DRAFTS + thread, units);
    Atomics.sub(this.cells, TAKEN, units);
  }

  /** A draft of this thread becomes the main thread's, its room with it. */
  adopt(units: number, thread: number): void {
    Atomics.sub(this.cells, DRAFTS + thread, units);
  }

  /** What is there already. */
  add(units: number): void {
    Atomics.add(this.cells, TAKEN, units);
  }

  /** All that is free; returns the units. */
  takeAll(): number {
    const free = Math.max(this.free, 0);
    this.add(free);
    return free;
  }

  giveBack(units: number): void {
    Atomics.sub(this.cells, TAKEN, units);
  }

  /** What a dead thread has taken for drafts is the main thread's to give back; returns the units. */
  takeOverDrafts(thread: number): number {
    return Atomics.exchange(this.cells, DRAFTS + thread, 0);
  }

  /** True for the one that is to ask for room; the others know that it was asked for. */
  askOnce(): boolean {
    return Atomics.compareExchange(this.cells, ASKED, 0, 1) === 0;
  }

  askAgain(): void {
    Atomics.store(this.cells, ASKED, 0);
  }

  /** The next range of numbers for objects, for good. */
  nextRange(): number {
    return Atomics.add(this.cells, NEXT_RANGE, 1);
  }

  /** No range from this one on has been handed out. */
  get rangesEnd(): number {
    return Atomics.load(this.cells, NEXT_RANGE);
  }

  /** Of purges: grows with each. */
  get sequence(): number {
    return Atomics.load(this.cells, SEQUENCE);
  }

  /** Returns the new one. */
  advanceSequence(): number {
    return Atomics.add(this.cells, SEQUENCE, 1) + 1;
  }

  get pauses(): number {
    return Atomics.load(this.cells, PAUSES);
  }

  setPause(bit: number, on: boolean): void {
    if (on) Atomics.or(this.cells, PAUSES, bit);
    else Atomics.and(this.cells, PAUSES, ~bit);
  }

  /** Objects have come into the table, or will not. */
  ring(): void {
    Atomics.add(this.cells, BELL, 1);
    Atomics.notify(this.cells, BELL);
  }

  /** It has come into the table, and may have left again; or it never will. */
  settle(id: number): void {
    const at = SETTLED + (Atomics.add(this.cells, SETTLED_COUNT, 1) % SETTLED_MAX) * 2;
    Atomics.store(this.cells, at, id | 0);
    Atomics.store(this.cells, at + 1, Math.floor(id / 2 ** 32));
  }

  wasSettled(id: number): boolean {
    for (let at = SETTLED; at < SETTLED + SETTLED_MAX * 2; at += 2) {
      if (Atomics.load(this.cells, at) === (id | 0) && this.cells[at + 1] === Math.floor(id / 2 ** 32))
        return true;
    }
    return false;
  }

  get rung(): number {
    return Atomics.load(this.cells, BELL);
  }

  /** Until it rings after it has rung `since` times, or `timeoutMs` are over. */
  async nextRing(since: number, timeoutMs: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.cells, BELL, since, timeoutMs);
    if (waiting.async) await waiting.value;
  }
}
