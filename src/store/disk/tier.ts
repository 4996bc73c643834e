/**
 * The disk as a worker has it. Whether something may be there is known from shared
 * memory at once; files are opened, read and written here, without waiting for
 * them; what is stored where is the main thread's (`keeper.ts`), which is told.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import { type DiskEntry, OpenEntry } from "./disk-entry.ts";
import { type DiskReport, variantOf, versionOf } from "./disk-report.ts";
import { DiskCells, type DiskShared } from "./disk-shared.ts";
import { type DiskWriter, DraftWriter } from "./disk-writer.ts";
import { Drafting } from "./drafting.ts";
import { codeOf, type FileCalls, fileCalls } from "./file-calls.ts";
import { encodeHead } from "./object-head.ts";
import { openObject } from "./open-object.ts";
import { objectPath } from "./places.ts";
import { type Candidate, SlotFinder } from "./slot-finder.ts";
import { anyone } from "./slot-layout.ts";
import { SpillQueue } from "./spill-queue.ts";
import { VerifiedFiles } from "./verified-files.ts";

export type { DiskEntry } from "./disk-entry.ts";
export type { DiskReport } from "./disk-report.ts";
export type { DiskShared } from "./disk-shared.ts";
export type { DiskWriter } from "./disk-writer.ts";

/** As that of the store in memory. */
const KEY_CHARACTERS_MAX = 16 * 1024;

/** What was replaced while it was looked at is looked for again. */
const ROUNDS = 2;

export class DiskTier {
  readonly #root: string;
  readonly #tell: (report: DiskReport) => void;
  readonly #calls: FileCalls;
  readonly #cells: DiskCells;
  readonly #finder: SlotFinder;
  readonly #drafting: Drafting;
  readonly #spills: SpillQueue;
  readonly #verified = new VerifiedFiles();

  /** `thread`: 0 to 255, of no other that lives. */
  constructor(
    shared: DiskShared,
    thread: number,
    tell: (report: DiskReport) => void,
    calls: FileCalls = fileCalls,
  ) {
    this.#root = shared.path;
    this.#tell = tell;
    this.#calls = calls;
    this.#cells = new DiskCells(shared.index);
    this.#finder = new SlotFinder(this.#cells.cells, this.#cells.seed);
    this.#drafting = new Drafting(shared.path, thread, calls, this.#cells, this.#finder, tell);
    this.#spills = new SpillQueue(this);
  }

  /** Taken before something is fetched: what is purged after that is not stored. */
  get sequence(): number {
    return this.#cells.sequence;
  }

  /** False: it is not there. */
  mayHave(key: string): boolean {
    return this.#finder.has(key);
  }

  /**
   * Of what is stored under the key and selected by the request, the newest: with no
   * Vary, or with the variant that `varyKeyFor` gives for its names. Never rejects.
   */
  async open(key: string, varyKeyFor: (varyNames: string) => string): Promise<DiskEntry | undefined> {
    for (let round = 0; round < ROUNDS; round++) {
      const { entry, isCertain } = await this.#look(key, varyKeyFor);
      if (entry !== undefined || isCertain) return entry;
    }
    return undefined;
  }

  /**
   * Undefined: it is too large, or too much is being written, or the disk does not
   * work. `bodyBytes`: undefined until it is known.
   */
  begin(
    entry: Omit<NewEntry, "body">,
    bodyBytes: number | undefined,
    since: number = this.sequence,
  ): DiskWriter | undefined {
    if (this.#cells.pauses !== 0 || this.#drafting.isBusy || entry.key.length > KEY_CHARACTERS_MAX)
      return undefined;
    const writer = new DraftWriter(this.#drafting, entry, bodyBytes, since);
    return writer.begin() ? writer : undefined;
  }

  /** What leaves memory. True: it is on the disk, or was. False: there are too many, or it can't be stored. */
  spill(entry: NewEntry, since: number = this.sequence): Promise<boolean> {
    const { storedMs, bodyBytes } = entry.facts;
    const version = versionOf(storedMs, bodyBytes, variantOf(entry.varyNames, entry.varyKey));
    if (this.#finder.find(entry.key).some((known) => known.version === version)) return Promise.resolve(true);
    return this.#spills.add(entry, since);
  }

  /**
   * Other facts and lines, the body as it is. False: they have not enough room, or
   * the disk does not take them; then it is as it was.
   */
  async freshen(
    entry: DiskEntry,
    facts: StoredFacts,
    lines: string,
    since: number = this.sequence,
  ): Promise<boolean> {
    const { id, key, head } = entry;
    const { bodyBytes, wholeBytes } = head.facts;
    const fresh = { ...facts, bodyBytes, wholeBytes };
    const bytes = encodeHead({ ...head, facts: fresh, lines }, true);
    if (bytes === undefined || this.#cells.pauses !== 0) return false;
    try {
      const file = await this.#calls.open(objectPath(this.#root, id), "change");
      try {
        await this.#calls.write(file, bytes, head.roomBytes);
      } finally {
        await this.#calls.close(file);
      }
    } catch (error) {
      if (codeOf(error) !== "ENOENT") this.#tell({ disk: "failed", doing: "write", code: codeOf(error) });
      return false;
    }
    const version = versionOf(fresh.storedMs, bodyBytes, variantOf(head.varyNames, head.varyKey));
    this.#tell({ disk: "freshened", id, key, version, storedMs: Math.floor(fresh.storedMs), since });
    return true;
  }

  /** All under the key; for all workers at once. Returns how many there were. */
  markStale(key: string): number {
    return this.#invalidate(key, true);
  }

  remove(key: string): number {
    return this.#invalidate(key, false);
  }

  #invalidate(key: string, soft: boolean): number {
    const sequence = this.#cells.advanceSequence();
    const count = this.#finder.mark(key, soft ? anyone.stale : anyone.gone);
    this.#tell({ disk: "invalidated", key, soft, sequence });
    return count;
  }

  async #look(
    key: string,
    varyKeyFor: (varyNames: string) => string,
  ): Promise<{ entry: DiskEntry | undefined; isCertain: boolean }> {
    let [newest, cell, isCertain] = [undefined as DiskEntry | undefined, 0, true];
    for (const candidate of this.#finder.find(key)) {
      const entry = await this.#open(key, candidate);
      if (entry === undefined) isCertain = false;
      if (entry === undefined || entry === "another") continue;
      const isSelected = entry.varyNames === "" || varyKeyFor(entry.varyNames) === entry.varyKey;
      const isNewer = newest === undefined || entry.facts.storedMs > newest.facts.storedMs;
      if (!isSelected || !isNewer) {
        entry.close();
        continue;
      }
      newest?.close();
      newest = entry;
      cell = candidate.cell;
    }
    if (newest !== undefined) this.#finder.markUsed(cell);
    return { entry: newest, isCertain };
  }

  /** Undefined: it is not there any more, or can't be read. `another`: of a key with the same hash. */
  async #open(
    key: string,
    { id, isSmall, isMarkedStale }: Candidate,
  ): Promise<DiskEntry | "another" | undefined> {
    const opening = await openObject(this.#calls, objectPath(this.#root, id), isSmall, this.#verified);
    switch (opening.result) {
      case "opened": {
        const { head, body } = opening;
        const entry = new OpenEntry(head, isMarkedStale, body, (why) => this.#tellBroken(key, id, why));
        if (head.id === id && head.key === key) return entry;
        entry.close();
        if (head.id === id) return "another";
        this.#tellBroken(key, id, "it is another's file");
        return undefined;
      }
      case "broken":
        this.#tellBroken(key, id, opening.why);
        return undefined;
      case "missing":
        if (this.#finder.holds(key, id)) this.#tellBroken(key, id, "its file is missing");
        return undefined;
      case "failed":
        this.#tell({ disk: "failed", doing: opening.doing, code: opening.code });
        return undefined;
    }
  }

  #tellBroken(key: string, id: number, why: string): void {
    this.#tell({ disk: "broken", id, key, why });
  }
}
