/**
 * A worker's sign of life, given each time its coarse clock ticks: when that was,
 * how late it came, and how large the heap is. How late is the event loop's lag,
 * kept as the worst of the last 10 to 20 seconds, so that a scrape every 15 s
 * misses nothing and an old stall is not shown for ever.
 */
import { cells } from "./cells.ts";
import type { Counters } from "./counters.ts";

const WINDOW_MS = 10_000;

export class Heartbeat {
  readonly #counters: Counters;
  readonly #intervalMs: number;
  readonly #readHeapBytes: () => number;
  #lastMs: number | undefined;
  #windowStartMs = 0;
  #worstMs = 0;
  #worstBeforeMs = 0;

  constructor(counters: Counters, intervalMs: number, readHeapBytes = () => process.memoryUsage().heapUsed) {
    this.#counters = counters;
    this.#intervalMs = intervalMs;
    this.#readHeapBytes = readHeapBytes;
  }

  /** `nowMs` since the epoch. */
  beat(nowMs: number): void {
    const lagMs = this.#lastMs === undefined ? 0 : Math.max(0, nowMs - this.#lastMs - this.#intervalMs);
    this.#lastMs = nowMs;
    if (nowMs - this.#windowStartMs >= WINDOW_MS) this.#turnWindow(nowMs);
    this.#worstMs = Math.max(this.#worstMs, lagMs);
    this.#counters.set(cells.loopLagMs, Math.max(this.#worstMs, this.#worstBeforeMs));
    this.#counters.set(cells.heartbeatMs, nowMs);
  }

  /** The heap is asked for here only: it costs more than the rest of the beat. */
  #turnWindow(nowMs: number): void {
    this.#windowStartMs = nowMs;
    this.#worstBeforeMs = this.#worstMs;
    this.#worstMs = 0;
    this.#counters.set(cells.heapBytes, this.#readHeapBytes());
  }
}
