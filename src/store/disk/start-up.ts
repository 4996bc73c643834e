/**
 * What is done at the start beside all else, in slices: drafts of the last time are
 * removed, the index is read into the table, and then files that no row knows go. A
 * file without a row is never taken in again: it may be what a purge has forgotten.
 */
import { codeOf } from "./file-calls.ts";
import type { IndexDb } from "./index-db.ts";
import type { KeeperParts } from "./keeper-parts.ts";
import {
  draftsPath,
  isFolderName,
  objectsPath,
  parseDraftName,
  parseObjectName,
  RANGE_IDS,
  unitsOf,
} from "./places.ts";
import { Slices } from "./slices.ts";

const ROWS = 500;

export class StartUp {
  readonly #parts: KeeperParts;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  async loadIndex(index: IndexDb): Promise<void> {
    const { cells, table, removals } = this.#parts;
    const firstOfNow = cells.rangesEnd * RANGE_IDS;
    const slices = new Slices();
    const used = new Set<number>();
    for (const id of index.used) {
      used.add(id);
      if ((used.size & 0xfff) === 0 && slices.isOver) await slices.pass();
    }
    let next: number | undefined = -1;
    while (next !== undefined) {
      const { rows, next: after } = index.rowsAfter(next, ROWS);
      for (const row of rows) {
        // What was stored since comes into the table another way.
        if (row.id >= firstOfNow) continue;
        cells.add(row.units);
        const { isLoaded, leaver } = table.load(row, used.has(row.id));
        if (leaver !== undefined) void removals.remove(leaver);
        if (!isLoaded) void removals.remove({ id: row.id, units: row.units });
      }
      next = after;
      if (slices.isOver) await slices.pass();
    }
  }

  /** Those that are nobody's any more. */
  async removeDrafts(isDead: (id: number, thread: number) => boolean): Promise<void> {
    const { root, calls, trouble } = this.#parts;
    try {
      for (const name of await calls.list(draftsPath(root))) {
        const draft = parseDraftName(name);
        if (draft === undefined || !isDead(draft.id, draft.thread)) continue;
        await calls.remove(`${draftsPath(root)}/${name}`);
      }
    } catch (error) {
      trouble.failed("remove", codeOf(error));
    }
  }

  /** `index`: the one of the moment. `counted`: units that count for what no row knows, free as it goes. */
  async removeStrays(index: () => IndexDb, counted: number, isOver: () => boolean): Promise<void> {
    const { root, calls, cells } = this.#parts;
    const slices = new Slices();
    let left = counted;
    try {
      for (const folder of (await calls.list(objectsPath(root))).filter(isFolderName)) {
        const path = `${objectsPath(root)}/${folder}`;
        for (const name of await calls.list(path)) {
          if (slices.isOver) await slices.pass();
          if (isOver()) return;
          const id = parseObjectName(name);
          // A row comes before its file and goes after it, so what has none is nobody's.
          if (id === undefined || index().has(id)) continue;
          const units = unitsOf(await calls.stat(`${path}/${name}`).catch(() => 0));
          await calls.remove(`${path}/${name}`);
          const free = Math.min(units, left);
          left -= free;
          cells.giveBack(free);
        }
      }
    } finally {
      cells.giveBack(left);
    }
  }
}
