/** What those who work for the keeper share. */
import type { DiskCells } from "./disk-shared.ts";
import type { FileCalls } from "./file-calls.ts";
import type { IndexQueue } from "./index-queue.ts";
import type { ObjectTable } from "./object-table.ts";
import type { PurgeLog } from "./purge-log.ts";
import type { Removals } from "./removals.ts";
import type { Trouble } from "./trouble.ts";

export interface KeeperParts {
  /** The disk's path. */
  readonly root: string;
  readonly calls: FileCalls;
  readonly cells: DiskCells;
  readonly table: ObjectTable;
  readonly queue: IndexQueue;
  readonly removals: Removals;
  readonly purges: PurgeLog;
  readonly trouble: Trouble;
}
