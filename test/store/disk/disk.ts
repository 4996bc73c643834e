/** A disk in a folder of its own, with workers in this thread. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredFacts } from "../../../src/cache/facts.ts";
import type { DiskReport } from "../../../src/store/disk/disk-report.ts";
import type { FileCalls } from "../../../src/store/disk/file-calls.ts";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
import { type DiskEntry, DiskTier } from "../../../src/store/disk/tier.ts";
import type { NewEntry } from "../../../src/store/new-entry.ts";

export const MIB = 1024 * 1024;
export const NOW = Date.UTC(2026, 10, 21);

export interface Disk {
  readonly path: string;
  readonly keeper: DiskKeeper;
  readonly messages: string[];
  /** What workers have told, in order. */
  readonly reports: DiskReport[];
  /** Another worker. */
  tier(thread?: number, calls?: FileCalls): DiskTier;
}

export interface DiskOptions {
  readonly path?: string;
  readonly size?: number;
  readonly calls?: FileCalls;
}

const paths: string[] = [];

/** For `afterAll`. */
export function removeFolders(): void {
  for (const path of paths.splice(0)) rmSync(path, { recursive: true, force: true });
}

export function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "headgate-disk-"));
  paths.push(path);
  return path;
}

export async function openDisk({
  path = newFolder(),
  size = 64 * MIB,
  calls,
}: DiskOptions = {}): Promise<Disk> {
  const messages: string[] = [];
  const reports: DiskReport[] = [];
  const opened = await DiskKeeper.open({ path, size }, (message) => messages.push(message), calls);
  if (!opened.ok) throw new Error(opened.problem);
  const { keeper } = opened;
  await keeper.tidied;
  const tell = (report: DiskReport) => {
    reports.push(report);
    keeper.onReport(structuredClone(report));
  };
  const tier = (thread = 0, own = calls) => new DiskTier(keeper.shared, thread, tell, own);
  return { path, keeper, messages, reports, tier };
}

export function facts(changes: Partial<StoredFacts> = {}): StoredFacts {
  return {
    status: 200,
    flags: 0,
    storedMs: NOW,
    initialAgeMs: 0,
    lifetimeMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    lastModifiedMs: Number.NaN,
    bodyBytes: 0,
    rangeFirst: 0,
    wholeBytes: 0,
    ...changes,
  };
}

export function entry(key: string, body: Uint8Array, changes: Partial<NewEntry> = {}): NewEntry {
  return {
    key,
    facts: facts({ bodyBytes: body.length, wholeBytes: body.length }),
    varyNames: "",
    varyKey: "",
    tags: "",
    peer: "192.0.2.1",
    reason: "OK",
    lines: "Content-Type: text/plain\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\n",
    ...changes,
    body: [body],
  };
}

/** Bytes that no other seed gives. */
export function bodyOf(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = Math.imul(seed + 1, 2_654_435_761);
  for (let at = 0; at < words.length; at++) words[at] = state = Math.imul(state, 1_664_525) + 1_013_904_223;
  return Buffer.from(words.buffer, 0, length);
}

export async function store(
  tier: DiskTier,
  stored: NewEntry,
  { isKnown = true, piece = 100_000 } = {},
): Promise<boolean> {
  const { body, ...head } = stored;
  const whole = Buffer.concat(body);
  const writer = tier.begin(head, isKnown ? whole.length : undefined);
  if (writer === undefined) return false;
  for (let at = 0; at < whole.length; at += piece) {
    if (writer.write(whole.subarray(at, at + piece))) continue;
    await new Promise<void>((resolve) => {
      writer.onDrain = resolve;
    });
  }
  return writer.commit();
}

export function noVary(): string {
  return "";
}

export async function load(tier: DiskTier, key: string): Promise<Buffer | undefined> {
  const opened = await tier.open(key, noVary);
  if (opened === undefined) return undefined;
  const body = await readAll(opened);
  opened.close();
  return body;
}

/** Undefined: it was cut short. */
export async function readAll(opened: DiskEntry, stepBytes = MIB): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  const into = Buffer.alloc(stepBytes);
  for (let at = 0; at < opened.facts.bodyBytes; ) {
    const count = await opened.read(at, into);
    if (count <= 0) return undefined;
    pieces.push(Buffer.from(into.subarray(0, count)));
    at += count;
  }
  return Buffer.concat(pieces);
}

/** All files of objects. */
export function objectFiles(path: string): string[] {
  return readdirSync(join(path, "objects"), { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .sort();
}

export function draftFiles(path: string): string[] {
  return readdirSync(join(path, "tmp"));
}

/** Of all files, in whole units of 4 KiB. */
export function bytesOnDisk(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && found.name !== "lock.db")
    .reduce(
      (sum, found) =>
        sum +
        Math.ceil(
          (statSync(join(found.parentPath, found.name), { throwIfNoEntry: false })?.size ?? 0) / 4096,
        ) *
          4096,
      0,
    );
}

/** Until it is so, or for a few seconds. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + 5_000;
  while (!(await isSo())) {
    if (performance.now() > endMs) return false;
    await Bun.sleep(2);
  }
  return true;
}
