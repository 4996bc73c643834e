/**
 * The room of one draft. It is taken before it is used, in steps, so that one whose
 * length is not known does not take much for nothing; for the rest of a known length
 * the main thread makes room meanwhile. When there is none, it waits a little.
 */
import { tableBytes } from "./block-sums.ts";
import type { DiskReport } from "./disk-report.ts";
import type { DiskCells } from "./disk-shared.ts";
import { UNIT_BYTES, unitsOf } from "./places.ts";

/** Units, with a length that is known and without. */
const STEP = (16 * 1024 * 1024) / UNIT_BYTES;
const BLIND_STEP = (1024 * 1024) / UNIT_BYTES;

/** As long as whoever sends the body can wait. */
const PATIENCE_MS = 250;
const NAP_MS = 5;

export class DraftRoom {
  #units = 0;
  readonly #cells: DiskCells;
  readonly #thread: number;
  readonly #tell: (report: DiskReport) => void;
  readonly #bodyAt: number;
  readonly #bodyBytes: number | undefined;
  /** Units that it may come to. */
  readonly #most: number;

  constructor(
    cells: DiskCells,
    thread: number,
    tell: (report: DiskReport) => void,
    bodyAt: number,
    bodyBytes: number | undefined,
  ) {
    this.#cells = cells;
    this.#thread = thread;
    this.#tell = tell;
    this.#bodyAt = bodyAt;
    this.#bodyBytes = bodyBytes;
    this.#most = bodyBytes === undefined ? cells.objectMax : unitsOf(bodyAt + bodyBytes);
  }

  /** False: there will never be enough. */
  begin(): boolean {
    if (this.#most > this.#cells.objectMax) return false;
    this.#take(this.#needed(0));
    return true;
  }

  /** For a body up to `bytes`, and what comes with it. False: there is none, or it is too much. */
  async have(bytes: number): Promise<boolean> {
    const needed = this.#needed(bytes);
    if (needed > this.#most) return false;
    const endMs = performance.now() + PATIENCE_MS;
    while (!this.#take(needed)) {
      if (performance.now() >= endMs) return false;
      await Bun.sleep(NAP_MS);
    }
    return true;
  }

  /** No more than it needs is kept; that is for the main thread from now on. */
  handOver(units: number): void {
    this.#cells.giveBackOfDraft(this.#units - units, this.#thread);
    this.#units = 0;
  }

  /** Nothing of it is used any more. */
  giveBack(): void {
    this.handOver(0);
  }

  #needed(bytes: number): number {
    const sums = this.#bodyBytes === undefined ? tableBytes(bytes) : 0;
    return unitsOf(this.#bodyAt + bytes + sums);
  }

  #take(needed: number): boolean {
    if (needed <= this.#units) return true;
    const cells = this.#cells;
    const step = this.#bodyBytes === undefined ? BLIND_STEP : STEP;
    const wanted = Math.min(Math.max(needed, this.#units + Math.min(step, cells.low)), this.#most);
    const units = [wanted, needed].find((more) => cells.takeForDraft(more - this.#units, this.#thread));
    if (units !== undefined) this.#units = units;
    const left = (this.#bodyBytes === undefined ? wanted : this.#most) - this.#units;
    if (cells.free < Math.max(cells.low, left) && cells.askOnce()) this.#tell({ disk: "room", units: left });
    return units !== undefined;
  }
}
