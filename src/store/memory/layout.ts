/**
 * How the arena lies in its shared memory, in cells of 4 bytes:
 *
 *   header | shard | shard | …
 *   shard:  lock, ends of rings, counters | sequences | buckets | ghosts | small ring | main ring
 *
 * A shard holds the keys whose hash ends in its number. Its rings hold entries
 * one behind the other, each in one piece and a multiple of a unit long. A
 * position in a ring is counted on from lap to lap, in units, so that it says
 * whether what stands there is still what once was written; it begins anew
 * after some 32 GiB, which is far more than is written while anybody looks.
 *
 * Why a writer may die anywhere. It is the order of its steps, and each step is
 * one store into one cell:
 *   1. Room: the slot of the entry at the tail is cleared, or is pointed at the
 *      entry's copy at the other end; then the tail moves. Dying before that
 *      leaves an entry without a slot, which the next one who needs room drops.
 *   2. The entry is written where nobody looks, past the head; then the head
 *      moves. Dying before leaves bytes past the head, and dying after it an
 *      entry without a slot.
 *   3. The slot is pointed at it: of an empty slot the hash is stored last, of
 *      one that is replaced the position alone changes. `pending` names the slot
 *      until a purge in between was looked for; if the writer dies, who lets go
 *      of its lock clears that slot, as the purge would have done.
 *   4. An entry that moves within the main ring without room for both copies is
 *      lost if its writer dies meanwhile: its slot has the position `NOWHERE`.
 *
 * Why a reader needs no lock. A slot gives it a position; what stands at a
 * position is never changed until the tail has passed it. So it reads, and what
 * it read is whole if the tail has not passed the position by then.
 */

export const CELL_BYTES = 4;
export const UNIT_BYTES = 16;
export const UNIT_CELLS = UNIT_BYTES / CELL_BYTES;

/** A typed array can't be longer: "Out of memory" above. */
export const ARENA_BYTES_MAX = 2 ** 32;
export const ARENA_BYTES_MIN = 2 ** 20;

/** Counts purges that scan. */
export const SCANS = 0;
const HEADER_CELLS = 16;

// Of a shard. What readers look at lies in another line of the cache than what writers change all the time.
export const LOCK = 0;
/** The slot that is being pointed at a new entry, plus one: a cell counted from the shard's. */
export const PENDING = 1;
export const SMALL_TAIL = 16;
export const SMALL_HEAD = 17;
export const MAIN_TAIL = 18;
export const MAIN_HEAD = 19;
/** Doubles, counted by the holder of the lock alone. */
export const EVICTIONS = 32;
export const STORED = 34;
export const SEQUENCES = 64;
export const SEQUENCES_MAX = 1_024;
const BUCKETS = SEQUENCES + SEQUENCES_MAX;

/** A bucket's hashes lie in one line of the cache, and so do its positions and its states. */
export const WAYS = 16;
export const POSITION = WAYS;
export const STATE = 2 * WAYS;
const BUCKET_CELLS = 3 * WAYS;

export const GHOST_CELLS = 2;
export const GHOST_WAYS = 4;

/** One slot for this much: entries without a body are about as large. */
const BYTES_PER_SLOT = 512;
const GHOSTS_PER_BUCKET = WAYS / 2;

const SHARD_BYTES = 16 * 2 ** 20;
const SHARDS_MAX = 64;
export const SMALL_SHARE = 0.1;

export interface Layout {
  readonly shards: number;
  readonly shardCells: number;
  readonly buckets: number;
  readonly ghostSets: number;
  /** Cells counted from the shard's. */
  readonly ghostsAt: number;
  readonly smallAt: number;
  readonly mainAt: number;
  readonly smallUnits: number;
  readonly mainUnits: number;
  /** Units of the largest entry. */
  readonly entryUnitsMax: number;
}

/** `bytes`: of the whole arena. */
export function planLayout(bytes: number, smallShare = SMALL_SHARE): Layout {
  const shards = Math.min(SHARDS_MAX, 2 ** Math.floor(Math.log2(Math.max(1, bytes / SHARD_BYTES))));
  const cells = Math.floor(bytes / CELL_BYTES) - HEADER_CELLS;
  const shardCells = floorTo(cells / shards, 16);
  const buckets = Math.floor((shardCells * CELL_BYTES) / (BYTES_PER_SLOT * WAYS));
  const ghostSets = (buckets * GHOSTS_PER_BUCKET) / GHOST_WAYS;
  const ghostsAt = BUCKETS + buckets * BUCKET_CELLS;
  const smallAt = ghostsAt + ghostSets * GHOST_WAYS * GHOST_CELLS;
  const units = Math.floor((shardCells - smallAt) / UNIT_CELLS);
  const smallUnits = Math.floor(units * smallShare);
  const mainUnits = units - smallUnits;
  return {
    shards,
    shardCells,
    buckets,
    ghostSets,
    ghostsAt,
    smallAt,
    mainAt: smallAt + smallUnits * UNIT_CELLS,
    smallUnits,
    mainUnits,
    entryUnitsMax: Math.floor(mainUnits / 4),
  };
}

export function shardAt(layout: Layout, index: number): number {
  return HEADER_CELLS + index * layout.shardCells;
}

export function shardOf(layout: Layout, hash: number): number {
  return HEADER_CELLS + (hash & (layout.shards - 1)) * layout.shardCells;
}

/** The cell of its first hash. */
export function bucketOf(layout: Layout, hash: number): number {
  const number = Math.floor((hash >>> 0) / layout.shards) % layout.buckets;
  return shardOf(layout, hash) + BUCKETS + number * BUCKET_CELLS;
}

/** Of a shard's buckets. */
export function bucketAt(shard: number, number: number): number {
  return shard + BUCKETS + number * BUCKET_CELLS;
}

export function sequenceOf(layout: Layout, hash: number): number {
  return shardOf(layout, hash) + SEQUENCES + (hash >>> 22);
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
