/**
 * The last purges, for what was being fetched or written when they came: it is
 * dropped, or marked stale, as it would have been had it been there.
 */
const KEPT = 1_024;

interface Purge {
  /** What the sequence was advanced to for it. */
  readonly sequence: number;
  readonly matches: (key: string, tags: string) => boolean;
  readonly soft: boolean;
}

export class PurgeLog {
  readonly #purges: Purge[] = [];
  #forgotten = 0;

  add(purge: Purge): void {
    this.#purges.push(purge);
    if (this.#purges.length > KEPT) this.#forgotten = this.#purges.shift()!.sequence;
  }

  /** What becomes of an object whose fetch began when the sequence was at `since`. */
  decide(key: string, tags: string, since: number): "keep" | "markStale" | "drop" {
    if (since < this.#forgotten) return "drop";
    let decision: "keep" | "markStale" = "keep";
    for (const { sequence, matches, soft } of this.#purges) {
      if (sequence <= since || !matches(key, tags)) continue;
      if (!soft) return "drop";
      decision = "markStale";
    }
    return decision;
  }
}
