/**
 * What a worker has of the cache: the stores, which all workers share, and the
 * fetches that it has under way itself, which others may join.
 */
import type { CacheRequest } from "../../cache/request.ts";
import { varyKeyOf } from "../../cache/vary.ts";
import { Deadlines } from "../../net/timer.ts";
import type { HeavyHitters } from "../../observe/heavy-hitters.ts";
import type { DiskEntry, DiskTier } from "../../store/disk/tier.ts";
import type { Flights } from "../../store/memory/flights.ts";
import type { Found, MemoryStore } from "../../store/memory/store.ts";
import { MemoryAnswer, type StoredAnswer } from "./stored-answer.ts";

/** Keys of answers that turned out not to be for sharing: nobody waits for theirs for a while. */
const UNSHAREABLE_MAX = 4_096;
const UNSHAREABLE_MS = 10_000;

/** Bytes copied out of the arena for clients that read slowly; beyond, they are fetched for. */
const COPIED_BYTES_MAX = 64 * 1024 * 1024;
const FILLED_BYTES_MAX = 128 * 1024 * 1024;

/** A fetch under way; what there is to do with it is in `fetch.ts`. */
export interface Fetching {
  readonly isOver: boolean;
}

/** Told before a fetch begins: what was fetched before a purge is not stored after it. */
export interface Since {
  readonly memory: number;
  readonly disk: number;
}

/** Among the answers under one key. */
interface Variant {
  readonly varyNames: string;
  readonly varyKey: string;
}

export interface CacheParts {
  readonly memory: MemoryStore;
  readonly disk: DiskTier | undefined;
  readonly flights: Flights;
  /** One cell, of all threads: 1 while nothing may be fetched. */
  readonly offline: Int32Array;
  /** What was asked for and not there, while nothing may be fetched. */
  readonly missing: HeavyHitters;
  /** By the main thread, which has both stores: resolves when no worker serves it any more. */
  readonly purge: (url: string) => Promise<number>;
}

export class AnswerCache {
  readonly memory: MemoryStore;
  readonly disk: DiskTier | undefined;
  readonly flights: Flights;
  readonly missing: HeavyHitters;
  readonly purge: (url: string) => Promise<number>;
  /** By key: under way in this worker, and open for others. */
  readonly fetches = new Map<string, Fetching>();
  /** Of all fetches, those that nobody may join too. */
  readonly deadlines = new Deadlines();
  copiedBytes = 0;
  /** Bytes of answers that are under way here, or still to be read by slow clients. */
  filledBytes = 0;
  /** Fetches that nobody waits for. */
  orphans = 0;
  readonly #offline: Int32Array;
  readonly #unshareable = new Map<string, number>();
  #lines = "";
  readonly #varyKeyFor = (names: string): string => varyKeyOf(names, this.#lines);

  constructor({ memory, disk, flights, offline, missing, purge }: CacheParts) {
    this.memory = memory;
    this.disk = disk;
    this.flights = flights;
    this.missing = missing;
    this.purge = purge;
    this.#offline = offline;
  }

  get isOffline(): boolean {
    return Atomics.load(this.#offline, 0) === 1;
  }

  /** What is fetched may be held until it is whole; else those who wait get it as it comes. */
  get mayFill(): boolean {
    return this.filledBytes < FILLED_BYTES_MAX;
  }

  get mayCopy(): boolean {
    return this.copiedBytes < COPIED_BYTES_MAX;
  }

  /** In memory. The cursor is another's with the next look-up. */
  find(key: string, request: CacheRequest): Found | undefined {
    this.#lines = request.lines;
    return this.memory.find(key, this.#varyKeyFor);
  }

  since(key: string): Since {
    return { memory: this.memory.sequence(key), disk: this.disk?.sequence ?? 0 };
  }

  /** What `find` finds, to be kept for a while. */
  copyOf(key: string, request: CacheRequest): MemoryAnswer | undefined {
    const found = this.find(key, request);
    return found && MemoryAnswer.from(found);
  }

  /** On the disk. */
  async open(key: string, request: CacheRequest): Promise<DiskEntry | undefined> {
    const { lines } = request;
    return this.disk?.open(key, (names) => varyKeyOf(names, lines));
  }

  /** Nobody is given it any more, wherever it is stored. */
  invalidate(key: string): number {
    const count = this.memory.remove(key);
    this.disk?.remove(key);
    return count;
  }

  /** Nobody is given it any more without asking the upstream about it. */
  markStale(key: string): void {
    this.memory.markStale(key);
    this.disk?.markStale(key);
  }

  /** What a 304 has made of a stored answer takes its place. */
  refresh(key: string, stored: StoredAnswer, fresh: StoredAnswer, variant: Variant, since: Since): void {
    const { facts, reason, lines, peer, tags } = fresh;
    const hasSameVariant = variant.varyNames === stored.varyNames && variant.varyKey === stored.varyKey;
    if (stored instanceof MemoryAnswer) {
      const { varyNames, varyKey } = variant;
      this.memory.put(
        { key, facts, varyNames, varyKey, tags, peer, reason, lines, body: [stored.body] },
        since.memory,
      );
    } else if (hasSameVariant) void this.disk?.freshen(stored.entry, facts, lines, since.disk);
    else this.invalidate(key);
  }

  /** It is not worth while to wait for another's answer under this key. */
  isUnshareable(key: string, now: number): boolean {
    const until = this.#unshareable.size === 0 ? undefined : this.#unshareable.get(key);
    return until !== undefined && now < until;
  }

  setUnshareable(key: string, now: number): void {
    if (this.#unshareable.size >= UNSHAREABLE_MAX) this.#unshareable.clear();
    // A piece of a head's text would keep all of it in memory.
    this.#unshareable.set(Buffer.from(key, "latin1").toString("latin1"), now + UNSHAREABLE_MS);
  }

  setShareable(key: string): void {
    if (this.#unshareable.size > 0) this.#unshareable.delete(key);
  }
}
