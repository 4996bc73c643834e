/**
 * The last purges, for what was being fetched or written when they came: it is
 * dropped, or marked stale, as it would have been had it been there.
 */
import { matchesPurge, type PurgeMatches } from "./purge-matches.ts";

const KEPT = 1_024;

export class PurgeLog {
  readonly #purges: { readonly sequence: number; readonly matches: PurgeMatches; readonly soft: boolean }[] =
    [];
  #forgotten = 0;

  add(sequence: number, matches: PurgeMatches, soft: boolean): void {
    this.#purges.push({ sequence, matches, soft });
    if (this.#purges.length > KEPT) this.#forgotten = this.#purges.shift()!.sequence;
  }

  /** What becomes of an object whose fetch began when the sequence was at `since`. */
  decide(key: string, tags: string, since: number): "keep" | "markStale" | "drop" {
    if (since < this.#forgotten) return "drop";
    let decision: "keep" | "markStale" = "keep";
    for (const { sequence, matches, soft } of this.#purges) {
      if (sequence <= since || !matchesPurge(key, tags, matches)) continue;
      if (!soft) return "drop";
      decision = "markStale";
    }
    return decision;
  }
}
