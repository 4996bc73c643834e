/** What `memory-hammer.ts` is told, and tells. */
export interface MemoryOrder {
  readonly buffer: SharedArrayBuffer;
  /** Of each key: the origin's version, the least that may be found, the least that may be found unmarked. */
  readonly versions: SharedArrayBuffer;
  readonly thread: number;
  readonly operations: number;
  readonly bodyBytesMax: number;
}

export interface MemoryReport {
  readonly hits: number;
  readonly stored: number;
  readonly purged: number;
  readonly freshened: number;
  readonly faults: readonly string[];
}

export const KEYS = 200;

/** Before the report. */
export const BEGUN = "begun";
