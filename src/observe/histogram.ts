/**
 * Latencies in shared memory: log-linear buckets over whole microseconds. Each
 * power of two is cut into 16, so a bucket is at most 6.25 % wide from 16 µs up
 * (1 µs wide below), and a percentile, read as a bucket's middle, is off by at
 * most half of that. From 1 µs to an hour; what is longer counts as an hour.
 *
 * One writer for each histogram, any number of readers. Knows no clock.
 */

/** Where one histogram's numbers are, counted from its first cell. */
const COUNT = 0;
const SUM_MS = 1;
const MAX_MS = 2;
const BUCKETS = 3;

/** 16 buckets for 0–15 µs, then 16 for each power of two up to 2^31 µs, which holds the hour. */
const BUCKET_COUNT = 16 + 28 * 16;

/** Cells that one histogram takes. */
export const HISTOGRAM_CELLS = BUCKETS + BUCKET_COUNT;

const LONGEST_MS = 3_600_000;

export class Histogram {
  readonly #cells: Float64Array;

  /** Lives in `cells`, which holds at least `HISTOGRAM_CELLS`. */
  constructor(cells: Float64Array) {
    this.#cells = cells;
  }

  get count(): number {
    return this.#cells[COUNT] ?? 0;
  }

  get sumMs(): number {
    return this.#cells[SUM_MS] ?? 0;
  }

  get maxMs(): number {
    return this.#cells[MAX_MS] ?? 0;
  }

  record(ms: number): void {
    const cells = this.#cells;
    const known = ms > 0 ? Math.min(ms, LONGEST_MS) : 0;
    const cell = BUCKETS + bucketOf((known * 1000) >>> 0);
    cells[cell] = (cells[cell] ?? 0) + 1;
    cells[COUNT] = (cells[COUNT] ?? 0) + 1;
    cells[SUM_MS] = (cells[SUM_MS] ?? 0) + known;
    if (known > (cells[MAX_MS] ?? 0)) cells[MAX_MS] = known;
  }

  /** Adds what another one has counted. */
  merge(other: Histogram): void {
    for (let cell = 0; cell < HISTOGRAM_CELLS; cell++) {
      const mine = this.#cells[cell] ?? 0;
      const theirs = other.#cells[cell] ?? 0;
      this.#cells[cell] = cell === MAX_MS ? Math.max(mine, theirs) : mine + theirs;
    }
  }

  /** The latency that a share `q` (0…1) of all did not exceed; 0 when nothing was recorded. */
  percentile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#bucketed()));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      seen += this.#cells[BUCKETS + bucket] ?? 0;
      if (seen >= rank) return Math.min(middleMs(bucket), this.maxMs);
    }
    return 0;
  }

  /** How many took at most each of `boundsMs` (ascending), and how many there are in all. */
  cumulate(boundsMs: readonly number[]): { counts: number[]; total: number } {
    const counts: number[] = [];
    let bucket = 0;
    let seen = 0;
    for (const boundMs of boundsMs) {
      for (; bucket < BUCKET_COUNT && middleMs(bucket) <= boundMs; bucket++) {
        seen += this.#cells[BUCKETS + bucket] ?? 0;
      }
      counts.push(seen);
    }
    return { counts, total: this.#bucketed() };
  }

  // The writer may be between its bucket and `COUNT` while we read, so readers
  // that need both to agree add the buckets up.
  #bucketed(): number {
    let total = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) total += this.#cells[BUCKETS + bucket] ?? 0;
    return total;
  }
}

function bucketOf(micros: number): number {
  if (micros < 16) return micros;
  const exponent = 31 - Math.clz32(micros);
  return (exponent - 3) * 16 + ((micros >>> (exponent - 4)) & 15);
}

function middleMs(bucket: number): number {
  if (bucket < 16) return (bucket + 0.5) / 1000;
  const width = 2 ** ((bucket >> 4) - 1);
  return ((16 + (bucket & 15)) * width + width / 2) / 1000;
}
