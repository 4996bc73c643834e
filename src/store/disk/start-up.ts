/**
 * What is done at the start beside all else, in slices: the index is read into the
 * table, drafts of the last time are removed, and then files that no row knows. A
 * file without a row is never taken in again: it may be what a purge has forgotten.
 */
import { mkdir, readdir } from "node:fs/promises";
import type { DiskCells } from "./disk-shared.ts";
import type { FileCalls } from "./file-calls.ts";
import type { IndexDb } from "./index-db.ts";
import type { Leaver, ObjectTable } from "./object-table.ts";
import {
  draftsPath,
  FOLDERS,
  folderPath,
  objectsPath,
  parseDraftName,
  parseObjectName,
  RANGE_IDS,
  unitsOf,
} from "./places.ts";
import { Slices } from "./slices.ts";

const ROWS = 500;

export async function makeFolders(root: string): Promise<void> {
  await mkdir(draftsPath(root), { recursive: true, mode: 0o700 });
  await mkdir(objectsPath(root), { recursive: true, mode: 0o700 });
  if ((await readdir(objectsPath(root))).length >= FOLDERS) return;
  for (let folder = 0; folder < FOLDERS; folder++)
    await mkdir(folderPath(root, folder), { recursive: true, mode: 0o700 });
}

/** `onLeaver`: an object that can't stay, and counts until it is removed. */
export async function loadIndex(
  index: IndexDb,
  table: ObjectTable,
  cells: DiskCells,
  onLeaver: (leaver: Leaver) => void,
): Promise<void> {
  const used = new Set(index.used);
  const firstOfNow = cells.rangesEnd * RANGE_IDS;
  const slices = new Slices();
  let next: number | undefined = -1;
  while (next !== undefined) {
    const { rows, next: after } = index.rowsAfter(next, ROWS);
    for (const row of rows) {
      // What was stored since came into the table another way.
      if (row.id >= firstOfNow) continue;
      cells.add(row.units);
      const { loading, leaver } = table.load(row, used.has(row.id));
      if (leaver !== undefined) onLeaver(leaver);
      if (loading !== "loaded") onLeaver({ id: row.id, units: row.units });
    }
    next = after;
    if (slices.isOver) await slices.pass();
  }
}

/** `isDead`: whether the draft is nobody's any more. Files that are not ours stay. */
export async function removeDrafts(
  root: string,
  calls: FileCalls,
  isDead: (id: number, thread: number) => boolean,
): Promise<void> {
  for (const name of await calls.list(draftsPath(root))) {
    const draft = parseDraftName(name);
    if (draft === undefined || !isDead(draft.id, draft.thread)) continue;
    await calls.remove(`${draftsPath(root)}/${name}`).catch(() => undefined);
  }
}

/** `index`: the one of the moment. `onGone`: units of a file that was removed. */
export async function removeStrays(
  root: string,
  calls: FileCalls,
  index: () => IndexDb,
  onGone: (units: number) => void,
  isOver: () => boolean,
): Promise<void> {
  const slices = new Slices();
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = folderPath(root, folder);
    for (const name of await calls.list(path).catch(() => [])) {
      const id = parseObjectName(name);
      if (slices.isOver) await slices.pass();
      if (isOver()) return;
      // A row comes before its file and goes after it, so what has none is nobody's.
      if (id === undefined || index().has(id)) continue;
      const bytes = await calls.stat(`${path}/${name}`).catch(() => 0);
      await calls.remove(`${path}/${name}`).then(
        () => onGone(unitsOf(bytes)),
        () => undefined,
      );
    }
  }
}
