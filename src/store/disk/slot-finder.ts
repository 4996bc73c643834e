/** What any thread asks of the table of objects: whether something may be stored under a key, and where. */
import { hashKey } from "../../limits/key-hash.ts";
import { SLOTS_FROM } from "./disk-shared.ts";
import { anyone, BUCKET_CELLS, HIGH, idOf, LOW, SMALL, tagOf, VERSION, WAYS } from "./slot-layout.ts";

/** What a slot said of an object. It may be another's by now: its file tells. */
export interface Candidate {
  readonly id: number;
  /** Where the tag of its slot is. */
  readonly cell: number;
  /** Of its facts and variant, see `versionOf`. */
  readonly version: number;
  readonly isSmall: boolean;
  readonly isMarkedStale: boolean;
}

export class SlotFinder {
  readonly #cells: Int32Array;
  readonly #seed: number;
  readonly #bucketMask: number;

  constructor(cells: Int32Array, seed: number) {
    this.#cells = cells;
    this.#seed = seed;
    this.#bucketMask = (cells.length - SLOTS_FROM) / BUCKET_CELLS - 1;
  }

  has(key: string): boolean {
    const cells = this.#cells;
    const hash = hashKey(key, this.#seed);
    const tag = tagOf(hash);
    const from = this.bucketOf(hash.b);
    for (let cell = from; cell < from + WAYS; cell++) {
      if (cells[cell] === tag && (cells[cell + HIGH]! & anyone.gone) === 0) return true;
    }
    return false;
  }

  find(key: string): Candidate[] {
    const cells = this.#cells;
    const hash = hashKey(key, this.#seed);
    const tag = tagOf(hash);
    const from = this.bucketOf(hash.b);
    const found: Candidate[] = [];
    for (let cell = from; cell < from + WAYS; cell++) {
      if (Atomics.load(cells, cell) !== tag) continue;
      const low = Atomics.load(cells, cell + LOW);
      const high = Atomics.load(cells, cell + HIGH);
      const version = Atomics.load(cells, cell + VERSION);
      if ((high & anyone.gone) !== 0 || Atomics.load(cells, cell) !== tag) continue;
      const isSmall = (high & SMALL) !== 0;
      const isMarkedStale = (high & anyone.stale) !== 0;
      found.push({ id: idOf(low, high), cell, version, isSmall, isMarkedStale });
    }
    return found;
  }

  /** Whether this very object is in the table. */
  holds(key: string, id: number): boolean {
    return this.find(key).some((candidate) => candidate.id === id);
  }

  /** For all objects of a key; returns how many there are. Bits of `anyone`. */
  mark(key: string, bits: number): number {
    const found = this.find(key);
    for (const { cell } of found) Atomics.or(this.#cells, cell + HIGH, bits);
    return found.length;
  }

  /** It may have become another's slot, which does it no harm. */
  markUsed(cell: number): void {
    // Written once, or it would be fought over.
    if ((this.#cells[cell + HIGH]! & anyone.used) === 0) Atomics.or(this.#cells, cell + HIGH, anyone.used);
  }

  bucketOf(b: number): number {
    return SLOTS_FROM + (b & this.#bucketMask) * BUCKET_CELLS;
  }
}
