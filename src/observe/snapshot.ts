/**
 * All that is counted, at one moment, taken out of the shared memory: plain
 * numbers that no longer change. Rows are read while their workers write, so two
 * cells may be an exchange apart; each by itself is right.
 */
import { CELL_COUNT } from "./cells.ts";
import { Counters, workersOf } from "./counters.ts";
import { HISTOGRAM_CELLS, Histogram } from "./histogram.ts";

export interface Snapshot {
  /** Sums over all threads, by cell. For cells that make sense for one worker only, see `workers`. */
  readonly totals: Float64Array;
  /** By worker, then by cell. */
  readonly workers: readonly Float64Array[];
  readonly firstByte: Latency;
  readonly exchange: Latency;
}

export interface Latency {
  readonly count: number;
  readonly sumMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How many took at most each of `latencyBoundsMs`. */
  readonly cumulative: readonly number[];
}

/** From half a millisecond, a cached answer next door, to the default of `timeouts.firstByte`. */
export const latencyBoundsMs = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
] as const;

export function takeSnapshot(buffer: SharedArrayBuffer): Snapshot {
  const rows = Array.from({ length: workersOf(buffer) + 1 }, (_, row) => new Counters(buffer, row));
  return {
    totals: sumOf(rows),
    workers: rows.slice(0, -1).map(({ row }) => row.slice(0, CELL_COUNT)),
    firstByte: latencyOf(rows.map(({ firstByte }) => firstByte)),
    exchange: latencyOf(rows.map(({ exchange }) => exchange)),
  };
}

function sumOf(rows: readonly Counters[]): Float64Array {
  const totals = new Float64Array(CELL_COUNT);
  for (const counters of rows) {
    for (let cell = 0; cell < CELL_COUNT; cell++) totals[cell] = (totals[cell] ?? 0) + counters.read(cell);
  }
  return totals;
}

function latencyOf(histograms: readonly Histogram[]): Latency {
  const merged = new Histogram(new Float64Array(HISTOGRAM_CELLS));
  for (const histogram of histograms) merged.merge(histogram);
  const { counts, total } = merged.cumulate(latencyBoundsMs);
  return {
    count: total,
    sumMs: merged.sumMs,
    p50Ms: merged.percentile(0.5),
    p90Ms: merged.percentile(0.9),
    p99Ms: merged.percentile(0.99),
    p999Ms: merged.percentile(0.999),
    maxMs: merged.maxMs,
    cumulative: counts,
  };
}
