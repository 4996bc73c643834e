/**
 * The index: buckets of 16 slots, each with the hash of a key (0: empty), an
 * entry's position and its state. All variants of a key lie in its bucket.
 *
 * Whoever holds the shard's lock fills slots; anybody may clear one, mark it
 * stale or count a use. A slot is named by the cell of its hash, and an entry
 * keeps its slot for as long as it is stored.
 */
import type { Arena } from "./arena.ts";
import { storedMsAt } from "./entry.ts";
import { POSITION, STATE, WAYS } from "./layout.ts";

// A state: uses since it was last passed over, marks, and the entry's units above them.
export const USES = 3;
export const STALE = 4;
/** It was used at least once since it came. */
export const WAS_USED = 8;
const UNITS_SHIFT = 4;

const SETTLE_TRIES = 4;

export function stateOf(units: number, marks: number): number {
  return (units << UNITS_SHIFT) | marks;
}

export function unitsOf(state: number): number {
  return state >>> UNITS_SHIFT;
}

export function hashAt(arena: Arena, slot: number): number {
  return Atomics.load(arena.cells, slot);
}

export function positionIn(arena: Arena, slot: number): number {
  return Atomics.load(arena.cells, slot + POSITION);
}

export function stateIn(arena: Arena, slot: number): number {
  return Atomics.load(arena.cells, slot + STATE);
}

/** Of the entry with this hash at this position; -1 when nothing points at it any more. */
export function slotOf(arena: Arena, bucket: number, hash: number, position: number): number {
  const { cells } = arena;
  for (let slot = bucket; slot < bucket + WAYS; slot++) {
    if (cells[slot] === hash && cells[slot + POSITION] === position) return slot;
  }
  return -1;
}

/** Where a new entry may go: an empty slot, or that of the entry that would be missed least. By the holder of the lock. */
export function pickSlot(arena: Arena, shard: number, bucket: number): number {
  let picked = bucket;
  let leastWorth = Infinity;
  let oldestMs = Infinity;
  for (let slot = bucket; slot < bucket + WAYS; slot++) {
    if (hashAt(arena, slot) === 0) return slot;
    const position = positionIn(arena, slot);
    if (!arena.isLive(shard, position)) return slot;
    const worth = (stateIn(arena, slot) & USES) * 2 + (position < 0 ? 1 : 0);
    const storedMs = storedMsAt(arena.doubles, arena.cellOf(shard, position));
    if (worth > leastWorth || (worth === leastWorth && storedMs >= oldestMs)) continue;
    picked = slot;
    leastWorth = worth;
    oldestMs = storedMs;
  }
  return picked;
}

/** Points a slot at a new entry. By the holder of the lock. */
export function fill(arena: Arena, slot: number, hash: number, position: number, state: number): void {
  const { cells } = arena;
  if (hashAt(arena, slot) !== hash) {
    Atomics.store(cells, slot, 0);
    Atomics.store(cells, slot + STATE, state);
    Atomics.store(cells, slot + POSITION, position);
    Atomics.store(cells, slot, hash);
    return;
  }
  // One store changes what readers find. That the older entry is stale is forgotten after it.
  Atomics.store(cells, slot + POSITION, position);
  Atomics.store(cells, slot + STATE, state);
}

/** Another position of the same entry. By the holder of the lock. */
export function pointAt(arena: Arena, slot: number, position: number): void {
  Atomics.store(arena.cells, slot + POSITION, position);
}

/** False when somebody else did, or has filled it with another key's. */
export function clear(arena: Arena, slot: number, hash: number): boolean {
  return Atomics.compareExchange(arena.cells, slot, hash, 0) === hash;
}

export function markStale(arena: Arena, slot: number): void {
  Atomics.or(arena.cells, slot + STATE, STALE);
}

/** `state`: as it was seen. Costs nothing when it was used often enough. */
export function countUse(arena: Arena, slot: number, state: number): void {
  if ((state & USES) < USES) Atomics.compareExchange(arena.cells, slot + STATE, state, state + 1);
}

/** Takes off uses once they were reckoned with, while others may be counting more. */
export function settleUses(arena: Arena, slot: number, uses: number): void {
  const { cells } = arena;
  for (let tries = 0; tries < SETTLE_TRIES; tries++) {
    const state = stateIn(arena, slot);
    const next = (state & ~USES) | Math.max(0, (state & USES) - uses) | WAS_USED;
    if (Atomics.compareExchange(cells, slot + STATE, state, next) === state) return;
  }
}
