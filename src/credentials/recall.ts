/** Answers that are remembered for a while: a bounded number of them, and the oldest leaves first. */
export class Recall<T> {
  readonly #most: number;
  readonly #known = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#known.size;
  }

  find(key: string, nowMs: number): T | undefined {
    const known = this.#known.get(key);
    return known !== undefined && nowMs < known.until ? known.value : undefined;
  }

  /** `until`: milliseconds since the epoch. */
  remember(key: string, value: T, until: number): void {
    // Deleted first, so that the oldest is the first in the map's order.
    this.#known.delete(key);
    this.#known.set(key, { value, until });
    if (this.#known.size <= this.#most) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#known.clear();
  }
}
