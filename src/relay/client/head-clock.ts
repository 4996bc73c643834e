/**
 * How long the head of a request may take: whole by `timeouts.head`, counted from
 * its first byte or, on a new connection, from when that was accepted; and until
 * then no slower than `limits.minRate`.
 */
import type { Config } from "../../config/schema.ts";
import { minRateDeadline } from "../../limits/min-rate.ts";
import { deadlineIn, type RelayContext, TICK_MS } from "../context.ts";

export class HeadClock {
  /** When it began, by the worker's clock. */
  fromMs: number;
  #byMs: number;

  constructor(context: RelayContext, { timeouts }: Config) {
    this.fromMs = context.now;
    this.#byMs = deadlineIn(context, timeouts.head);
  }

  get deadlineMs(): number {
    return this.#byMs;
  }

  begin(context: RelayContext, { timeouts }: Config, isFirstOfConnection: boolean): void {
    this.fromMs = context.now;
    if (!isFirstOfConnection) this.#byMs = deadlineIn(context, timeouts.head);
  }

  /** The deadline, now that so much of it is here. */
  after(byteCount: number, { limits }: Config): number {
    return Math.min(this.#byMs, minRateDeadline(this.fromMs, byteCount, limits) + TICK_MS);
  }
}
