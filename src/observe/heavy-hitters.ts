/**
 * Which names are counted most, in bounded memory however many there are: the
 * Space-Saving algorithm (Metwally, Agrawal, El Abbadi: "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", 2005).
 *
 * A full table gives the place of its least name to a new one, which takes over
 * the count. So a count is never too small, is too large by `error` at most, which
 * is at most the total over the capacity, and whatever came more often than that
 * is in the table.
 *
 * What is merged from tables that hand over what they have counted may also miss
 * what those gave up: a count is then off, either way, by the total over their
 * capacity at most, besides.
 */

export interface HeavyHitter {
  readonly name: string;
  /** At most `error` more than it was. */
  readonly count: number;
  readonly error: number;
}

interface Entry {
  name: string;
  count: number;
  error: number;
}

export class HeavyHitters {
  /** All that was counted, under whatever name. */
  total = 0;
  readonly #capacity: number;
  /** A heap: each entry counts at least as much as the one at half its position. */
  readonly #heap: Entry[] = [];
  readonly #positions = new Map<string, number>();

  constructor(capacity: number) {
    if (!(capacity >= 1)) throw new Error(`Cannot count heavy hitters: a table of ${capacity}`);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** `error`: by how much `by` may be too large. A name is kept as it is, so its length is the caller's to bound. */
  count(name: string, by = 1, error = 0): void {
    this.total += by;
    const known = this.#positions.get(name);
    if (known !== undefined) return this.#raise(known, by, error);
    if (this.#heap.length < this.#capacity) return this.#add({ name, count: by, error });
    const least = this.#heap[0];
    if (least === undefined) return;
    this.#positions.delete(least.name);
    this.#positions.set(name, 0);
    least.name = name;
    least.error = least.count + error;
    least.count += by;
    this.#sink(0);
  }

  /** The `n` that count most, the most first. */
  top(n: number): HeavyHitter[] {
    const sorted = this.#heap.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
    return sorted.slice(0, n).map((entry) => ({ ...entry }));
  }

  /** Counts what another table has handed over. */
  merge(hitters: readonly HeavyHitter[]): void {
    for (const { name, count, error } of hitters) this.count(name, count, error);
  }

  /** Hands over all that was counted since the last time, the most first, and begins anew. */
  take(): HeavyHitter[] {
    const taken = this.top(this.#heap.length);
    this.#heap.length = 0;
    this.#positions.clear();
    this.total = 0;
    return taken;
  }

  #raise(position: number, by: number, error: number): void {
    const entry = this.#heap[position];
    if (entry === undefined) return;
    entry.count += by;
    entry.error += error;
    this.#sink(position);
  }

  #add(entry: Entry): void {
    this.#heap.push(entry);
    this.#place(entry, this.#heap.length - 1);
    this.#rise(this.#heap.length - 1);
  }

  /** Down while a child counts less. */
  #sink(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    if (entry === undefined) return;
    let position = from;
    for (;;) {
      const left = heap[2 * position + 1];
      const right = heap[2 * position + 2];
      const isRight = right !== undefined && left !== undefined && right.count < left.count;
      const child = isRight ? right : left;
      if (child === undefined || child.count >= entry.count) break;
      this.#place(child, position);
      position = 2 * position + (isRight ? 2 : 1);
    }
    this.#place(entry, position);
  }

  /** Up while the parent counts more. */
  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    if (entry === undefined) return;
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.count <= entry.count) break;
      this.#place(parent, position);
      position = above;
    }
    this.#place(entry, position);
  }

  #place(entry: Entry, position: number): void {
    this.#heap[position] = entry;
    this.#positions.set(entry.name, position);
  }
}
