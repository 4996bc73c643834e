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
  /** In the heap. */
  position: number;
}

export class HeavyHitters {
  /** All that was counted, under whatever name. */
  total = 0;
  readonly #capacity: number;
  /** A heap: each entry counts at least as much as the one at half its position. */
  readonly #heap: Entry[] = [];
  readonly #entries = new Map<string, Entry>();

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
    const known = this.#entries.get(name);
    if (known !== undefined) {
      known.count += by;
      known.error += error;
      return this.#sink(known);
    }
    const least = this.#heap[0];
    if (least === undefined || this.#heap.length < this.#capacity) return this.#add(name, by, error);
    this.#entries.delete(least.name);
    this.#entries.set(name, least);
    least.name = name;
    least.error = least.count + error;
    least.count += by;
    this.#sink(least);
  }

  /** The `n` that count most, the most first. */
  top(n: number): HeavyHitter[] {
    const sorted = this.#heap.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
    return sorted.slice(0, n).map(({ name, count, error }) => ({ name, count, error }));
  }

  /** Counts what another table has handed over. */
  merge(hitters: readonly HeavyHitter[]): void {
    for (const { name, count, error } of hitters) this.count(name, count, error);
  }

  /** Hands over all that was counted since the last time, the most first, and begins anew. */
  take(): HeavyHitter[] {
    const taken = this.top(this.#heap.length);
    this.#heap.length = 0;
    this.#entries.clear();
    this.total = 0;
    return taken;
  }

  #add(name: string, count: number, error: number): void {
    const entry: Entry = { name, count, error, position: this.#heap.length };
    this.#heap.push(entry);
    this.#entries.set(name, entry);
    this.#rise(entry);
  }

  /** Down while a child counts less. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let { position } = entry;
    for (;;) {
      const left = heap[2 * position + 1];
      const right = heap[2 * position + 2];
      const child = left !== undefined && right !== undefined && right.count < left.count ? right : left;
      if (child === undefined || child.count >= entry.count) break;
      const below = child.position;
      this.#place(child, position);
      position = below;
    }
    this.#place(entry, position);
  }

  /** Up while the parent counts more. */
  #rise(entry: Entry): void {
    let { position } = entry;
    while (position > 0) {
      const parent = this.#heap[(position - 1) >> 1];
      if (parent === undefined || parent.count <= entry.count) break;
      const above = parent.position;
      this.#place(parent, position);
      position = above;
    }
    this.#place(entry, position);
  }

  #place(entry: Entry, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}
