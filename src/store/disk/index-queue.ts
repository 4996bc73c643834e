/**
 * Changes on their way to the index, written in slices that last some milliseconds:
 * all that came within one turn of the event loop is one transaction. When the disk
 * does not take them, what is new is given up and the rest is tried again.
 */
import { type IndexChange, type IndexDb, isCorrupt } from "./index-db.ts";

/** About 3 ms. */
const SLICE = 100;
const RETRY_MS = 1_000;

/** A row that stays although its object has gone costs a miss after the next start. */
const WAITING_MAX = 100_000;

interface Outcome {
  /** They are in the index. */
  readonly onWritten: (changes: readonly IndexChange[]) => void;
  /** They are not, and never will be. */
  readonly onRefused: (changes: readonly IndexChange[], error: unknown) => void;
  /** The index can't be used any more. */
  readonly onCorrupt: (error: unknown) => void;
}

export class IndexQueue {
  readonly #outcome: Outcome;
  #index: IndexDb;
  #waiting: IndexChange[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(index: IndexDb, outcome: Outcome) {
    this.#index = index;
    this.#outcome = outcome;
  }

  add(change: IndexChange): void {
    if (this.#waiting.length >= WAITING_MAX && change.do !== "insert") return;
    this.#waiting.push(change);
    this.#schedule(0);
  }

  /** All that waits, now. False: the disk does not take it. */
  flush(): boolean {
    while (this.#waiting.length > 0) if (!this.#writeSlice()) return false;
    return true;
  }

  /** A new index, and nothing waits for it. */
  replace(index: IndexDb): void {
    this.#index = index;
    this.#waiting = [];
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    const write = () => {
      this.#isScheduled = false;
      if (this.#isClosed || this.#waiting.length === 0) return;
      this.#schedule(this.#writeSlice() ? 0 : RETRY_MS);
    };
    if (delayMs === 0) setImmediate(write);
    else setTimeout(write, delayMs).unref();
  }

  #writeSlice(): boolean {
    const slice = this.#waiting.splice(0, SLICE);
    try {
      this.#index.apply(slice);
    } catch (error) {
      if (isCorrupt(error)) {
        this.#outcome.onCorrupt(error);
        return true;
      }
      const refused = slice.filter((change) => change.do === "insert");
      this.#waiting = [...slice.filter((change) => change.do !== "insert"), ...this.#waiting];
      this.#outcome.onRefused(refused, error);
      return false;
    }
    this.#outcome.onWritten(slice);
    return true;
  }
}
