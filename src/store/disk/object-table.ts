/**
 * The table of objects as the main thread has it: it alone puts objects in and takes
 * them out, and picks who leaves (CLOCK): the hand goes round the slots; what was used
 * since it came by last stays twice more, what is new once. What only it must know of
 * an object lies beside the shared slots.
 */
import { hashKey } from "../../limits/key-hash.ts";
import type { IndexRow } from "./disk-report.ts";
import { type DiskCells, SLOTS_FROM } from "./disk-shared.ts";
import { SlotFinder } from "./slot-finder.ts";
import {
  anyone,
  BUCKET_CELLS,
  HIGH,
  highOf,
  idOf,
  LOW,
  SMALL,
  tagOf,
  VERSION,
  WAYS,
  YOUNG,
} from "./slot-layout.ts";

/** What has left the table: its file is to be removed. */
export interface Leaver {
  readonly id: number;
  readonly units: number;
}

export interface TableObject extends Leaver {
  readonly isSmall: boolean;
  readonly isMarkedStale: boolean;
}

export class ObjectTable {
  entries = 0;
  /** Of all files. */
  units = 0;
  readonly #cells: Int32Array;
  readonly #finder: SlotFinder;
  readonly #seed: number;
  readonly #units: Uint32Array;
  readonly #variants: Int32Array;
  readonly #storedMs: Float64Array;
  /** A slot. */
  #hand: number;

  constructor(shared: DiskCells) {
    this.#cells = shared.cells;
    this.#seed = shared.seed;
    this.#finder = new SlotFinder(shared.cells, shared.seed);
    const slots = (shared.cells.length - SLOTS_FROM) / (BUCKET_CELLS / WAYS);
    this.#units = new Uint32Array(slots);
    this.#variants = new Int32Array(slots);
    this.#storedMs = new Float64Array(slots);
    // The slots at the beginning would have the shortest stay otherwise, with every start.
    this.#hand = Math.floor(Math.random() * slots);
  }

  /** What it replaces, or what leaves because its bucket is full. */
  add(row: IndexRow): Leaver | undefined {
    const at = this.#variantAt(row) ?? this.#emptyAt(row.b) ?? this.#leaverAt(row.b);
    const leaver = this.#clear(at);
    this.#fill(at, row, YOUNG);
    return leaver;
  }

  /**
   * From the index, at the start. Not loaded: a newer one of its variant is here, or
   * there is no room. A leaver was older.
   */
  load(row: IndexRow, isUsed: boolean): { readonly isLoaded: boolean; readonly leaver: Leaver | undefined } {
    const known = this.#variantAt(row);
    const isOlder = known !== undefined && this.#storedMs[this.#slotOf(known)]! >= row.storedMs;
    const at = known ?? this.#emptyAt(row.b);
    if (isOlder || at === undefined) return { isLoaded: false, leaver: undefined };
    const leaver = this.#clear(at);
    this.#fill(at, row, isUsed ? anyone.used : 0);
    return { isLoaded: true, leaver };
  }

  find(row: Pick<IndexRow, "id" | "a" | "b">): TableObject | undefined {
    const at = this.#at(row);
    if (at === undefined) return undefined;
    const high = Atomics.load(this.#cells, at + HIGH);
    const isMarkedStale = (high & anyone.stale) !== 0;
    return {
      id: row.id,
      units: this.#units[this.#slotOf(at)]!,
      isSmall: (high & SMALL) !== 0,
      isMarkedStale,
    };
  }

  /** Undefined: it is not there any more. */
  remove(row: Pick<IndexRow, "id" | "a" | "b">): Leaver | undefined {
    const at = this.#at(row);
    return at === undefined ? undefined : this.#clear(at);
  }

  /** All of a key, whatever their variants. */
  idsOf(key: string): number[] {
    const hash = hashKey(key, this.#seed);
    const ids: number[] = [];
    this.#way(hash.b, (at) => {
      if (this.#cells[at] === tagOf(hash)) ids.push(this.#idAt(at));
      return false;
    });
    return ids;
  }

  markStale(row: Pick<IndexRow, "id" | "a" | "b">): boolean {
    const at = this.#at(row);
    if (at !== undefined) Atomics.or(this.#cells, at + HIGH, anyone.stale);
    return at !== undefined;
  }

  freshen(row: Pick<IndexRow, "id" | "a" | "b">, version: number, storedMs: number): boolean {
    const at = this.#at(row);
    if (at === undefined) return false;
    this.#storedMs[this.#slotOf(at)] = storedMs;
    Atomics.store(this.#cells, at + VERSION, version);
    Atomics.and(this.#cells, at + HIGH, ~anyone.stale);
    return true;
  }

  /** The next one to leave; undefined when nothing is stored. */
  evict(): Leaver | undefined {
    if (this.entries === 0) return undefined;
    const cells = this.#cells;
    for (;;) {
      const at = this.#cellOf(this.#hand);
      this.#hand = (this.#hand + 1) % this.#units.length;
      if (cells[at] === 0) continue;
      const high = Atomics.and(cells, at + HIGH, ~(anyone.used | YOUNG));
      if ((high & anyone.gone) !== 0 || (high & (anyone.used | YOUNG)) === 0) return this.#clear(at);
      if ((high & anyone.used) !== 0) Atomics.or(cells, at + HIGH, YOUNG);
    }
  }

  /** All at once: the index is gone. */
  empty(): void {
    for (let slot = 0; slot < this.#units.length; slot++) this.#clear(this.#cellOf(slot));
  }

  /** Numbers of what was used since the hand came by, or is new. */
  usedIds(): Float64Array {
    const ids: number[] = [];
    for (let slot = 0; slot < this.#units.length; slot++) {
      const at = this.#cellOf(slot);
      if (this.#cells[at] !== 0 && (this.#cells[at + HIGH]! & (anyone.used | YOUNG)) !== 0)
        ids.push(this.#idAt(at));
    }
    return new Float64Array(ids);
  }

  /** Of all that is there; undefined for nothing. */
  oldestMs(): number | undefined {
    let oldest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#storedMs.length; slot++) {
      const storedMs = this.#storedMs[slot]!;
      if (storedMs !== 0 && storedMs < oldest) oldest = storedMs;
    }
    return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
  }

  #fill(at: number, row: IndexRow, bits: number): void {
    const cells = this.#cells;
    const slot = this.#slotOf(at);
    this.#units[slot] = row.units;
    this.#variants[slot] = row.variant;
    this.#storedMs[slot] = row.storedMs;
    const flags = (row.isSmall ? SMALL : 0) | (row.isMarkedStale ? anyone.stale : 0) | bits;
    Atomics.store(cells, at + LOW, row.id | 0);
    Atomics.store(cells, at + HIGH, highOf(row.id) | flags);
    Atomics.store(cells, at + VERSION, row.version);
    Atomics.store(cells, at, tagOf(row));
    this.entries++;
    this.units += row.units;
  }

  #clear(at: number): Leaver | undefined {
    if (this.#cells[at] === 0) return undefined;
    Atomics.store(this.#cells, at, 0);
    const slot = this.#slotOf(at);
    const units = this.#units[slot]!;
    this.#storedMs[slot] = 0;
    this.entries--;
    this.units -= units;
    return { id: this.#idAt(at), units };
  }

  #at({ id, a, b }: Pick<IndexRow, "id" | "a" | "b">): number | undefined {
    return this.#way(b, (at) => this.#cells[at] === tagOf({ a, b }) && this.#idAt(at) === id);
  }

  #variantAt({ a, b, variant }: IndexRow): number | undefined {
    const tag = tagOf({ a, b });
    return this.#way(b, (at) => this.#cells[at] === tag && this.#variants[this.#slotOf(at)] === variant);
  }

  #emptyAt(b: number): number | undefined {
    return this.#way(b, (at) => this.#cells[at] === 0);
  }

  /** Of a full bucket: one that was not used, or the one that was stored first. */
  #leaverAt(b: number): number {
    const unused = this.#way(b, (at) => (this.#cells[at + HIGH]! & (anyone.used | YOUNG)) === 0);
    if (unused !== undefined) return unused;
    let oldest = this.#finder.bucketOf(b);
    this.#way(b, (at) => {
      if (this.#storedMs[this.#slotOf(at)]! < this.#storedMs[this.#slotOf(oldest)]!) oldest = at;
      return false;
    });
    return oldest;
  }

  /** The first of a bucket that is wanted. */
  #way(b: number, isWanted: (at: number) => boolean): number | undefined {
    const from = this.#finder.bucketOf(b);
    for (let at = from; at < from + WAYS; at++) if (isWanted(at)) return at;
    return undefined;
  }

  #idAt(at: number): number {
    return idOf(this.#cells[at + LOW]!, this.#cells[at + HIGH]!);
  }

  /** Where the slot's tag is. */
  #cellOf(slot: number): number {
    return SLOTS_FROM + Math.floor(slot / WAYS) * BUCKET_CELLS + (slot % WAYS);
  }

  #slotOf(at: number): number {
    const cell = at - SLOTS_FROM;
    return Math.floor(cell / BUCKET_CELLS) * WAYS + (cell % BUCKET_CELLS);
  }
}
