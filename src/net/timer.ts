/**
 * Deadlines without timers. Who waits has a time in `deadlineAt`; setting or
 * moving it is one assignment. A sweep, called by the worker's one coarse
 * clock, finds what is overdue. Late by a sweep at most, never early.
 */
export interface Deadlined {
  /** In the clock's milliseconds; `NEVER` when nothing is due. */
  deadlineAt: number;
  /** Belongs to `Deadlines`. */
  deadlineSlot: number;
  onDeadline(now: number): void;
}

export const NEVER = Number.POSITIVE_INFINITY;

export class Deadlines<Item extends Deadlined = Deadlined> {
  readonly #waiting: Item[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(item: Item): void {
    item.deadlineSlot = this.#waiting.length;
    this.#waiting.push(item);
  }

  remove(item: Item): void {
    if (item.deadlineSlot < 0) return;
    const last = this.#waiting.pop();
    if (last !== undefined && last !== item) {
      this.#waiting[item.deadlineSlot] = last;
      last.deadlineSlot = item.deadlineSlot;
    }
    item.deadlineSlot = -1;
  }

  /**
   * Backwards, since what is overdue usually removes itself and the last takes
   * its place. One that throws waits no more, and keeps nobody from their turn.
   */
  sweep(now: number, onThrow: (item: Item, error: unknown) => void): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      const item = this.#waiting[index];
      if (item === undefined || item.deadlineAt > now) continue;
      try {
        item.onDeadline(now);
      } catch (error) {
        item.deadlineAt = NEVER;
        onThrow(item, error);
      }
    }
  }

  *[Symbol.iterator](): Iterator<Item> {
    yield* [...this.#waiting];
  }
}
