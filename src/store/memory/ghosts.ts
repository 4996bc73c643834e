/**
 * What left the small ring unused not long ago: hashes alone. Whoever comes
 * back goes to the main ring at once. One is believed until as much as the main
 * ring holds has gone through the small one since.
 *
 * Touched by the holder of the shard's lock alone; what a dying one leaves half
 * done costs a guess.
 */
import { type Arena, distance } from "./arena.ts";
import { GHOST_CELLS, GHOST_WAYS } from "./layout.ts";

export function remember(arena: Arena, shard: number, hash: number): void {
  const { cells } = arena;
  const now = arena.head(shard, arena.small);
  const set = setOf(arena, shard, hash);
  let oldest = set;
  let oldestAge = -1;
  for (let ghost = set; ghost < set + GHOST_WAYS * GHOST_CELLS; ghost += GHOST_CELLS) {
    const age = cells[ghost] === 0 || cells[ghost] === hash ? Infinity : ageOf(arena, ghost, now);
    if (age <= oldestAge) continue;
    oldest = ghost;
    oldestAge = age;
  }
  cells[oldest] = hash;
  cells[oldest + 1] = now;
}

/** Whether it is remembered; then no longer. */
export function recall(arena: Arena, shard: number, hash: number): boolean {
  const { cells } = arena;
  const set = setOf(arena, shard, hash);
  for (let ghost = set; ghost < set + GHOST_WAYS * GHOST_CELLS; ghost += GHOST_CELLS) {
    if (cells[ghost] !== hash) continue;
    cells[ghost] = 0;
    return ageOf(arena, ghost, arena.head(shard, arena.small)) <= arena.main.units;
  }
  return false;
}

function ageOf({ cells, small }: Arena, ghost: number, now: number): number {
  return distance(small, cells[ghost + 1]!, now);
}

/** Keys of one bucket shall not share a set too. */
function setOf({ layout }: Arena, shard: number, hash: number): number {
  const set = (Math.imul(hash, 0x9e3779b1) >>> 0) % layout.ghostSets;
  return shard + layout.ghostsAt + set * GHOST_WAYS * GHOST_CELLS;
}
