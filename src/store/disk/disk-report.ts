/** What workers tell the main thread about the disk. Plain objects, for `postMessage`. */

/** A row of the index, and what the table needs to know of an object. */
export interface IndexRow {
  readonly id: number;
  /** The key's hash: signed words. */
  readonly a: number;
  readonly b: number;
  /** Of `varyNames` and `varyKey`: what has the same replaces it. */
  readonly variant: number;
  /** See `versionOf`. */
  readonly version: number;
  /** Of the file. */
  readonly units: number;
  readonly storedMs: number;
  readonly isSmall: boolean;
  readonly isMarkedStale: boolean;
}

export interface StoredReport extends IndexRow {
  readonly disk: "stored";
  readonly key: string;
  readonly tags: string;
  /** Whose draft it is. */
  readonly thread: number;
  /** `DiskTier.sequence` before it was fetched. */
  readonly since: number;
}

export type DiskReport =
  | StoredReport
  /** Its facts and lines were replaced. */
  | {
      readonly disk: "freshened";
      readonly id: number;
      readonly key: string;
      readonly version: number;
      readonly storedMs: number;
      readonly since: number;
    }
  /** It can't be read, or is not what was written. */
  | { readonly disk: "broken"; readonly id: number; readonly key: string; readonly why: string }
  /** All under a key is marked stale, or gone; this was the purge with that number. */
  | {
      readonly disk: "invalidated";
      readonly key: string;
      readonly soft: boolean;
      readonly sequence: number;
    }
  /** Units that are wanted. */
  | { readonly disk: "room"; readonly units: number }
  /** A call to the file system failed. */
  | { readonly disk: "failed"; readonly doing: DiskDeed; readonly code: string };

export type DiskDeed = "open" | "read" | "write" | "rename" | "remove" | "list" | "index";

/** Of an object's facts and variant: the same as long as it need not be written again. */
export function versionOf(storedMs: number, bodyBytes: number, variant: number): number {
  return Bun.hash.xxHash32(`${storedMs} ${bodyBytes}`, variant >>> 0) | 0;
}

export function variantOf(varyNames: string, varyKey: string): number {
  return varyNames === "" ? 0 : Bun.hash.xxHash32(`${varyNames}\n${varyKey}`) | 0;
}
