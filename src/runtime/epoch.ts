/**
 * Where a thread's own clock stands among all clocks. The own one never jumps and
 * stops while the machine sleeps; the time of day is set, and goes on. So what the
 * one lacks to the other is found anew again and again, or a token would live on
 * for as long as the machine slept.
 */

/** `Date.now` has no fractions, and time that is told should not run back by one. */
const JITTER_MS = 2;

/** What added to `ownMs` gives milliseconds since the epoch; `before` is what it was. */
export function epochMsAt(before: number, wallMs: number, ownMs: number): number {
  const found = wallMs - ownMs;
  return Math.abs(found - before) < JITTER_MS ? before : found;
}
