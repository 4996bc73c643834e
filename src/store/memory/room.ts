/**
 * Room for new entries: which of those that are stored have to go. S3-FIFO
 * (Yang et al., SOSP 2023), one queue being one ring:
 *
 *   1. What is new goes to the small ring; into the main one if it was seen not
 *      long ago (`ghosts.ts`), or is too large for the small one.
 *   2. At the small ring's tail what was used goes on to the main ring, and
 *      the rest is let go and remembered. As long as there is much room in the
 *      main ring, which is so at first, everything goes on.
 *   3. At the main ring's tail what was used since it was last passed over goes
 *      back to its head, with one use less, and the rest is let go.
 *
 * All of it by the holder of the shard's lock, in the order that `layout.ts`
 * gives. How much is moved for one new entry is bounded: what would be beyond
 * that is let go although it was used.
 */
import { type Arena, NOWHERE, positionAt, type Ring } from "./arena.ts";
import { HASH, KIND, PAD, SIZE, writePad } from "./entry.ts";
import { remember } from "./ghosts.ts";
import { bucketOf, EVICTIONS, SMALL_SHARE, UNIT_BYTES } from "./layout.ts";
import {
  clear,
  hashAt,
  pickSlot,
  pointAt,
  positionIn,
  settleUses,
  slotOf,
  stateIn,
  USES,
  WAS_USED,
} from "./slots.ts";

/** Some 50 µs. */
const MOVED_UNITS_MAX = 2 ** 20 / UNIT_BYTES;

/** How much of the main ring stays free: 1/64. What is not larger moves within the ring without ever being out of readers' reach. */
const SLACK = 64;

/** The part of the main ring that only what was used may fill: 1/8. More than entries leave free when they go, but for the largest. */
const MUCH = 8;

/** Above this part of the small ring an entry goes to the main one. */
const SMALL_ENTRIES = 2;

/** For measuring; all threads of an arena need the same. */
export interface Tuning {
  /** Of the rings' bytes, the small one's share. */
  readonly smallShare: number;
  /** Uses that it takes to go on from the small ring. */
  readonly usesToStay: number;
}

const TUNING: Tuning = { smallShare: SMALL_SHARE, usesToStay: 1 };

/** Gets what leaves the main ring after it was used, while it still stands there. */
export type OnLeaving = (shard: number, slot: number, position: number) => void;

export class Room {
  readonly #arena: Arena;
  readonly #tuning: Tuning;
  readonly #leaves: OnLeaving;
  #moves = 0;

  constructor(arena: Arena, leaves: OnLeaving, tuning: Tuning = TUNING) {
    this.#arena = arena;
    this.#leaves = leaves;
    this.#tuning = tuning;
  }

  /** Whether what has this state goes on from the small ring. */
  hasEarnedMain(state: number): boolean {
    return (state & USES) >= this.#tuning.usesToStay;
  }

  fitsSmall(units: number): boolean {
    return units <= this.#arena.small.units / SMALL_ENTRIES;
  }

  /** Where an entry may be written, in one piece: at the head, which is left to the caller to move. */
  make(shard: number, ring: Ring, units: number): number {
    this.#moves = MOVED_UNITS_MAX;
    return this.#make(shard, ring, units);
  }

  /** A slot for a new entry of this bucket, with what was in it gone. */
  pickSlot(shard: number, bucket: number): number {
    const arena = this.#arena;
    const slot = pickSlot(arena, shard, bucket);
    const [hash, position] = [hashAt(arena, slot), positionIn(arena, slot)];
    if (hash !== 0 && arena.isLive(shard, position)) this.#letGo(shard, slot, hash, position);
    return slot;
  }

  #make(shard: number, ring: Ring, units: number): number {
    const arena = this.#arena;
    const slack = ring.isMain ? Math.floor(ring.units / SLACK) : 0;
    while (ring.units - arena.used(shard, ring) < this.#pad(shard, ring, units) + units + slack) {
      this.#passTail(shard, ring);
    }
    return this.#skipPad(shard, ring, units);
  }

  #passTail(shard: number, ring: Ring): void {
    const arena = this.#arena;
    const { cells } = arena;
    const position = positionAt(ring, arena.tail(shard, ring));
    const cell = arena.cellOf(shard, position);
    const units = cells[cell + SIZE]!;
    const hash = cells[cell + HASH]!;
    const isPad = cells[cell + KIND] === PAD;
    const slot = isPad ? -1 : slotOf(arena, bucketOf(arena.layout, hash), hash, position);
    const staysOn = slot >= 0 && this.#staysOn(shard, slot, ring, units) && this.#mayMove(units);
    if (!staysOn) {
      if (slot >= 0) this.#letGo(shard, slot, hash, position);
      arena.moveTail(shard, ring, units);
    } else if (!ring.isMain) this.#promote(shard, slot, position, units);
    else this.#moveOn(shard, slot, position, units);
  }

  #staysOn(shard: number, slot: number, ring: Ring, units: number): boolean {
    const { main } = this.#arena;
    const state = stateIn(this.#arena, slot);
    if (ring.isMain) return (state & USES) > 0;
    return (
      this.hasEarnedMain(state) || main.units - this.#arena.used(shard, main) - units > main.units / MUCH
    );
  }

  #mayMove(units: number): boolean {
    this.#moves -= units;
    return this.#moves >= 0;
  }

  #promote(shard: number, slot: number, position: number, units: number): void {
    const arena = this.#arena;
    this.#copy(shard, slot, position, this.#make(shard, arena.main, units), units);
    if (this.hasEarnedMain(stateIn(arena, slot))) settleUses(arena, slot, USES);
    arena.moveTail(shard, arena.small, units);
  }

  /** From the main ring's tail to its head. Room to skip the ring's end there always is: if the tail entry lay before that end, it would fit there itself. */
  #moveOn(shard: number, slot: number, position: number, units: number): void {
    const arena = this.#arena;
    const { main } = arena;
    const to = this.#skipPad(shard, main, units);
    const hasRoom = main.units - arena.used(shard, main) >= units;
    // Over itself: readers have to be told first.
    if (!hasRoom) pointAt(arena, slot, NOWHERE);
    if (!hasRoom) arena.moveTail(shard, main, units);
    this.#copy(shard, slot, position, to, units);
    if (hasRoom) arena.moveTail(shard, main, units);
    settleUses(arena, slot, 1);
  }

  #copy(shard: number, slot: number, from: number, to: number, units: number): void {
    const arena = this.#arena;
    arena.copyUnits(arena.cellOf(shard, from), arena.cellOf(shard, to), units);
    arena.moveHead(shard, arena.main, units);
    pointAt(arena, slot, to);
  }

  #letGo(shard: number, slot: number, hash: number, position: number): void {
    const arena = this.#arena;
    if (position >= 0) remember(arena, shard, hash);
    else if (stateIn(arena, slot) & (USES | WAS_USED)) this.#leaves(shard, slot, position);
    if (clear(arena, slot, hash)) arena.doubles[(shard + EVICTIONS) / 2]! += 1;
  }

  /** What an entry of this size would leave empty at the ring's end. */
  #pad(shard: number, ring: Ring, units: number): number {
    const toEnd = this.#arena.toEnd(ring, this.#arena.head(shard, ring));
    return toEnd < units ? toEnd : 0;
  }

  /** Where the entry goes then. */
  #skipPad(shard: number, ring: Ring, units: number): number {
    const arena = this.#arena;
    const pad = this.#pad(shard, ring, units);
    if (pad > 0) {
      writePad(arena, arena.cellOf(shard, positionAt(ring, arena.head(shard, ring))), pad);
      arena.moveHead(shard, ring, pad);
    }
    return positionAt(ring, arena.head(shard, ring));
  }
}
