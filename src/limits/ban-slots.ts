/**
 * Bans as they lie in shared memory: at most 4,096, found by network in sets of
 * eight. Changes are made under one lock; readers take none. Each slot has a
 * version that is odd while it changes, so that nobody sees half of two bans;
 * one that stays odd, because its writer died, is an empty slot.
 */
import type { Network } from "./client-network.ts";
import { lock, unlock } from "./lock.ts";

/** Times are whole seconds since the epoch. */
export interface BanRecord {
  readonly network: Network;
  /** What it means is the caller's business. */
  readonly cause: number;
  readonly untilS: number;
}

const LOCK = 0;
/** When the last of all bans runs out: until then somebody may be banned. */
const LATEST = 1;
const HEADER_CELLS = 8;

const SETS = 512;
const WAYS = 8;
const SLOT_CELLS = 8;
const VERSION = 0;
const WORDS = 1;
const BITS = 5;
const CAUSE = 6;
const UNTIL = 7;

const READ_TRIES = 4;

/** Whoever looks at the list may be ahead of who turns clients away. */
const CLOCKS_APART_S = 10;

export function banTableBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEADER_CELLS + SETS * WAYS * SLOT_CELLS) * Int32Array.BYTES_PER_ELEMENT);
}

/** Of a thread that has died. */
export function releaseBanLock(buffer: SharedArrayBuffer, thread: number): void {
  unlock(new Int32Array(buffer), LOCK, thread);
}

export class BanSlots {
  readonly #cells: Int32Array;
  readonly #thread: number;
  readonly #seed: number;

  constructor(buffer: SharedArrayBuffer, thread: number, seed: number) {
    this.#cells = new Int32Array(buffer);
    this.#thread = thread;
    this.#seed = seed;
  }

  /** One load: false when no ban can hold any more. */
  mayHold(nowS: number): boolean {
    return Atomics.load(this.#cells, LATEST) >>> 0 > nowS;
  }

  find(network: Network, nowS: number): BanRecord | undefined {
    const set = this.#setOf(network);
    for (let at = set; at < set + WAYS * SLOT_CELLS; at += SLOT_CELLS) {
      if (!this.#isOf(at, network)) continue;
      const record = this.#read(at);
      if (record !== undefined && record.untilS > nowS && isSame(record.network, network)) return record;
    }
    return undefined;
  }

  /** In place of one that this network has, an empty or run-out one of the set, or the one that would run out next. False when the lock can't be had. */
  put(record: BanRecord, nowS: number): boolean {
    return this.#locked(() => {
      const { network, cause, untilS } = record;
      const { w0, w1, w2, w3 } = network.address;
      const at = this.#pickLeaver(network, nowS);
      this.#write(at, [w0, w1, w2, w3, network.bits, cause, untilS]);
      const latest = Atomics.load(this.#cells, LATEST) >>> 0;
      Atomics.store(this.#cells, LATEST, Math.max(latest, untilS) | 0);
    });
  }

  /** True when there was one. */
  remove(network: Network): boolean {
    let isFound = false;
    this.#locked(() => {
      const set = this.#setOf(network);
      for (let at = set; at < set + WAYS * SLOT_CELLS; at += SLOT_CELLS) {
        if (!this.#isOf(at, network)) continue;
        isFound = true;
        this.#write(at, EMPTY);
      }
      this.#forgetRunOut(0);
    });
    return isFound;
  }

  /** Those that hold. */
  list(nowS: number): BanRecord[] {
    if (!this.mayHold(nowS)) return [];
    this.#locked(() => this.#forgetRunOut(nowS - CLOCKS_APART_S));
    const records: BanRecord[] = [];
    for (let at = HEADER_CELLS; at < this.#cells.length; at += SLOT_CELLS) {
      const record = this.#read(at);
      if (record !== undefined && record.untilS > nowS) records.push(record);
    }
    return records;
  }

  #locked(change: () => void): boolean {
    if (!lock(this.#cells, LOCK, this.#thread)) return false;
    change();
    unlock(this.#cells, LOCK, this.#thread);
    return true;
  }

  #forgetRunOut(nowS: number): void {
    let latest = 0;
    for (let at = HEADER_CELLS; at < this.#cells.length; at += SLOT_CELLS) {
      const untilS = Atomics.load(this.#cells, at + UNTIL) >>> 0;
      if (untilS > nowS) latest = Math.max(latest, untilS);
      else if (untilS !== 0) this.#write(at, EMPTY);
    }
    Atomics.store(this.#cells, LATEST, latest | 0);
  }

  #write(at: number, values: readonly number[]): void {
    const cells = this.#cells;
    const version = Atomics.load(cells, at + VERSION) | 1;
    Atomics.store(cells, at + VERSION, version);
    for (const [index, value] of values.entries()) Atomics.store(cells, at + WORDS + index, value | 0);
    Atomics.store(cells, at + VERSION, (version + 1) | 0);
  }

  #read(at: number): BanRecord | undefined {
    const word = (offset: number): number => Atomics.load(this.#cells, at + offset) >>> 0;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const version = word(VERSION);
      const bits = word(BITS);
      const [w0, w1, w2, w3] = [word(WORDS), word(WORDS + 1), word(WORDS + 2), word(WORDS + 3)];
      const [cause, untilS] = [word(CAUSE), word(UNTIL)];
      if (bits === 0 || version % 2 === 1) return undefined;
      const family = w0 === 0 && w1 === 0 && w2 === 0xffff ? 4 : 6;
      if (word(VERSION) === version) {
        return { network: { bits, address: { family, w0, w1, w2, w3 } }, cause, untilS };
      }
    }
    return undefined;
  }

  /** Plain reads, at a fifth of the price of others: `find` reads again what it finds. */
  #isOf(at: number, { address, bits }: Network): boolean {
    const cells = this.#cells;
    return (
      cells[at + BITS] === bits &&
      cells[at + WORDS + 3] === (address.w3 | 0) &&
      cells[at + WORDS + 1] === (address.w1 | 0) &&
      cells[at + WORDS] === (address.w0 | 0) &&
      cells[at + WORDS + 2] === (address.w2 | 0)
    );
  }

  #pickLeaver(network: Network, nowS: number): number {
    const set = this.#setOf(network);
    let [leaver, earliest] = [set, Number.POSITIVE_INFINITY];
    for (let at = set; at < set + WAYS * SLOT_CELLS; at += SLOT_CELLS) {
      if (this.#isOf(at, network)) return at;
      const untilS = Atomics.load(this.#cells, at + UNTIL) >>> 0;
      const rank = untilS > nowS ? untilS : 0;
      if (rank < earliest) [leaver, earliest] = [at, rank];
    }
    return leaver;
  }

  /** The first cell of the set that a network belongs to. */
  #setOf({ address, bits }: Network): number {
    let hash = this.#seed ^ bits;
    for (const word of [address.w0, address.w1, address.w2, address.w3]) {
      hash = Math.imul(hash ^ word, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return HEADER_CELLS + (hash & (SETS - 1)) * WAYS * SLOT_CELLS;
  }
}

function isSame({ address, bits }: Network, other: Network): boolean {
  const { w0, w1, w2, w3 } = other.address;
  const isSameAddress = address.w0 === w0 && address.w1 === w1 && address.w2 === w2 && address.w3 === w3;
  return bits === other.bits && isSameAddress;
}

const EMPTY = [0, 0, 0, 0, 0, 0, 0];
