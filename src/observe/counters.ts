/**
 * One row of the shared memory that `cells.ts` lays out, as its owner sees it.
 */
import { CELL_COUNT, cellTable, EXCHANGE_HISTOGRAM, FIRST_BYTE_HISTOGRAM } from "./cells.ts";
import { HISTOGRAM_CELLS, Histogram } from "./histogram.ts";

/** A row ends on a boundary of 128 bytes: two cache lines, as CPUs fetch them in pairs. */
const ROW_BYTES = Math.ceil(((CELL_COUNT + 2 * HISTOGRAM_CELLS) * 8) / 128) * 128;

/** A row for each worker and, last, one for the main thread. All zeros. */
export function countersBuffer(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((workers + 1) * ROW_BYTES);
}

/** How many workers a buffer was made for. */
export function workersOf(buffer: SharedArrayBuffer): number {
  return buffer.byteLength / ROW_BYTES - 1;
}

/** The row that the main thread counts in. */
export function mainCounters(buffer: SharedArrayBuffer): Counters {
  return new Counters(buffer, workersOf(buffer));
}

export class Counters {
  readonly row: Float64Array;
  readonly firstByte: Histogram;
  readonly exchange: Histogram;

  constructor(buffer: SharedArrayBuffer, worker: number) {
    this.row = new Float64Array(buffer, worker * ROW_BYTES, ROW_BYTES / 8);
    this.firstByte = new Histogram(this.row.subarray(FIRST_BYTE_HISTOGRAM));
    this.exchange = new Histogram(this.row.subarray(EXCHANGE_HISTOGRAM));
  }

  add(cell: number, by = 1): void {
    this.row[cell] = (this.row[cell] ?? 0) + by;
  }

  set(cell: number, value: number): void {
    this.row[cell] = value;
  }

  read(cell: number): number {
    return this.row[cell] ?? 0;
  }

  /** A worker that died left its gauges behind: nothing of it is open any more. Counters stay. */
  clearGauges(): void {
    for (const { type, cells } of cellTable) {
      if (type === "gauge") for (const { cell } of cells) this.row[cell] = 0;
    }
  }
}
