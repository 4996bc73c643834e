/**
 * What is stored, counted from the index: no writer has to keep count, and no
 * dying one can leave it wrong. A large arena is counted shard by shard over
 * several readings.
 */
import type { Arena } from "./arena.ts";
import { storedMsAt } from "./entry.ts";
import { bucketAt, EVICTIONS, STORED, shardAt, UNIT_BYTES, WAYS } from "./layout.ts";
import { hashAt, positionIn, stateIn, unitsOf } from "./slots.ts";

export interface MemoryStats {
  readonly entries: number;
  /** Of the entries, with all that is kept of them. */
  readonly bytes: number;
  /** That entries can have: what index and headers leave. */
  readonly capacityBytes: number;
  /** Since the arena is there: entries that made room. */
  readonly evictions: number;
  readonly stored: number;
  /** Milliseconds since the epoch; undefined when nothing is stored. */
  readonly oldestMs: number | undefined;
}

/** Some milliseconds: slots, an entry counting as many. */
const WORK = 2 ** 20;
const WORK_FOR_ENTRY = 16;

interface ShardCount {
  readonly entries: number;
  readonly units: number;
  readonly oldestMs: number;
}

const NOTHING: ShardCount = { entries: 0, units: 0, oldestMs: Infinity };

export class StatsReader {
  readonly #arena: Arena;
  readonly #counts: ShardCount[];
  #next = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#counts = new Array<ShardCount>(arena.layout.shards).fill(NOTHING);
  }

  read(): MemoryStats {
    const { layout, doubles } = this.#arena;
    this.#count();
    let [entries, units, oldestMs, evictions, stored] = [0, 0, Infinity, 0, 0];
    for (const [index, count] of this.#counts.entries()) {
      const shard = shardAt(layout, index);
      entries += count.entries;
      units += count.units;
      oldestMs = Math.min(oldestMs, count.oldestMs);
      evictions += doubles[(shard + EVICTIONS) / 2]!;
      stored += doubles[(shard + STORED) / 2]!;
    }
    return {
      entries,
      bytes: units * UNIT_BYTES,
      capacityBytes: layout.shards * (layout.smallUnits + layout.mainUnits) * UNIT_BYTES,
      evictions,
      stored,
      oldestMs: oldestMs === Infinity ? undefined : oldestMs,
    };
  }

  /** As many shards as the work allows, and one at least, on from where it stopped. */
  #count(): void {
    const { shards, buckets } = this.#arena.layout;
    let work = 0;
    for (let done = 0; done < shards && work < WORK; done++) {
      const count = countShard(this.#arena, shardAt(this.#arena.layout, this.#next));
      this.#counts[this.#next] = count;
      this.#next = (this.#next + 1) % shards;
      work += buckets * WAYS + count.entries * WORK_FOR_ENTRY;
    }
  }
}

function countShard(arena: Arena, shard: number): ShardCount {
  let [entries, units, oldestMs] = [0, 0, Infinity];
  for (let number = 0; number < arena.layout.buckets; number++) {
    const bucket = bucketAt(shard, number);
    for (let slot = bucket; slot < bucket + WAYS; slot++) {
      if (hashAt(arena, slot) === 0) continue;
      const position = positionIn(arena, slot);
      const storedMs = storedMsAt(arena.doubles, arena.cellOf(shard, position));
      arena.settle();
      if (!arena.isLive(shard, position)) continue;
      entries++;
      units += unitsOf(stateIn(arena, slot));
      oldestMs = Math.min(oldestMs, storedMs);
    }
  }
  return { entries, units, oldestMs };
}
