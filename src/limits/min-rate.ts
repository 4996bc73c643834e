/** How fast a peer must send at least, so that nobody holds a connection by dripping. Pure. */

export interface MinRateSettings {
  /** Bytes per second; 0: any. */
  readonly minRate: number;
  /** Milliseconds in which it may be slower. */
  readonly minRateGrace: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** When what has come since `startMs` is too little, unless more comes. */
export function minRateDeadline(
  startMs: number,
  bytes: number,
  { minRate, minRateGrace }: MinRateSettings,
): number {
  return minRate === 0 ? NEVER : startMs + minRateGrace + (bytes * 1_000) / minRate;
}

/**
 * The deadline after `bytes` more, for what may be long: a sender that was fast
 * at first may be slower later only for as long as anyone may, and not use up
 * its lead byte by byte.
 */
export function minRateAfter(
  deadlineMs: number,
  bytes: number,
  nowMs: number,
  { minRate, minRateGrace }: MinRateSettings,
): number {
  if (minRate === 0) return NEVER;
  return Math.min(deadlineMs + (bytes * 1_000) / minRate, nowMs + Math.max(minRateGrace, LEAD_MS_MIN));
}

/** Without any grace every pause between two packets would be too long. */
const LEAD_MS_MIN = 1_000;
