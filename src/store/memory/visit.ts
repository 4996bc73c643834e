/**
 * Entries shown one after the other, for purges and listings, while others
 * write. What moves meanwhile is shown from its new place; what comes meanwhile
 * may be missed, which is why a purge that scans changes the sequences first.
 */
import { lock, unlock } from "../../limits/lock.ts";
import { type Arena, NOWHERE } from "./arena.ts";
import { Cursor, type Visited } from "./found.ts";
import type { WantedKey } from "./key.ts";
import { bucketAt, bucketOf, LOCK, shardAt, shardOf, WAYS } from "./layout.ts";
import { clear, hashAt, markStale, positionIn } from "./slots.ts";

export type Verdict = "remove" | "stale" | undefined;

/** What it is given is good until it returns. */
export type Visitor = (entry: Visited) => Verdict;

/** Some hundred microseconds, when a visitor reads all there is to read. */
const SHOWN_IN_A_STEP = 256;
const SLOTS_IN_A_STEP = 65_536;

/** An entry moves a few times in its life, not a few times while it is looked at. */
const TRIES = 8;

export function* visitAll(arena: Arena, visitor: Visitor): Generator<number, number, void> {
  const { shards, buckets } = arena.layout;
  const cursor = new Cursor(arena);
  let [shown, looked, changed] = [0, 0, 0];
  const count: Visitor = (entry) => {
    shown++;
    return visitor(entry);
  };
  for (let index = 0; index < shards; index++) {
    const shard = shardAt(arena.layout, index);
    for (let number = 0; number < buckets; number++) {
      const bucket = bucketAt(shard, number);
      for (let slot = bucket; slot < bucket + WAYS; slot++)
        changed += visitSlot(arena, cursor, shard, slot, count);
      looked += WAYS;
      if (shown < SHOWN_IN_A_STEP && looked < SLOTS_IN_A_STEP) continue;
      yield shown;
      [shown, looked] = [0, 0];
    }
  }
  if (shown > 0) yield shown;
  return changed;
}

/** Those of one key; returns how many were changed. */
export function visitKey(arena: Arena, key: WantedKey, visitor: Visitor): number {
  const shard = shardOf(arena.layout, key.hash);
  const bucket = bucketOf(arena.layout, key.hash);
  const cursor = new Cursor(arena);
  let changed = 0;
  for (let slot = bucket; slot < bucket + WAYS; slot++) {
    if (hashAt(arena, slot) !== key.hash) continue;
    changed += visitSlot(arena, cursor, shard, slot, (entry) => {
      const isOfKey = key.isOf(arena.cells, arena.cellOf(shard, cursor.position));
      return isOfKey ? visitor(entry) : undefined;
    });
  }
  return changed;
}

/** 1 when it was changed. */
function visitSlot(arena: Arena, cursor: Cursor, shard: number, slot: number, visitor: Visitor): number {
  for (let tries = 0; tries < TRIES; tries++) {
    const hash = hashAt(arena, slot);
    if (hash === 0) return 0;
    const position = positionIn(arena, slot);
    if (position === NOWHERE) awaitWriter(arena, shard);
    else if (cursor.load(shard, slot, position)) {
      const verdict = visitor(cursor);
      if (!cursor.isGone) return applyVerdict(arena, slot, hash, verdict);
    } else if (positionIn(arena, slot) === position) return 0;
  }
  return 0;
}

/** 1 when it was changed. */
export function applyVerdict(arena: Arena, slot: number, hash: number, verdict: Verdict): number {
  if (verdict === undefined) return 0;
  if (verdict === "remove") return clear(arena, slot, hash) ? 1 : 0;
  markStale(arena, slot);
  return 1;
}

/** Whoever moves an entry has the lock until it is there. */
function awaitWriter({ cells, thread }: Arena, shard: number): void {
  if (lock(cells, shard + LOCK, thread)) unlock(cells, shard + LOCK, thread);
}
