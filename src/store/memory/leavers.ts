/**
 * Copies of what has left the main ring after it was used, for a tier below.
 * They are made under the shard's lock, while the entries still stand there, and
 * handed out when it is open again. Bounded: what is beyond is lost.
 */

import { factsOf } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import type { Arena } from "./arena.ts";
import { Cursor } from "./found.ts";

/** Of bodies, for each change that made room. */
const PENDING_BYTES_MAX = 2 ** 20;

export type OnEvict = (entry: NewEntry) => void;

export class Leavers {
  onEvict: OnEvict | undefined;
  readonly #cursor: Cursor;
  #pending: NewEntry[] = [];
  #pendingBytes = 0;

  constructor(arena: Arena) {
    this.#cursor = new Cursor(arena);
  }

  /** What was marked stale is not worth keeping below. */
  take(shard: number, slot: number, position: number): void {
    if (this.onEvict === undefined) return;
    const cursor = this.#cursor;
    if (!cursor.load(shard, slot, position) || cursor.isMarkedStale) return;
    this.#pendingBytes += cursor.bodyBytes;
    if (this.#pendingBytes <= PENDING_BYTES_MAX) this.#pending.push(copyOf(cursor));
  }

  /** Outside the lock. */
  handOut(): void {
    if (this.#pendingBytes === 0 && this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const entry of pending) this.onEvict?.(entry);
  }
}

function copyOf(cursor: Cursor): NewEntry {
  const body = new Uint8Array(cursor.bodyBytes);
  cursor.copy(body, 0, cursor.headBytes, cursor.headBytes + cursor.bodyBytes);
  return {
    key: cursor.key(),
    facts: factsOf(cursor),
    varyNames: cursor.varyNames(),
    varyKey: cursor.varyKey(),
    tags: cursor.tags(),
    peer: cursor.peer(),
    reason: cursor.reason(),
    lines: cursor.lines(),
    body: [body],
  };
}
