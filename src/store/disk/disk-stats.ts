/** What is told of the disk to those who ask how it does. */
import type { DiskCells } from "./disk-shared.ts";
import type { Evictor } from "./evictor.ts";
import type { Intake } from "./intake.ts";
import type { ObjectTable } from "./object-table.ts";
import { UNIT_BYTES } from "./places.ts";
import type { Trouble } from "./trouble.ts";

export interface DiskStats {
  readonly entries: number;
  /** Of files, in whole units, with drafts and the index. */
  readonly bytes: number;
  readonly capacityBytes: number;
  readonly evictions: number;
  readonly stored: number;
  /** Milliseconds since the epoch; a few seconds old. */
  readonly oldestMs: number | undefined;
  /** Calls to the file system that failed. */
  readonly failures: number;
}

export interface Counted {
  readonly cells: DiskCells;
  readonly table: ObjectTable;
  readonly evictor: Evictor;
  readonly intake: Intake;
  readonly trouble: Trouble;
}

/** The oldest is looked for in all slots, so not each time. */
const OLDEST_EACH_MS = 5_000;

export class StatsReader {
  readonly #counted: Counted;
  #oldest: { readonly atMs: number; readonly storedMs: number | undefined } | undefined;

  constructor(counted: Counted) {
    this.#counted = counted;
  }

  read(): DiskStats {
    const { cells, table, evictor, intake, trouble } = this.#counted;
    return {
      entries: table.entries,
      bytes: cells.taken * UNIT_BYTES,
      capacityBytes: cells.capacity * UNIT_BYTES,
      evictions: evictor.evictions,
      stored: intake.stored,
      oldestMs: table.entries === 0 ? undefined : this.#oldestMs(),
      failures: trouble.failures,
    };
  }

  #oldestMs(): number | undefined {
    const nowMs = performance.now();
    if (this.#oldest?.storedMs === undefined || nowMs - this.#oldest.atMs > OLDEST_EACH_MS) {
      this.#oldest = { atMs: nowMs, storedMs: this.#counted.table.oldestMs() };
    }
    return this.#oldest.storedMs;
  }
}
