/** How many new connections an event loop that lags still takes on. Pure. */

/** At the very lag that is allowed; half as many at twice the lag. */
const ACCEPTS_AT_LAG = 64;

/** For each tick; the rest waits. One at least, so that it never stands still. */
export function acceptsPerTick(lagMs: number, allowedMs: number): number {
  if (lagMs < allowedMs) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((ACCEPTS_AT_LAG * allowedMs) / lagMs));
}
