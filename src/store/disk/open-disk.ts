/** Folders, the lock and the index of a disk: what there must be before it can be used. */
import { mkdir } from "node:fs/promises";
import { codeOf } from "./file-calls.ts";
import { IndexDb, isCorrupt } from "./index-db.ts";
import { PathLock } from "./path-lock.ts";
import { draftsPath, objectsPath } from "./places.ts";

export type OpenedDisk =
  | {
      readonly ok: true;
      readonly lock: PathLock;
      readonly index: IndexDb;
    }
  | { readonly ok: false; readonly problem: string };

export async function openDisk(
  path: string,
  size: number,
  report: (message: string) => void,
): Promise<OpenedDisk> {
  let lock: PathLock | undefined;
  try {
    for (const folder of [draftsPath(path), objectsPath(path)])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    lock = PathLock.take(path);
    if (lock === undefined) return { ok: false, problem: `Cannot use ${path}: another Headgate is using it` };
    return { ok: true, lock, index: openIndex(path, size, report) };
  } catch (error) {
    lock?.release();
    return { ok: false, problem: `Cannot use ${path}: ${codeOf(error)}` };
  }
}

function openIndex(path: string, size: number, report: (message: string) => void): IndexDb {
  try {
    return IndexDb.open(path, size);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    report(`The cache in ${path} begins anew: its index can't be read (${codeOf(error)})`);
    IndexDb.setAside(path);
    return IndexDb.open(path, size);
  }
}
