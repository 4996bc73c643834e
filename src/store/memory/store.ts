/**
 * Answers in shared memory, for all workers at once: exactly as many bytes as
 * were given, index and all. How they lie there, and why readers need no lock
 * and writers may die, is told in `layout.ts`; which of them stay, in `room.ts`.
 *
 * It knows keys, variants and purges, and not what makes an answer fresh.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import { Arena } from "./arena.ts";
import { Cursor, type Found } from "./found.ts";
import { WantedKey } from "./key.ts";
import {
  ARENA_BYTES_MAX,
  ARENA_BYTES_MIN,
  bucketOf,
  planLayout,
  SCANS,
  sequenceOf,
  shardOf,
  UNIT_BYTES,
  WAYS,
} from "./layout.ts";
import { Leavers, type OnEvict } from "./leavers.ts";
import type { Tuning } from "./room.ts";
import { countUse, hashAt, positionIn } from "./slots.ts";
import { type MemoryStats, StatsReader } from "./stats.ts";
import { applyVerdict, type Verdict, type Visitor, visitAll, visitKey } from "./visit.ts";
import { type Putting, sequenceNow, Writer } from "./writer.ts";

export type { Found, Visited } from "./found.ts";

const FIND_TRIES = 3;

/** At least 1 MiB, and at most 4 GiB: more a typed array can't span. */
export function memoryBuffer(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.min(Math.max(bytes, ARENA_BYTES_MIN), ARENA_BYTES_MAX));
}

export class MemoryStore {
  /** Of the largest entry: key, fields, body and 128 bytes more. */
  readonly objectBytesMax: number;
  readonly #arena: Arena;
  readonly #key: WantedKey;
  readonly #leavers: Leavers;
  readonly #writer: Writer;
  readonly #found: Cursor;
  readonly #stats: StatsReader;

  /** `thread`: the worker's number, or `MAIN_THREAD`. `seed`: the same for all, and unknown to clients. */
  constructor(buffer: SharedArrayBuffer, thread: number, seed: number, tuning?: Tuning) {
    this.#arena = new Arena(buffer, thread, planLayout(buffer.byteLength, tuning?.smallShare));
    this.objectBytesMax = this.#arena.layout.entryUnitsMax * UNIT_BYTES;
    this.#key = new WantedKey(seed);
    this.#leavers = new Leavers(this.#arena);
    this.#writer = new Writer(this.#arena, this.#key, this.#leavers, tuning);
    this.#found = new Cursor(this.#arena);
    this.#stats = new StatsReader(this.#arena);
  }

  /** Gets copies of what makes room here although it was used, outside the lock; at most 1 MiB of bodies for each change. */
  get onEvict(): OnEvict | undefined {
    return this.#leavers.onEvict;
  }

  set onEvict(listener: OnEvict | undefined) {
    this.#leavers.onEvict = listener;
  }

  /** The newest answer of those that the request selects: without Vary, or with a `varyKey` equal to what `varyKeyFor` gives for the names. Counts as a use. */
  find(key: string, varyKeyFor: (varyNames: string) => string): Found | undefined {
    if (!this.#key.set(key)) return undefined;
    for (let tries = 0; tries < FIND_TRIES; tries++) {
      const found = this.#find(varyKeyFor);
      if (found !== "moved") return found;
    }
    return undefined;
  }

  /** Whether anything at all is stored under the key. */
  has(key: string): boolean {
    if (!this.#key.set(key)) return false;
    const arena = this.#arena;
    const { hash } = this.#key;
    const shard = shardOf(arena.layout, hash);
    const bucket = bucketOf(arena.layout, hash);
    for (let slot = bucket; slot < bucket + WAYS; slot++) {
      if (arena.cells[slot] !== hash) continue;
      const position = positionIn(arena, slot);
      if (arena.isLive(shard, position) && this.#isOf(shard, position)) return true;
    }
    return false;
  }

  /** In place of the one with the same key, `varyNames` and `varyKey`. `since`: what `sequence` said before the answer was fetched. */
  put(entry: NewEntry, since: number): Putting {
    return this.#writer.put(entry, since);
  }

  /** Other facts and lines for what `find` has just found, the body as it is. False when it is gone by now. */
  freshen(found: Found, facts: StoredFacts, lines: string, since?: number): boolean {
    return this.#writer.freshen(found as Cursor, facts, lines, since);
  }

  /** Another number after each purge that could concern the key. */
  sequence(key: string): number {
    return this.#key.set(key) ? sequenceNow(this.#arena, this.#key.hash) : 0;
  }

  /** All variants; returns how many. What is being fetched meanwhile is not stored. */
  remove(key: string): number {
    return this.#purge(key, "remove");
  }

  /** As `remove`, but what is stored can still be validated. */
  markStale(key: string): number {
    return this.#purge(key, "stale");
  }

  /** Before a purge that scans: what is being fetched by then is not stored. */
  bumpSequences(): void {
    Atomics.add(this.#arena.cells, SCANS, 1);
  }

  /** Shows every entry, some hundreds in each step, and does with it what the visitor says. Steps give how many were shown, and the end how many were changed. */
  visit(visitor: Visitor): Generator<number, number, void> {
    return visitAll(this.#arena, visitor);
  }

  /** The variants of one key. Not a use. */
  visitKey(key: string, visitor: Visitor): number {
    return this.#key.set(key) ? visitKey(this.#arena, this.#key, visitor) : 0;
  }

  stats(): MemoryStats {
    return this.#stats.read();
  }

  #find(varyKeyFor: (varyNames: string) => string): Cursor | "moved" | undefined {
    const arena = this.#arena;
    const found = this.#found;
    const { hash } = this.#key;
    const shard = shardOf(arena.layout, hash);
    const bucket = bucketOf(arena.layout, hash);
    let best = -1;
    let bestAt = 0;
    let bestMs = -Infinity;
    let hasMoved = false;
    for (let slot = bucket; slot < bucket + WAYS; slot++) {
      if (arena.cells[slot] !== hash) continue;
      const position = positionIn(arena, slot);
      const isRead =
        arena.isLive(shard, position) && this.#isOf(shard, position) && found.load(shard, slot, position);
      if (!isRead) hasMoved ||= positionIn(arena, slot) !== position;
      else if (found.storedMs > bestMs && isSelected(found, varyKeyFor)) {
        best = slot;
        bestAt = position;
        bestMs = found.storedMs;
      } else hasMoved ||= found.isGone;
    }
    if (best < 0) return hasMoved ? "moved" : undefined;
    if (found.slot !== best && !found.load(shard, best, bestAt)) return "moved";
    countUse(arena, best, found.state);
    return found;
  }

  /** What is being overwritten is not. */
  #isOf(shard: number, position: number): boolean {
    return this.#key.isOf(this.#arena.cells, this.#arena.cellOf(shard, position));
  }

  /** Sequences first: who fills a slot after it was looked at sees them, and clears it again. What is just being moved can't be read, and its hash is enough. */
  #purge(key: string, verdict: Verdict): number {
    if (!this.#key.set(key)) return 0;
    const arena = this.#arena;
    const { hash } = this.#key;
    const shard = shardOf(arena.layout, hash);
    const bucket = bucketOf(arena.layout, hash);
    Atomics.add(arena.cells, sequenceOf(arena.layout, hash), 1);
    let changed = 0;
    for (let slot = bucket; slot < bucket + WAYS; slot++) {
      if (hashAt(arena, slot) !== hash) continue;
      const position = positionIn(arena, slot);
      const isOther = arena.isLive(shard, position) && !this.#isOf(shard, position);
      arena.settle();
      if (!isOther || !arena.isLive(shard, position)) changed += applyVerdict(arena, slot, hash, verdict);
    }
    return changed;
  }
}

/** Whether the request gets this variant. */
function isSelected(found: Cursor, varyKeyFor: (varyNames: string) => string): boolean {
  return !found.hasVary || (varyKeyFor(found.varyNames()) === found.varyKey() && !found.isGone);
}
