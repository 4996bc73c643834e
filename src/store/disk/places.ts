/**
 * Where things lie below the disk's path, and how they are numbered.
 *
 *   objects/ab/0123456789ab   what is stored; the folder is named by the last two digits, and made when it is needed
 *   tmp/0123456789ab-3        what is being written, by which thread
 *   index.db, lock.db         see index-db.ts and path-lock.ts
 */
import { join } from "node:path";

/** File systems give room in blocks of this size, most of them. */
export const UNIT_BYTES = 4_096;

/** Numbers of objects are handed out to workers in ranges of so many. */
export const RANGE_IDS = 2 ** 16;

const ID_DIGITS = 12;
const FOLDER_NAME = /^[0-9a-f]{2}$/;
const OBJECT_NAME = /^[0-9a-f]{12}$/;
const DRAFT_NAME = /^([0-9a-f]{12})-(\d{1,3})$/;

export function indexPath(root: string): string {
  return join(root, "index.db");
}

/** What an index that could not be read is renamed to. */
export function brokenIndexPath(root: string): string {
  return join(root, "index.broken");
}

export function lockPath(root: string): string {
  return join(root, "lock.db");
}

export function draftsPath(root: string): string {
  return join(root, "tmp");
}

export function objectsPath(root: string): string {
  return join(root, "objects");
}

export function objectPath(root: string, id: number): string {
  const name = nameOf(id);
  return `${root}/objects/${name.slice(-2)}/${name}`;
}

export function draftPath(root: string, id: number, thread: number): string {
  return `${root}/tmp/${nameOf(id)}-${thread}`;
}

export function isFolderName(name: string): boolean {
  return FOLDER_NAME.test(name);
}

/** Undefined for a file that is not ours. */
export function parseObjectName(name: string): number | undefined {
  return OBJECT_NAME.test(name) ? Number.parseInt(name, 16) : undefined;
}

export function parseDraftName(name: string): { readonly id: number; readonly thread: number } | undefined {
  const [, id, thread] = DRAFT_NAME.exec(name) ?? [];
  return id === undefined ? undefined : { id: Number.parseInt(id, 16), thread: Number(thread) };
}

/** A range of numbers that grows by one a second: those of an index that was lost do not come back. */
export function rangeOfNow(nowMs: number): number {
  return Math.floor((nowMs - Date.UTC(2024, 0, 1)) / 1_000);
}

export function unitsOf(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES);
}

function nameOf(id: number): string {
  return id.toString(16).padStart(ID_DIGITS, "0");
}
