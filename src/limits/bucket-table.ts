/**
 * Token buckets and windows of all workers, in one table of bounded size.
 *
 * A bucket is found by the 64 bits of its key in a set of eight ways; a new one
 * takes the place of the one that was used least recently, and begins full; that
 * of a window which is used up and not over only when all of the set are such. A
 * hit takes no lock: a level changes by compare-and-exchange, and for each while
 * exactly one worker, the one that moves `since`, adds what was earned in it.
 * So never more is granted than was earned; a worker that loses this race, or
 * dies in it, grants a little less.
 *
 * Inserting locks the set. When the lock can't be had nothing is granted, and
 * what has happened already is not charged. A worker that has found a slot just
 * when it gets another key takes from that one.
 */
import type { BucketShape, WindowShape } from "./bucket-shape.ts";
import { lock, unlock } from "./lock.ts";

const WAYS = 8;

/** A set: its ways' cells by kind, four cache lines with the lock. */
const SET_CELLS = 64;
const B = 8;
const LEVEL = 16;
/** Up to when a bucket was refilled, or when a window began; in units of its shape. */
const SINCE = 24;
/** For choosing who leaves; in units that come round after 139 years. */
const USED = 32;
const LOCK = 40;
/** When a window is over, in the units of `USED`; 0 for a bucket. */
const ENDS = 48;
/** When `SINCE` was first seen far ahead, in the units of `USED`; 0: it is not. */
const AHEAD = 56;

const USED_UNIT_MS = 1_024;

/** When to come again if a new bucket can't be made: by then a dead worker's lock is open. */
const BUSY_MS = 1_000;

/** A `since` that is at most this far ahead is another worker's clock, and no time has passed. */
const AHEAD_UNITS = 2 ** 30;

/** Clocks of workers never differ by more, unless somebody sets the machine's while they run. */
const AHEAD_MS = 5_000;

/** A `since` that stays ahead for longer is nobody's clock any more; in the units of `USED`. */
const AHEAD_PATIENCE = 2;

/** No debt is deeper. */
const LEVEL_MIN = -(2 ** 30);

/** `slots`: a power of two. */
export function bucketTableBuffer(slots: number): SharedArrayBuffer {
  return new SharedArrayBuffer((slots / WAYS) * SET_CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** Keys are two words; `nowMs` is milliseconds since the epoch. */
export class BucketTable {
  readonly #cells: Int32Array;
  readonly #setMask: number;
  readonly #worker: number;

  constructor(buffer: SharedArrayBuffer, worker: number) {
    this.#cells = new Int32Array(buffer);
    this.#setMask = this.#cells.length / SET_CELLS - 1;
    this.#worker = worker;
  }

  /** All of `tokens` or none: 0 when granted, otherwise the milliseconds until it could be. */
  take(a: number, b: number, shape: BucketShape, tokens: number, nowMs: number): number {
    const at = this.#refilled(a, b, shape, nowMs);
    if (at < 0) return BUSY_MS;
    const price = tokens * shape.ticksPerToken;
    const level = this.#pay(at, price);
    return level >= price ? 0 : ((price - level) * shape.unitMs) / shape.ticksPerUnit;
  }

  /** What was taken for something that did not happen. */
  giveBack(a: number, b: number, shape: BucketShape, tokens: number): void {
    const at = this.#find(a, b);
    if (at >= 0) this.#add(at, tokens * shape.ticksPerToken, shape.capacity);
  }

  /** For what has happened already: milliseconds until the debt is paid, 0 when there is none. */
  charge(a: number, b: number, shape: BucketShape, tokens: number, nowMs: number): number {
    const at = this.#refilled(a, b, shape, nowMs);
    if (at < 0) return 0;
    const price = Math.ceil(tokens * shape.ticksPerToken);
    const left = this.#owe(at, price);
    return left >= 0 ? 0 : (-left * shape.unitMs) / shape.ticksPerUnit;
  }

  /** Counts left of this window after `counts` more; below zero once it is overdrawn. */
  spend(a: number, b: number, shape: WindowShape, counts: number, nowMs: number): number {
    const at = this.#turned(a, b, shape, nowMs);
    if (at < 0) return shape.capacity - counts;
    return this.#owe(at, counts);
  }

  /** Counts left of this window; of a key that is not there, a whole one. */
  left(a: number, b: number, shape: WindowShape, nowMs: number): number {
    return this.#find(a, b) < 0 ? shape.capacity : this.spend(a, b, shape, 0, nowMs);
  }

  /** Milliseconds until the window is over. */
  endsIn(a: number, b: number, shape: WindowShape, nowMs: number): number {
    const at = this.#find(a, b);
    if (at < 0) return 0;
    const since = Atomics.load(this.#cells, at + SINCE);
    const elapsed = this.#elapsed(at, since, shape.unitMs, nowMs);
    return Math.max(0, shape.windowUnits - elapsed) * shape.unitMs;
  }

  /** As if it had never been used. */
  forget(a: number, b: number, shape: BucketShape | WindowShape): void {
    const at = this.#find(a, b);
    if (at >= 0) Atomics.store(this.#cells, at + LEVEL, shape.capacity);
  }

  /** Of a worker that died. */
  releaseLocks(worker: number): void {
    for (let at = LOCK; at < this.#cells.length; at += SET_CELLS) unlock(this.#cells, at, worker);
  }

  /** The slot of a bucket with all that it has earned until now; -1 when none can be had. */
  #refilled(a: number, b: number, shape: BucketShape, nowMs: number): number {
    const now = unitsOf(nowMs, shape.unitMs);
    const at = this.#find(a, b);
    if (at < 0) return this.#insert(a, b, shape.capacity, now, 0, nowMs);
    const since = Atomics.load(this.#cells, at + SINCE);
    const elapsed = this.#elapsed(at, since, shape.unitMs, nowMs);
    if (elapsed > 0 && Atomics.compareExchange(this.#cells, at + SINCE, since, now) === since) {
      this.#add(at, elapsed * shape.ticksPerUnit, shape.capacity);
    }
    this.#followClock(at, since, elapsed, shape.unitMs, nowMs);
    this.#markUsed(at, nowMs);
    return at;
  }

  /** The slot of a window that is not over; -1 when none can be had. */
  #turned(a: number, b: number, shape: WindowShape, nowMs: number): number {
    const now = unitsOf(nowMs, shape.unitMs);
    const at = this.#find(a, b);
    const ends = unitsOf(nowMs + shape.windowUnits * shape.unitMs, USED_UNIT_MS) + 1;
    if (at < 0) return this.#insert(a, b, shape.capacity, now, ends, nowMs);
    const since = Atomics.load(this.#cells, at + SINCE);
    const level = Atomics.load(this.#cells, at + LEVEL);
    const elapsed = this.#elapsed(at, since, shape.unitMs, nowMs);
    if (
      elapsed >= shape.windowUnits &&
      Atomics.compareExchange(this.#cells, at + SINCE, since, now) === since
    ) {
      Atomics.store(this.#cells, at + ENDS, ends);
      // Others may have spent some of the new window by now.
      this.#add(at, shape.capacity - level, shape.capacity);
    }
    if (this.#followClock(at, since, elapsed, shape.unitMs, nowMs)) {
      Atomics.store(this.#cells, at + ENDS, ends);
    }
    this.#markUsed(at, nowMs);
    return at;
  }

  /**
   * True when the clock was set back, and `since` with it: nothing is earned by
   * that. While another worker still moves it ahead, it stays with that one's
   * clock, or the difference would be earned again and again.
   */
  #followClock(at: number, since: number, elapsed: number, unitMs: number, nowMs: number): boolean {
    const cells = this.#cells;
    if (elapsed > 0) {
      if (cells[at + AHEAD] !== 0) Atomics.store(cells, at + AHEAD, 0);
      return false;
    }
    const now = unitsOf(nowMs, unitMs);
    if (((since - now) >>> 0) * unitMs <= AHEAD_MS) return false;
    const seen = Atomics.load(cells, at + AHEAD);
    const seenNow = unitsOf(nowMs, USED_UNIT_MS);
    const seenFor = (seenNow - seen) | 0;
    if (seen === 0 || seenFor < 0) Atomics.store(cells, at + AHEAD, seenNow);
    if (seen === 0 || seenFor < AHEAD_PATIENCE) return false;
    Atomics.store(cells, at + AHEAD, 0);
    return Atomics.compareExchange(cells, at + SINCE, since, now) === since;
  }

  #add(at: number, ticks: number, most: number): void {
    for (;;) {
      const level = Atomics.load(this.#cells, at + LEVEL);
      const next = Math.min(level + ticks, most);
      if (next === level) return;
      if (Atomics.compareExchange(this.#cells, at + LEVEL, level, next) === level) return;
    }
  }

  /** The level before; nothing is taken when it is too low. */
  #pay(at: number, price: number): number {
    for (;;) {
      const level = Atomics.load(this.#cells, at + LEVEL);
      if (level < price) return level;
      if (Atomics.compareExchange(this.#cells, at + LEVEL, level, level - price) === level) return level;
    }
  }

  /** The level after. */
  #owe(at: number, price: number): number {
    for (;;) {
      const level = Atomics.load(this.#cells, at + LEVEL);
      const next = Math.max(level - price, LEVEL_MIN);
      if (next === level || Atomics.compareExchange(this.#cells, at + LEVEL, level, next) === level)
        return next;
    }
  }

  /** Units of time since `since`, which the slot has shown. */
  #elapsed(at: number, since: number, unitMs: number, nowMs: number): number {
    const elapsed = (unitsOf(nowMs, unitMs) - since) >>> 0;
    if (elapsed <= 2 ** 32 - AHEAD_UNITS) return elapsed;
    // Ahead, or so long ago that the count has come round.
    const unusedMs = this.#unused(at, nowMs) * USED_UNIT_MS;
    return unusedMs > AHEAD_UNITS * unitMs ? elapsed : 0;
  }

  #unused(at: number, nowMs: number): number {
    return (unitsOf(nowMs, USED_UNIT_MS) - Atomics.load(this.#cells, at + USED)) | 0;
  }

  #markUsed(at: number, nowMs: number): void {
    const used = unitsOf(nowMs, USED_UNIT_MS);
    // Written once a second, or it would be fought over.
    if (this.#cells[at + USED] !== used) Atomics.store(this.#cells, at + USED, used);
  }

  #find(a: number, b: number): number {
    const cells = this.#cells;
    const set = (a & this.#setMask) * SET_CELLS;
    const wanted = a === 0 ? 1 : a;
    for (let at = set; at < set + WAYS; at++) {
      // Plain reads, at a fifth of the price; the one that counts is done again, so that what follows is of this key.
      if (cells[at] === wanted && cells[at + B] === b && Atomics.load(cells, at) === wanted) return at;
    }
    return -1;
  }

  #insert(a: number, b: number, level: number, since: number, ends: number, nowMs: number): number {
    const cells = this.#cells;
    const set = (a & this.#setMask) * SET_CELLS;
    if (!lock(cells, set + LOCK, this.#worker)) return -1;
    let at = this.#find(a, b);
    if (at < 0) {
      at = this.#pickLeaver(set, nowMs);
      // Empty while it is neither: whoever dies in here leaves an empty slot.
      Atomics.store(cells, at, 0);
      Atomics.store(cells, at + LEVEL, level);
      Atomics.store(cells, at + SINCE, since);
      Atomics.store(cells, at + USED, unitsOf(nowMs, USED_UNIT_MS));
      Atomics.store(cells, at + ENDS, ends);
      Atomics.store(cells, at + AHEAD, 0);
      Atomics.store(cells, at + B, b);
      Atomics.store(cells, at, a === 0 ? 1 : a);
    }
    unlock(cells, set + LOCK, this.#worker);
    return at;
  }

  /** An empty slot of the set, or the one that was used least recently; a window that is used up comes last. */
  #pickLeaver(set: number, nowMs: number): number {
    let [leaver, longest] = [set, Number.NEGATIVE_INFINITY];
    for (let at = set; at < set + WAYS; at++) {
      if (Atomics.load(this.#cells, at) === 0) return at;
      const unused = this.#unused(at, nowMs) - (this.#isUsedUp(at, nowMs) ? 2 ** 32 : 0);
      if (unused > longest) [leaver, longest] = [at, unused];
    }
    return leaver;
  }

  /** A window that is not over: forgotten, it would be whole again. */
  #isUsedUp(at: number, nowMs: number): boolean {
    const ends = Atomics.load(this.#cells, at + ENDS);
    if (ends === 0 || Atomics.load(this.#cells, at + LEVEL) > 0) return false;
    return ((ends - unitsOf(nowMs, USED_UNIT_MS)) | 0) > 0;
  }
}

/** Modulo 2^32, as a signed word. */
function unitsOf(nowMs: number, unitMs: number): number {
  return (nowMs / unitMs) | 0;
}
