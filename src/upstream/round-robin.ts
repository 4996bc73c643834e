/**
 * Endpoints in turn. Which they are is not known here, only how many: out come
 * their positions. Deterministic; workers that begin apart spread their first
 * requests.
 */
export class RoundRobin {
  readonly #count: number;
  #at: number;

  /** At least one endpoint. `start`: the position that comes first. */
  constructor(count: number, start = 0) {
    this.#count = count;
    this.#at = start % count;
  }

  /** From 0 to below their number. */
  next(): number {
    const at = this.#at;
    this.#at = at + 1 === this.#count ? 0 : at + 1;
    return at;
  }
}
