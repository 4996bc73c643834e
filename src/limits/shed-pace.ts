/**
 * When a thread gives something up for memory. What it frees shows late: the engine
 * has to collect it, and the main thread to look again. So garbage goes first, and
 * before each cut there is time to see whether the last one was enough. Pure.
 */
import type { ShedLevel } from "./shed.ts";

/** While memory is short, garbage is collected so often, and not when the engine likes. */
const COLLECT_MS = 250;

/** A collection, and a look of the main thread after it. */
const SETTLE_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

export class ShedPace {
  #collectAtMs = 0;
  #cutAtMs = NEVER;

  /** Whether to collect garbage now. */
  collects(level: ShedLevel, nowMs: number): boolean {
    if (level === 0 || nowMs < this.#collectAtMs) return false;
    this.#collectAtMs = nowMs + COLLECT_MS;
    return true;
  }

  /** The level to act by: 3 only when a cut is due, else 2 in its place. */
  levelFor(level: ShedLevel, nowMs: number): ShedLevel {
    if (level < 3) {
      this.#cutAtMs = NEVER;
      return level;
    }
    if (this.#cutAtMs === NEVER) this.#cutAtMs = nowMs + SETTLE_MS;
    if (nowMs < this.#cutAtMs) return 2;
    this.#cutAtMs = nowMs + SETTLE_MS;
    return 3;
  }
}
