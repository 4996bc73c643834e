/**
 * An entry as a reader sees it: its numbers copied, its text and body read when
 * asked for. Everything that is read is looked at again afterwards: was it
 * overwritten meanwhile? Then it was nothing.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { Arena } from "./arena.ts";
import {
  HASH,
  HEAD_BYTES,
  KEY_BYTES,
  keyRoom,
  LINES_BYTES,
  type MutableFacts,
  PEER_BYTES,
  REASON_BYTES,
  readFacts,
  TAGS_BYTES,
  TEXT,
  VARY_KEY_BYTES,
  VARY_NAMES_BYTES,
} from "./entry.ts";
import { UNIT_BYTES } from "./layout.ts";
import { positionIn, STALE, stateIn, unitsOf } from "./slots.ts";

/** Good until the store is asked again. Text is "" when it is gone. */
export interface Found extends StoredFacts {
  readonly isMarkedStale: boolean;
  /** It was overwritten, and that was noticed. */
  readonly isGone: boolean;
  /** Bytes of `lines`, and `Content-Length: N\r\n\r\n` (of a 204 the empty line alone); the body follows in one piece. */
  readonly headBytes: number;
  lines(): string;
  peer(): string;
  reason(): string;
  tags(): string;
  varyNames(): string;
  varyKey(): string;
  /** Copies `[head][body]` from `from` up to `to` to `at` of the target. False when it is gone: the target holds nothing of use then. */
  copy(target: Uint8Array, at: number, from: number, to: number): boolean;
}

/** Of a listing. */
export interface Visited extends Found {
  key(): string;
  /** Bytes of the arena that it takes. */
  readonly entryBytes: number;
}

export class Cursor implements Visited, MutableFacts {
  status = 0;
  flags = 0;
  storedMs = 0;
  initialAgeMs = 0;
  lifetimeMs = 0;
  staleWhileRevalidateMs = 0;
  staleIfErrorMs = 0;
  lastModifiedMs = 0;
  bodyBytes = 0;
  rangeFirst = 0;
  wholeBytes = 0;
  isMarkedStale = false;
  isGone = true;
  headBytes = 0;
  /** Where it was found. */
  slot = 0;
  hash = 0;
  position = 0;
  state = 0;
  #shard = 0;
  #keyBytes = 0;
  #varyNamesBytes = 0;
  #varyKeyBytes = 0;
  #tagsBytes = 0;
  #peerBytes = 0;
  #reasonBytes = 0;
  #linesBytes = 0;
  /** Of the first text, the key. */
  #textAt = 0;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** False when the slot points elsewhere, or at nothing, by now. */
  load(shard: number, slot: number, position: number): boolean {
    const arena = this.#arena;
    const { cells } = arena;
    const cell = arena.cellOf(shard, position);
    this.#shard = shard;
    this.slot = slot;
    this.position = position;
    this.hash = cells[cell + HASH]!;
    this.state = stateIn(arena, slot);
    this.isMarkedStale = (this.state & STALE) !== 0;
    readFacts(arena, cell, this);
    this.#keyBytes = cells[cell + KEY_BYTES]!;
    this.#varyNamesBytes = cells[cell + VARY_NAMES_BYTES]!;
    this.#varyKeyBytes = cells[cell + VARY_KEY_BYTES]!;
    this.#tagsBytes = cells[cell + TAGS_BYTES]!;
    this.#peerBytes = cells[cell + PEER_BYTES]!;
    this.#reasonBytes = cells[cell + REASON_BYTES]!;
    this.#linesBytes = cells[cell + LINES_BYTES]!;
    this.headBytes = cells[cell + HEAD_BYTES]!;
    this.#textAt = (cell + TEXT) * 4;
    // The state is another entry's if the slot was filled anew.
    this.isGone = positionIn(arena, slot) !== position;
    return !this.isGone && this.#isStillThere();
  }

  get entryBytes(): number {
    return unitsOf(this.state) * UNIT_BYTES;
  }

  get hasVary(): boolean {
    return this.#varyNamesBytes > 0;
  }

  get shard(): number {
    return this.#shard;
  }

  key(): string {
    return this.#text(this.#textAt, this.#keyBytes);
  }

  varyNames(): string {
    return this.#text(this.#varyNamesAt, this.#varyNamesBytes);
  }

  varyKey(): string {
    return this.#text(this.#varyNamesAt + this.#varyNamesBytes, this.#varyKeyBytes);
  }

  tags(): string {
    return this.#text(this.#tagsAt, this.#tagsBytes);
  }

  peer(): string {
    return this.#text(this.#tagsAt + this.#tagsBytes, this.#peerBytes);
  }

  reason(): string {
    return this.#text(this.#headAt - this.#reasonBytes, this.#reasonBytes);
  }

  lines(): string {
    return this.#text(this.#headAt, this.#linesBytes);
  }

  copy(target: Uint8Array, at: number, from: number, to: number): boolean {
    if (this.isGone) return false;
    const head = this.#headAt;
    const end = head + Math.min(to, this.headBytes + this.bodyBytes);
    this.#arena.bytes.copy(target, at, head + from, end);
    return this.#isStillThere();
  }

  get #varyNamesAt(): number {
    return this.#textAt + keyRoom(this.#keyBytes);
  }

  get #tagsAt(): number {
    return this.#varyNamesAt + this.#varyNamesBytes + this.#varyKeyBytes;
  }

  get #headAt(): number {
    return this.#tagsAt + this.#tagsBytes + this.#peerBytes + this.#reasonBytes;
  }

  #text(at: number, length: number): string {
    if (this.isGone || length === 0) return "";
    const text = this.#arena.bytes.latin1Slice(at, at + length);
    return this.#isStillThere() ? text : "";
  }

  #isStillThere(): boolean {
    const arena = this.#arena;
    arena.settle();
    if (!arena.isLive(this.#shard, this.position)) this.isGone = true;
    return !this.isGone;
  }
}
