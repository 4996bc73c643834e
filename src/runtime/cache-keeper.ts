/**
 * The cache as the main thread has it: both stores, seen whole. It purges, lists
 * and counts, keeps the disk's index, and switches fetching off and on; answers
 * are stored and served by workers.
 */
import type {
  CacheAdmin,
  MissingUrl,
  PurgeMatches,
  PurgeRequest,
  StoredListing,
  TierStats,
} from "../admin/cache-admin.ts";
import { cacheOff } from "../admin/cache-admin.ts";
import { factsOf } from "../cache/facts.ts";
import { CacheRules } from "../cache/rules.ts";
import type { Config } from "../config/schema.ts";
import { MAIN_THREAD } from "../limits/lock.ts";
import { cells } from "../observe/cells.ts";
import type { Counters } from "../observe/counters.ts";
import { type HeavyHitter, HeavyHitters } from "../observe/heavy-hitters.ts";
import { namedByHosts, namedByPaths } from "../policy/rules/named-by.ts";
import type { DiskReport } from "../store/disk/disk-report.ts";
import type { DiskShared } from "../store/disk/disk-shared.ts";
import type { DiskKeeper } from "../store/disk/keeper.ts";
import { MemoryStore, type Visited } from "../store/memory/store.ts";
import { keyMatcher, spelledAs } from "./cache-keys.ts";
import type { CacheMemory } from "./cache-memory.ts";

/** What was asked for and missing, while nothing may be fetched. */
const MISSING_MAX = 1_000;

/** How long a stop may take for it. */
const KEEPING_MS = 5_000;

export class CacheKeeper implements CacheAdmin {
  readonly isOn: boolean;
  readonly #counters: Counters;
  readonly #offline: Int32Array | undefined;
  readonly #memory: MemoryStore | undefined;
  #missing = new HeavyHitters(MISSING_MAX);
  #disk: DiskKeeper | undefined;
  #diskPath = "";
  /** As the config had it last. */
  #configured = false;
  #rules: CacheRules | undefined;

  constructor(memory: CacheMemory | undefined, seed: number, counters: Counters) {
    this.isOn = memory !== undefined;
    this.#counters = counters;
    this.#offline = memory && new Int32Array(memory.offline);
    this.#memory = memory && new MemoryStore(memory.arena, MAIN_THREAD, seed);
  }

  /** Before the workers start. What keeps the disk from being used is told, and it is gone without. */
  async open({ cache }: Config, report: (message: string) => void): Promise<DiskShared | undefined> {
    if (!this.isOn || cache.disk === undefined) return undefined;
    // Its code is not for those who have none.
    const { DiskKeeper } = await import("../store/disk/keeper.ts");
    const opened = await DiskKeeper.open(cache.disk, report);
    if (!opened.ok) {
      report(`The cache goes without a disk: ${opened.problem}`);
      return undefined;
    }
    this.#disk = opened.keeper;
    this.#diskPath = cache.disk.path;
    return opened.keeper.shared;
  }

  /** A config is in force. */
  obey({ cache }: Config): void {
    if (cache.offline !== this.#configured) this.setOffline(cache.offline);
    this.#rules = new CacheRules(cache.rules, { hosts: namedByHosts, paths: namedByPaths });
    this.#configured = cache.offline;
  }

  get isOffline(): boolean {
    return this.#offline !== undefined && Atomics.load(this.#offline, 0) === 1;
  }

  setOffline(on: boolean): void {
    if (this.#offline === undefined) return;
    if (on && !this.isOffline) this.#missing = new HeavyHitters(MISSING_MAX);
    Atomics.store(this.#offline, 0, on ? 1 : 0);
  }

  missing(): readonly MissingUrl[] {
    return this.#missing.top(MISSING_MAX).map(({ name, count }) => ({ url: name, count }));
  }

  countMissing(urls: readonly HeavyHitter[]): void {
    for (const { name, count, error } of urls) this.#missing.count(name, count, error);
  }

  memory(): TierStats | undefined {
    return this.#memory?.stats();
  }

  disk(): (TierStats & { readonly path: string }) | undefined {
    return this.#disk && { ...this.#disk.stats(), path: this.#diskPath };
  }

  /** What it was writing is nobody's any more. */
  workerEnded(index: number): void {
    this.#disk?.clearDeadWorker(index);
  }

  onDiskReport(report: DiskReport): void {
    this.#disk?.onReport(report);
  }

  async find(url: string): Promise<readonly StoredListing[]> {
    const listings: StoredListing[] = [];
    const spelled = spelledAs(url, this.#rules);
    const isWanted = keyMatcher({ url: spelled });
    for (const _ of this.#memory?.visit((entry) => {
      if (isWanted(entry.key(), "")) listings.push(listingOf(entry));
      return undefined;
    }) ?? []) {
      await Bun.sleep(0);
    }
    const onDisk = (await this.#disk?.find(spelled)) ?? [];
    return [...listings, ...onDisk.map((listing) => ({ ...listing, tier: "disk" as const }))];
  }

  async purge({ matches, soft }: PurgeRequest): Promise<number> {
    const memory = this.#memory;
    if (memory === undefined) return 0;
    const spelled = spelledMatches(matches, this.#rules);
    const isWanted = keyMatcher(spelled);
    memory.bumpSequences();
    const verdict = soft ? "stale" : "remove";
    const steps = memory.visit((entry) => (isWanted(entry.key(), entry.tags()) ? verdict : undefined));
    let purged = 0;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        purged = step.value;
        break;
      }
      await Bun.sleep(0);
    }
    purged += (await this.#disk?.purge(spelled, soft)) ?? 0;
    this.#counters.add(cells.cachePurged, purged);
    return purged;
  }

  /** What the stores know of themselves, for those who read counters. */
  count(): void {
    const counters = this.#counters;
    counters.set(cells.cacheOffline, this.isOffline ? 1 : 0);
    for (const tier of ["memory", "disk"] as const) {
      const stats = tier === "memory" ? this.memory() : this.disk();
      if (stats === undefined) continue;
      counters.set(cells.cacheStored[tier], stats.stored);
      counters.set(cells.cacheEvicted[tier], stats.evictions);
      counters.set(cells.cacheEntries[tier], stats.entries);
      counters.set(cells.cacheBytes[tier], stats.bytes);
      counters.set(cells.cacheCapacityBytes[tier], stats.capacityBytes);
    }
  }

  /** What is in memory goes to the disk, as much of it as there is time for: the next start finds it there. */
  async close(): Promise<void> {
    const disk = this.#disk;
    if (disk === undefined) return;
    if (this.#memory !== undefined) {
      const { keepOnDisk } = await import("./keep-on-disk.ts");
      await keepOnDisk(this.#memory, disk, KEEPING_MS);
    }
    await disk.close();
  }
}

/** For the status port: nothing where there is no cache. */
export function cacheAdmin(keeper: CacheKeeper): CacheAdmin {
  return keeper.isOn ? keeper : cacheOff;
}

function spelledMatches(matches: PurgeMatches, rules: CacheRules | undefined): PurgeMatches {
  if ("url" in matches) return { url: spelledAs(matches.url, rules) };
  if ("prefix" in matches) return { prefix: spelledAs(matches.prefix) };
  return matches;
}

function listingOf(entry: Visited): StoredListing {
  return {
    key: entry.key(),
    tier: "memory",
    facts: factsOf(entry),
    isMarkedStale: entry.isMarkedStale,
    lines: entry.lines(),
    tags: entry.tags(),
    varyNames: entry.varyNames(),
    varyKey: entry.varyKey(),
    peer: entry.peer(),
  };
}
