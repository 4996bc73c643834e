/**
 * The file system as far as the store needs it; in tests it fails when it is told
 * to. Of what Bun has, calls with callbacks cost least (a call 25 to 35 µs of CPU
 * on two threads, whatever it does); what reads, writes and closes a small file
 * in one call costs as much as one of them.
 */
import * as fs from "node:fs";
import type { FileState } from "./verified-files.ts";

export interface FileCalls {
  open(path: string, mode: "read" | "change" | "create"): Promise<number>;
  /** Of an open file. Never waits: it was opened. */
  state(file: number): FileState;
  /** Bytes that were read; fewer than wanted at the end of the file alone. */
  read(file: number, into: Uint8Array, at: number): Promise<number>;
  /** All of them, or it fails. */
  write(file: number, bytes: Uint8Array, at: number): Promise<void>;
  close(file: number): Promise<void>;
  readWhole(path: string): Promise<Buffer>;
  /** A new file; fails when there is one. */
  writeWhole(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Bytes of a file. */
  stat(path: string): Promise<number>;
  list(path: string): Promise<string[]>;
  /** No matter if it is there. */
  makeFolder(path: string): Promise<void>;
}

const MODES = { read: "r", change: "r+", create: "wx+" } as const;

export const fileCalls: FileCalls = {
  open: (path, mode) => promised<number>((done) => fs.open(path, MODES[mode], 0o600, done)),
  state: (file) => fs.fstatSync(file),
  async read(file, into, at) {
    let done = 0;
    while (done < into.length) {
      const count = await promised<number>((end) =>
        fs.read(file, into, done, into.length - done, at + done, end),
      );
      if (count === 0) break;
      done += count;
    }
    return done;
  },
  async write(file, bytes, at) {
    let done = 0;
    while (done < bytes.length) {
      done += await promised<number>((end) =>
        fs.write(file, bytes, done, bytes.length - done, at + done, end),
      );
    }
  },
  close: (file) => promised<void>((done) => fs.close(file, (error) => done(error ?? null))),
  readWhole: (path) => promised<Buffer>((done) => fs.readFile(path, done)),
  writeWhole: (path, bytes) =>
    promised<void>((done) => fs.writeFile(path, bytes, { flag: "wx", mode: 0o600 }, (error) => done(error))),
  rename: (from, to) => promised<void>((done) => fs.rename(from, to, (error) => done(error))),
  remove: (path) => promised<void>((done) => fs.unlink(path, (error) => done(error))),
  stat: async (path) => (await promised<fs.Stats>((done) => fs.stat(path, done))).size,
  list: (path) => promised<string[]>((done) => fs.readdir(path, done)),
  makeFolder: (path) =>
    promised<void>((done) => fs.mkdir(path, { recursive: true, mode: 0o700 }, (error) => done(error))),
};

/** `EIO` and its like; of another error, its name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function promised<T>(
  call: (done: (error: NodeJS.ErrnoException | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
