/**
 * Changes on their way to the index, written in slices that last some milliseconds:
 * all that came within one turn of the event loop is one transaction. What is new
 * goes first, for somebody waits for it; an object's other changes come after it
 * anyway. When the disk does not take them, what is new is given up and the rest is
 * tried again.
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
  #inserts: IndexChange[] = [];
  #others: IndexChange[] = [];
  #onSettled: (() => void)[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(index: IndexDb, outcome: Outcome) {
    this.#index = index;
    this.#outcome = outcome;
  }

  add(change: IndexChange): void {
    if (change.do === "insert") this.#inserts.push(change);
    else if (this.#others.length < WAITING_MAX) this.#others.push(change);
    this.#schedule(0);
  }

  get length(): number {
    return this.#inserts.length + this.#others.length;
  }

  /** When all that waits is written, or the disk does not take it. */
  async settled(): Promise<void> {
    if (this.length === 0 || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#onSettled.push(resolve);
    });
  }

  /** A new index, and nothing waits for it. */
  replace(index: IndexDb): void {
    this.#index = index;
    this.#inserts = [];
    this.#others = [];
    this.#settle();
  }

  /** All that waits is written first. */
  close(): void {
    while (this.length > 0 && this.#writeSlice());
    this.#isClosed = true;
    this.#settle();
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    const write = () => {
      this.#isScheduled = false;
      if (this.#isClosed || this.length === 0) return;
      const isWritten = this.#writeSlice();
      if (!isWritten || this.length === 0) this.#settle();
      if (this.length > 0) this.#schedule(isWritten ? 0 : RETRY_MS);
    };
    if (delayMs === 0) setImmediate(write);
    else setTimeout(write, delayMs).unref();
  }

  #writeSlice(): boolean {
    const inserts = this.#inserts.splice(0, SLICE);
    const others = this.#others.splice(0, SLICE - inserts.length);
    const slice = [...inserts, ...others];
    try {
      this.#index.apply(slice);
    } catch (error) {
      if (isCorrupt(error)) {
        this.#outcome.onCorrupt(error);
        return true;
      }
      this.#others.unshift(...others);
      this.#outcome.onRefused(inserts, error);
      return false;
    }
    this.#outcome.onWritten(slice);
    return true;
  }

  #settle(): void {
    for (const resolve of this.#onSettled.splice(0)) resolve();
  }
}
