/**
 * Puts entries into the arena, under the lock of their shard, in the order that
 * `layout.ts` gives: a writer may die at any point of it.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import { lock, unlock } from "../../limits/lock.ts";
import type { NewEntry } from "../new-entry.ts";
import type { Arena } from "./arena.ts";
import { entryUnits, headEnd, rewriteEntry, textBytes, textBytesAt, writeEntry } from "./entry.ts";
import { Cursor } from "./found.ts";
import { recall } from "./ghosts.ts";
import type { WantedKey } from "./key.ts";
import { bucketOf, LOCK, PENDING, SCANS, STORED, sequenceOf, shardOf, WAYS } from "./layout.ts";
import type { Leavers } from "./leavers.ts";
import { Room, type Tuning } from "./room.ts";
import { clear, fill, hashAt, positionIn, stateIn, stateOf, USES, WAS_USED } from "./slots.ts";

export type Putting = "stored" | "too_large" | "busy" | "purged";

/** Answers to one key that differ by what it asks for otherwise; the oldest leaves. */
const VARIANTS_MAX = 8;

export class Writer {
  readonly #arena: Arena;
  readonly #key: WantedKey;
  readonly #leavers: Leavers;
  readonly #room: Room;
  readonly #cursor: Cursor;

  constructor(arena: Arena, key: WantedKey, leavers: Leavers, tuning?: Tuning) {
    this.#arena = arena;
    this.#key = key;
    this.#leavers = leavers;
    this.#room = new Room(arena, (shard, slot, position) => leavers.take(shard, slot, position), tuning);
    this.#cursor = new Cursor(arena);
  }

  /** `since`: of `sequence`, from before the answer was fetched. */
  put(entry: NewEntry, since: number): Putting {
    const { facts, body } = entry;
    let bodyBytes = 0;
    for (const piece of body) bodyBytes += piece.length;
    if (bodyBytes !== facts.bodyBytes) {
      throw new Error(
        `Cannot store an answer: it has ${bodyBytes} bytes, and its facts say ${facts.bodyBytes}`,
      );
    }
    if (!this.#key.set(entry.key)) return "too_large";
    const headBytes = entry.lines.length + headEnd(facts.status, bodyBytes).length;
    const units = entryUnits(textBytes(entry), headBytes, bodyBytes);
    if (units > this.#arena.layout.entryUnitsMax) return "too_large";

    const shard = shardOf(this.#arena.layout, this.#key.hash);
    if (!lock(this.#arena.cells, shard + LOCK, this.#arena.thread)) return "busy";
    let isStored = false;
    try {
      isStored = this.#put(shard, this.#key.hash, units, entry, since);
    } finally {
      unlock(this.#arena.cells, shard + LOCK, this.#arena.thread);
    }
    this.#leavers.handOut();
    return isStored ? "stored" : "purged";
  }

  /** False when it is gone by now, or the lock can't be had. `since`: of `sequence`, from before it was validated. */
  freshen(found: Cursor, facts: StoredFacts, lines: string, since: number | undefined): boolean {
    const { shard } = found;
    if (found.isGone || !lock(this.#arena.cells, shard + LOCK, this.#arena.thread)) return false;
    let isStored = false;
    try {
      const now = sequenceNow(this.#arena, found.hash);
      isStored = (since === undefined || since === now) && this.#freshen(shard, found, facts, lines, now);
    } finally {
      unlock(this.#arena.cells, shard + LOCK, this.#arena.thread);
    }
    this.#leavers.handOut();
    return isStored;
  }

  #put(shard: number, hash: number, units: number, entry: NewEntry, since: number): boolean {
    const arena = this.#arena;
    if (sequenceNow(arena, hash) !== since) return false;
    const bucket = bucketOf(arena.layout, hash);
    let slot = this.#variantSlot(shard, bucket, hash, entry);
    const older = slot < 0 ? 0 : stateIn(arena, slot);
    const isBack = slot < 0 && recall(arena, shard, hash);
    const isInMain = slot >= 0 && positionIn(arena, slot) < 0;
    const isWanted = isBack || isInMain || this.#room.hasEarnedMain(older);
    const ring = isWanted || !this.#room.fitsSmall(units) ? arena.main : arena.small;

    const position = this.#room.make(shard, ring, units);
    writeEntry(arena, arena.cellOf(shard, position), units, hash, entry);
    arena.moveHead(shard, ring, units);

    // What made room may have let the older one go.
    if (slot < 0 || hashAt(arena, slot) !== hash) slot = this.#room.pickSlot(shard, bucket);
    const marks = (older & (USES | WAS_USED)) | (isWanted ? WAS_USED : 0);
    const isStored = this.#publish(shard, slot, hash, position, stateOf(units, marks), since);
    if (isStored) arena.doubles[(shard + STORED) / 2]! += 1;
    return isStored;
  }

  #freshen(shard: number, found: Cursor, facts: StoredFacts, lines: string, since: number): boolean {
    const arena = this.#arena;
    const { slot, hash } = found;
    if (hashAt(arena, slot) !== hash || positionIn(arena, slot) !== found.position) return false;
    const cell = arena.cellOf(shard, found.position);
    const headBytes = lines.length + headEnd(facts.status, found.bodyBytes).length;
    const units = entryUnits(textBytesAt(arena.cells, cell), headBytes, found.bodyBytes);
    if (units > arena.layout.entryUnitsMax) return false;

    // Who asks for it again has earned it the main ring.
    const position = this.#room.make(shard, arena.main, units);
    const older = positionIn(arena, slot);
    if (hashAt(arena, slot) !== hash || !arena.isLive(shard, older)) return false;
    rewriteEntry(arena, arena.cellOf(shard, position), units, arena.cellOf(shard, older), facts, lines);
    arena.moveHead(shard, arena.main, units);
    const marks = (stateIn(arena, slot) & USES) | WAS_USED;
    return this.#publish(shard, slot, hash, position, stateOf(units, marks), since);
  }

  /** False when a purge came in between: it may have looked at the slot before it was filled. */
  #publish(
    shard: number,
    slot: number,
    hash: number,
    position: number,
    state: number,
    since: number,
  ): boolean {
    const arena = this.#arena;
    Atomics.store(arena.cells, shard + PENDING, slot - shard + 1);
    fill(arena, slot, hash, position, state);
    const isPurged = sequenceNow(arena, hash) !== since;
    if (isPurged) clear(arena, slot, hash);
    Atomics.store(arena.cells, shard + PENDING, 0);
    return !isPurged;
  }

  /** Of the entry that the new one replaces: the same variant, or the oldest when there are too many. -1: there is none. */
  #variantSlot(shard: number, bucket: number, hash: number, entry: NewEntry): number {
    const arena = this.#arena;
    const cursor = this.#cursor;
    let variants = 0;
    let oldest = -1;
    let oldestMs = Infinity;
    for (let slot = bucket; slot < bucket + WAYS; slot++) {
      if (hashAt(arena, slot) !== hash) continue;
      const position = positionIn(arena, slot);
      if (!arena.isLive(shard, position)) continue;
      if (!this.#key.isOf(arena.cells, arena.cellOf(shard, position))) continue;
      if (!cursor.load(shard, slot, position)) continue;
      if (cursor.varyNames() === entry.varyNames && cursor.varyKey() === entry.varyKey) return slot;
      variants++;
      if (cursor.storedMs >= oldestMs) continue;
      oldest = slot;
      oldestMs = cursor.storedMs;
    }
    return variants < VARIANTS_MAX ? -1 : oldest;
  }
}

/** Changes with every purge that could concern a key with this hash. */
export function sequenceNow({ cells, layout }: Arena, hash: number): number {
  return (Atomics.load(cells, SCANS) + Atomics.load(cells, sequenceOf(layout, hash))) | 0;
}
