/**
 * How a limit is kept in Int32 cells: pure arithmetic.
 *
 * A bucket's level is not counted in tokens but in ticks, the time that it took
 * to earn them, and ticks per unit of time are a power of two. So a refill is
 * exact at any rate, and only the price of a token is rounded: for requests by
 * 2^-29 of the burst at most, for bytes up to the next tick, which is some bytes.
 *
 * Units of time are powers of two of a millisecond and short enough for 2^20 of
 * them in the longest while that the bucket has to remember, or more. They are counted
 * modulo 2^32, so a bucket that nobody has used is misread only after hundreds
 * of such whiles, and days: then it looks as if it had been used just now.
 */
import type { Rate } from "../policy/spec.ts";

export interface BucketShape {
  readonly unitMs: number;
  readonly ticksPerUnit: number;
  /** Ticks of a full bucket. */
  readonly capacity: number;
  /** The price of a token, in ticks. */
  readonly ticksPerToken: number;
}

/** So much in each window, which begins with the first use after the last one ended. */
export interface WindowShape {
  readonly unitMs: number;
  readonly windowUnits: number;
  /** Of what is counted, in one count: a power of two. */
  readonly quantum: number;
  /** Counts in a window. */
  readonly capacity: number;
}

/** Half of what an Int32 holds: as much debt as credit. */
const TICKS_MAX = 2 ** 30;
const UNITS_PER_SPAN = 2 ** 20;
/** Finer than that, the count of units would come round too soon. */
const UNIT_MS_MIN = 2 ** -4;

/** With more tokens at once the price of one would be rounded by more than 1.6 %. */
export const BURST_MAX = 2 ** 24;

/**
 * What may be owed for bytes that have been read already; more would be forgiven, and
 * the rate not kept. Each link is held until all that was owed by then is earned, so
 * this is one read of 512 KiB by each of 4,096.
 */
const DEBT_BYTES = 2 ** 31;

/** Three days: what a rate of some bytes per second remembers, in units of 16 ms still. */
const DEBT_SPAN_MS_MAX = 2 ** 28;

/** More than elsewhere, since the while is long: that leaves 2^6 ticks to each, and a bucket that is idle for 2^8 such whiles. */
const UNITS_PER_DEBT = 2 ** 24;

/** `burst` undefined: one second's worth, at least one. */
export function rateShape({ count, per }: Rate, burst = Math.ceil((count * 1_000) / per)): BucketShape {
  const tokens = Math.min(Math.max(burst, 1), BURST_MAX);
  const msPerToken = per / count;
  const time = timeScale(tokens * msPerToken);
  const ticksPerToken = Math.max(1, Math.round((msPerToken / time.unitMs) * time.ticksPerUnit));
  return { ...time, ticksPerToken, capacity: tokens * ticksPerToken };
}

/** Bytes per second, one second's worth at once. */
export function byteRateShape(bytesPerSecond: number): BucketShape {
  const msPerByte = 1_000 / bytesPerSecond;
  const time = timeScale(Math.min(1_000 + DEBT_BYTES * msPerByte, DEBT_SPAN_MS_MAX), UNITS_PER_DEBT);
  const ticksPerMs = time.ticksPerUnit / time.unitMs;
  return { ...time, ticksPerToken: msPerByte * ticksPerMs, capacity: Math.ceil(1_000 * ticksPerMs) };
}

export function windowShape(most: number, windowMs: number): WindowShape {
  const unitMs = unitFor(windowMs);
  const quantum = Math.max(1, powerOfTwo(Math.ceil(Math.log2(most / TICKS_MAX))));
  return {
    unitMs,
    windowUnits: Math.max(1, Math.ceil(windowMs / unitMs)),
    quantum,
    capacity: Math.max(1, Math.floor(most / quantum)),
  };
}

/** Rate and burst as a text: a bucket of another shape is another bucket. */
export function shapeText(shape: BucketShape | WindowShape): string {
  return Object.values(shape).join(" ");
}

function timeScale(
  spanMs: number,
  unitsPerSpan = UNITS_PER_SPAN,
): { readonly unitMs: number; readonly ticksPerUnit: number } {
  const unitMs = unitFor(spanMs, unitsPerSpan);
  const ticksPerUnit = powerOfTwo(Math.floor(Math.log2((TICKS_MAX / spanMs) * unitMs)));
  return { unitMs, ticksPerUnit: Math.min(Math.max(ticksPerUnit, 1), TICKS_MAX) };
}

function unitFor(spanMs: number, unitsPerSpan = UNITS_PER_SPAN): number {
  return Math.max(UNIT_MS_MIN, powerOfTwo(Math.ceil(Math.log2(spanMs / unitsPerSpan))));
}

function powerOfTwo(exponent: number): number {
  return 2 ** exponent;
}
