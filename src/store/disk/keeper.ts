/**
 * The disk as the main thread has it: it owns the index and the table, gives finished
 * drafts their names, evicts, purges and tidies up. Bodies never pass it. What it
 * does in bulk it does in slices.
 */
import { hashKey } from "../../limits/key-hash.ts";
import type { DiskListing } from "./disk-listing.ts";
import { listObjects } from "./disk-listing.ts";
import type { DiskReport } from "./disk-report.ts";
import { DiskCells, type DiskShared, diskBuffer, pause } from "./disk-shared.ts";
import { type DiskStats, StatsReader } from "./disk-stats.ts";
import { Evictor } from "./evictor.ts";
import { codeOf, type FileCalls, fileCalls } from "./file-calls.ts";
import { type IndexChange, IndexDb, isCorrupt } from "./index-db.ts";
import { IndexQueue } from "./index-queue.ts";
import { Intake } from "./intake.ts";
import type { KeeperParts } from "./keeper-parts.ts";
import { ObjectTable } from "./object-table.ts";
import { openDisk } from "./open-disk.ts";
import type { PathLock } from "./path-lock.ts";
import { RANGE_IDS, rangeOfNow } from "./places.ts";
import { PurgeLog } from "./purge-log.ts";
import type { PurgeMatches } from "./purge-matches.ts";
import { Purger } from "./purger.ts";
import { Removals } from "./removals.ts";
import { StartUp } from "./start-up.ts";
import { Trouble } from "./trouble.ts";

export type { DiskListing } from "./disk-listing.ts";

export interface DiskSettings {
  readonly path: string;
  /** Bytes of all files together, the index among them. */
  readonly size: number;
}

export type DiskOpening =
  | { readonly ok: true; readonly keeper: DiskKeeper }
  | { readonly ok: false; readonly problem: string };

/** How often what was used is written down, for a start after kill -9. */
const USED_EACH_MS = 5 * 60_000;

export class DiskKeeper {
  readonly shared: DiskShared;
  /** When all that the index knows can be found, and drafts of the last time are gone. */
  readonly loaded: Promise<void>;
  /** When files that no row knows are gone, too. */
  tidied: Promise<void>;
  readonly #calls: FileCalls;
  readonly #lock: PathLock;
  readonly #cells: DiskCells;
  readonly #table: ObjectTable;
  readonly #trouble: Trouble;
  readonly #removals: Removals;
  readonly #queue: IndexQueue;
  readonly #intake: Intake;
  readonly #evictor: Evictor;
  readonly #purger: Purger;
  readonly #startUp: StartUp;
  readonly #stats: StatsReader;
  readonly #settings: DiskSettings;
  readonly #timer: ReturnType<typeof setInterval>;
  /** No number from here on was given to anything before this start. */
  readonly #firstOfNow: number;
  #index: IndexDb;
  #indexUnits = 0;
  #isClosed = false;

  private constructor(
    settings: DiskSettings,
    lock: PathLock,
    index: IndexDb,
    report: (message: string) => void,
    calls: FileCalls,
  ) {
    const { path, size } = settings;
    const firstRange = Math.max(Math.floor(index.lastId / RANGE_IDS) + 1, rangeOfNow(Date.now()));
    this.shared = { path, index: diskBuffer(size, index.seed, firstRange) };
    this.#settings = settings;
    this.#calls = calls;
    this.#lock = lock;
    this.#index = index;
    this.#firstOfNow = firstRange * RANGE_IDS;
    const cells = new DiskCells(this.shared.index);
    this.#cells = cells;
    this.#table = new ObjectTable(cells);
    this.#trouble = new Trouble(cells, report);
    this.#queue = new IndexQueue(index, {
      onWritten: (changes) => this.#onWritten(changes),
      onRefused: (changes, error) => this.#onRefused(changes, error),
      onCorrupt: (error) => this.#startOver(error),
    });
    this.#removals = new Removals(
      path,
      calls,
      cells,
      (id) => this.#queue.add({ do: "delete", id }),
      (code) => this.#trouble.failed("remove", code),
    );
    this.#evictor = new Evictor(cells, this.#table, this.#removals);
    const parts: KeeperParts = {
      root: path,
      calls,
      cells,
      table: this.#table,
      queue: this.#queue,
      removals: this.#removals,
      purges: new PurgeLog(),
      trouble: this.#trouble,
    };
    this.#purger = new Purger(parts);
    this.#intake = new Intake(parts);
    this.#startUp = new StartUp(parts);
    this.#stats = new StatsReader({ ...parts, evictor: this.#evictor, intake: this.#intake });
    this.#countIndex();
    cells.setPause(pause.loading, true);
    this.loaded = this.#load();
    // An index without rows: what lies there is not known, and counts as if the disk were full.
    const isKnown = index.lastId >= 0;
    this.tidied = this.loaded.then(() => this.#tidy(isKnown ? 0 : cells.takeAll()));
    this.#timer = setInterval(() => this.#rememberUsed(), USED_EACH_MS);
    this.#timer.unref();
  }

  /** `problem`: the proxy then runs without. `calls`: for tests. */
  static async open(
    settings: DiskSettings,
    report: (message: string) => void,
    calls: FileCalls = fileCalls,
  ): Promise<DiskOpening> {
    const opened = await openDisk(settings.path, settings.size, report);
    if (!opened.ok) return opened;
    const { lock, index } = opened;
    return { ok: true, keeper: new DiskKeeper(settings, lock, index, report, calls) };
  }

  /** From a worker. */
  onReport(report: DiskReport): void {
    if (this.#isClosed) return;
    switch (report.disk) {
      case "stored":
        this.#intake.take(report);
        this.#evictor.watch();
        return;
      case "freshened":
        return this.#purger.freshen(report);
      case "invalidated":
        return this.#purger.invalidate(report);
      case "broken":
        return this.#removeBroken(report.key, report.id, report.why);
      case "room":
        return this.#evictor.makeRoom(report.units);
      case "failed":
        this.#trouble.failed(report.doing, report.code);
    }
  }

  /** How many there were. Resolves when no worker finds them any more, and no start will. */
  async purge(matches: PurgeMatches, soft: boolean): Promise<number> {
    this.#purger.announce(matches, soft);
    await this.loaded;
    return this.#reading(() => this.#purger.purge(() => this.#index, matches, soft), 0);
  }

  /** All that is stored under a URL, or under a name as keys have it. */
  async find(url: string): Promise<readonly DiskListing[]> {
    await this.loaded;
    await this.#queue.settled();
    return this.#reading(() => listObjects(this.#calls, this.shared.path, this.#index, this.#table, url), []);
  }

  stats(): DiskStats {
    return this.#stats.read();
  }

  /** A worker has died, all of its reports have come, and the next of its number has not begun. */
  clearDeadWorker(thread: number): void {
    const end = this.#cells.rangesEnd * RANGE_IDS;
    // What it wrote is still there until its drafts are removed.
    const units = this.#cells.takeOverDrafts(thread);
    void this.#startUp
      .removeDrafts((id, whose) => whose === thread && id < end && !this.#intake.has(id))
      .then(() => this.#cells.giveBack(units));
  }

  /** The workers are gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.loaded;
    await this.#intake.idle();
    this.#isClosed = true;
    await this.tidied;
    await this.#removals.close();
    this.#rememberUsed();
    this.#queue.close();
    this.#letGo();
  }

  async #load(): Promise<void> {
    try {
      await this.#startUp.removeDrafts((id) => id < this.#firstOfNow);
      await this.#startUp.loadIndex(this.#index);
    } catch (error) {
      if (isCorrupt(error)) this.#startOver(error);
      else this.#giveUp(error);
    }
    this.#evictor.watch();
    if (!this.#isClosed) this.#cells.setPause(pause.loading, false);
  }

  /** `counted`: see `StartUp.removeStrays`. */
  async #tidy(counted: number): Promise<void> {
    const [index, isOver] = [() => this.#index, () => this.#isClosed];
    await this.#reading(() => this.#startUp.removeStrays(index, counted, isOver), undefined);
  }

  #removeBroken(key: string, id: number, why: string): void {
    const leaver = this.#table.remove({ id, ...hashKey(key, this.#cells.seed) });
    if (leaver === undefined) return;
    this.#trouble.tell(why, `The cache's copy of ${key} is dropped: ${why}`);
    void this.#removals.remove(leaver);
  }

  #onWritten(changes: readonly IndexChange[]): void {
    this.#countIndex();
    this.#intake.onIndexed(changes);
  }

  #onRefused(changes: readonly IndexChange[], error: unknown): void {
    this.#trouble.failed("index", codeOf(error));
    this.#intake.onRefused(changes);
  }

  /** The index is no index any more: as if nothing were stored. */
  #startOver(error: unknown): void {
    this.#trouble.tell("anew", `The cache on disk begins anew: its index can't be read (${codeOf(error)})`);
    const counted = this.#table.units;
    this.#table.empty();
    this.#intake.dropAll();
    this.#index.close();
    try {
      IndexDb.setAside(this.shared.path);
      this.#index = IndexDb.open(this.shared.path, this.#settings.size);
    } catch (again) {
      return this.#giveUp(again);
    }
    this.#queue.replace(this.#index);
    this.tidied = this.tidied.then(() => this.#tidy(counted));
  }

  /** Not even a new index: nothing is stored, and nothing found, until the next start. */
  #giveUp(error: unknown): void {
    this.#table.empty();
    this.#cells.setPause(pause.loading, true);
    this.#trouble.tell("given up", `The cache goes on without its disk: ${codeOf(error)}`);
    this.#letGo();
  }

  #letGo(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#trouble.close();
    this.#index.close();
    this.#lock.release();
  }

  /** What asks the index may find that it is none. */
  async #reading<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
    if (this.#isClosed) return otherwise;
    try {
      return await read();
    } catch (error) {
      if (isCorrupt(error)) this.#startOver(error);
      else this.#trouble.failed("index", codeOf(error));
      return otherwise;
    }
  }

  #rememberUsed(): void {
    try {
      this.#index.used = this.#table.usedIds();
    } catch (error) {
      this.#trouble.failed("index", codeOf(error));
    }
  }

  /** The index takes room itself. */
  #countIndex(): void {
    const { units } = this.#index;
    this.#cells.add(units - this.#indexUnits);
    this.#indexUnits = units;
  }
}
