/**
 * When a thread gives something up for memory. What it frees shows late: the engine
 * has to collect it, and the main thread to look again. So garbage goes first, and
 * before each cut there is time to see whether the last one was enough. Pure.
 */
import type { ShedLevel } from "./shed.ts";

/** While memory is short, garbage is collected so often, and not when the engine likes. */
const COLLECT_MS = 250;

/** The thread stands still meanwhile: where memory is no garbage (large lists), the pause doubles up to this. */
const COLLECT_MS_MAX = 16_000;

/** A collection that frees less than this part of what is resident was not worth it. */
const WORTH_PART = 1 / 64;

/** A collection, and a look of the main thread after it. */
const SETTLE_MS = 500;

const NEVER = Number.POSITIVE_INFINITY;

export class ShedPace {
  #collectedAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = COLLECT_MS;
  #cutAtMs = NEVER;

  /** Whether to collect garbage now. */
  collects(level: ShedLevel, nowMs: number): boolean {
    if (level === 0) this.#pauseMs = COLLECT_MS;
    if (level === 0 || nowMs < this.#collectedAtMs + this.#pauseMs) return false;
    this.#collectedAtMs = nowMs;
    return true;
  }

  /** What a collection came to, in bytes of resident memory. */
  collected(before: number, after: number): void {
    const wasWorth = before - after >= before * WORTH_PART;
    this.#pauseMs = wasWorth ? COLLECT_MS : Math.min(this.#pauseMs * 2, COLLECT_MS_MAX);
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
