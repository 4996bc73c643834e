/**
 * Objects that a worker has handed over to the main thread, until they can be found
 * or were dropped. One wait for all of them: when the bell rings, each is looked for.
 *
 * It does not keep a thread alive; listeners do.
 */
import type { DiskCells } from "./disk-shared.ts";
import type { SlotFinder } from "./slot-finder.ts";

/** The main thread takes a few milliseconds, as a rule. */
const PATIENCE_MS = 3_000;

interface Waiting {
  readonly key: string;
  readonly endMs: number;
  readonly done: (isFound: boolean) => void;
}

export class HandOver {
  readonly #cells: DiskCells;
  readonly #finder: SlotFinder;
  /** By number. */
  readonly #waiting = new Map<number, Waiting>();
  #isListening = false;

  constructor(cells: DiskCells, finder: SlotFinder) {
    this.#cells = cells;
    this.#finder = finder;
  }

  /** True as soon as every worker finds it. */
  wait(key: string, id: number): Promise<boolean> {
    return new Promise((done) => {
      this.#waiting.set(id, { key, endMs: performance.now() + PATIENCE_MS, done });
      if (!this.#isListening) void this.#listen();
    });
  }

  async #listen(): Promise<void> {
    this.#isListening = true;
    for (;;) {
      const rung = this.#cells.rung;
      this.#look();
      if (this.#waiting.size === 0) break;
      await this.#cells.nextRing(rung, PATIENCE_MS);
    }
    this.#isListening = false;
  }

  #look(): void {
    const nowMs = performance.now();
    for (const [id, { key, endMs, done }] of this.#waiting) {
      // In this order: it may come between the two, and not be taken for one that did not.
      const isSettled = this.#cells.wasSettled(id);
      const isFound = this.#finder.holds(key, id);
      if (!isFound && !isSettled && nowMs < endMs) continue;
      this.#waiting.delete(id);
      done(isFound);
    }
  }
}
