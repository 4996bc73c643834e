/**
 * What the drafts of a worker have in common: numbers, room, buffers, and the way
 * to the main thread. All of it is bounded.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import { hashKey } from "../../limits/key-hash.ts";
import type { NewEntry } from "../new-entry.ts";
import { BLOCK_BYTES } from "./block-sums.ts";
import { type DiskReport, variantOf, versionOf } from "./disk-report.ts";
import type { DiskCells } from "./disk-shared.ts";
import { DraftRoom } from "./draft-room.ts";
import type { FileCalls } from "./file-calls.ts";
import { HandOver } from "./hand-over.ts";
import { SMALL_BYTES } from "./open-object.ts";
import { draftPath, RANGE_IDS } from "./places.ts";
import type { SlotFinder } from "./slot-finder.ts";

const STAGES_KEPT = 8;

/** Drafts at once in one worker; each may have a stage. */
const DRAFTS_MAX = 64;

export class Drafting {
  readonly root: string;
  readonly thread: number;
  readonly calls: FileCalls;
  readonly handOver: HandOver;
  readonly #cells: DiskCells;
  readonly #tell: (report: DiskReport) => void;
  readonly #stages: Buffer[] = [];
  #underWay = 0;
  #id = 0;
  #idsEnd = 0;

  constructor(
    root: string,
    thread: number,
    calls: FileCalls,
    cells: DiskCells,
    finder: SlotFinder,
    tell: (report: DiskReport) => void,
  ) {
    this.root = root;
    this.thread = thread;
    this.calls = calls;
    this.#cells = cells;
    this.handOver = new HandOver(cells, finder);
    this.#tell = tell;
  }

  get isBusy(): boolean {
    return this.#underWay >= DRAFTS_MAX;
  }

  began(): void {
    this.#underWay++;
  }

  /** Its stage is for others now. */
  over(stage: Buffer | undefined): void {
    this.#underWay--;
    if (stage !== undefined && this.#stages.length < STAGES_KEPT) this.#stages.push(stage);
  }

  stage(): Buffer {
    return this.#stages.pop() ?? Buffer.allocUnsafeSlow(4 * BLOCK_BYTES);
  }

  /** No other object has it, of any thread and at any time. */
  nextId(): number {
    if (this.#id === this.#idsEnd) {
      this.#id = this.#cells.nextRange() * RANGE_IDS;
      this.#idsEnd = this.#id + RANGE_IDS;
    }
    return this.#id++;
  }

  roomFor(bodyAt: number, bodyBytes: number | undefined): DraftRoom {
    return new DraftRoom(this.#cells, this.thread, this.#tell, bodyAt, bodyBytes);
  }

  /** The draft is removed, and then its room is free. */
  async discard(id: number, room: DraftRoom): Promise<void> {
    await this.calls.remove(draftPath(this.root, id, this.thread)).catch(() => undefined);
    room.giveBack();
  }

  failed(code: string): void {
    this.#tell({ disk: "failed", doing: "write", code });
  }

  tellStored(
    entry: Omit<NewEntry, "body">,
    facts: StoredFacts,
    id: number,
    units: number,
    since: number,
  ): void {
    const { key, tags } = entry;
    const { a, b } = hashKey(key, this.#cells.seed);
    const variant = variantOf(entry.varyNames, entry.varyKey);
    const version = versionOf(facts.storedMs, facts.bodyBytes, variant);
    const storedMs = Math.floor(facts.storedMs);
    const isSmall = facts.bodyBytes <= SMALL_BYTES;
    const row = { id, a, b, variant, version, units, storedMs, isSmall, isMarkedStale: false };
    this.#tell({ disk: "stored", ...row, key, tags, thread: this.thread, since });
  }
}
