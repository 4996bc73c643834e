/**
 * Keeps some of the disk free, so that a worker that wants room finds it: objects
 * leave before it is needed. As many as must; their files go a few at a time.
 */
import type { DiskCells } from "./disk-shared.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Removals } from "./removals.ts";

/** Free beyond what is little, when it has been seen to. */
const SPARE = 2;

/** Objects that leave between two turns of the event loop. */
const SLICE = 256;

export class Evictor {
  evictions = 0;
  readonly #cells: DiskCells;
  readonly #table: ObjectTable;
  readonly #removals: Removals;
  #wanted = 0;
  #isScheduled = false;

  constructor(cells: DiskCells, table: ObjectTable, removals: Removals) {
    this.#cells = cells;
    this.#table = table;
    this.#removals = removals;
  }

  /** `units`: for something that is just beginning. */
  makeRoom(units: number): void {
    this.#wanted = Math.min(Math.max(this.#wanted, units), this.#cells.objectMax);
    this.#evictSome();
  }

  /** Only when there is little. */
  watch(): void {
    if (this.#cells.free + this.#removals.units < this.#cells.low) this.#evictSome();
  }

  #evictSome(): void {
    const goal = Math.max(this.#cells.low * SPARE, this.#wanted);
    for (let count = 0; this.#cells.free + this.#removals.units < goal; count++) {
      if (count === SLICE) return this.#goOnLater();
      const leaver = this.#table.evict();
      if (leaver === undefined) break;
      this.evictions++;
      void this.#removals.remove(leaver);
    }
    this.#wanted = 0;
    this.#cells.askAgain();
  }

  #goOnLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#evictSome();
    });
  }
}
