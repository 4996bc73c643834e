/**
 * The htpasswd file, looked at often and read when it has changed: by time, size
 * or place on the disk. What changes between two looks is not yet whole (an empty
 * file would lock everybody out), and waits for a look that finds it as the last
 * one did.
 */
import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Account } from "./account.ts";
import { HTPASSWD_BYTES_MAX, parseHtpasswd } from "./htpasswd.ts";
import { reasonOf } from "./problems.ts";

export type Look =
  | { readonly result: "read"; readonly accounts: readonly Account[] }
  /** As it was at the last look that told more. */
  | { readonly result: "unchanged" }
  /** Somebody seems to be writing it: to be looked at again. */
  | { readonly result: "unsettled" }
  | { readonly result: "failed"; readonly problems: readonly string[] };

const ABSENT = "absent";

export class HtpasswdFile {
  readonly path: string;
  /** Undefined until the first look: what is there then is read at once. */
  #seen: string | undefined;
  /** What a look has told of. */
  #told: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** One call at a time. Never rejects. */
  async look(): Promise<Look> {
    try {
      return await this.#look();
    } catch (error) {
      const stamp = `${ABSENT}: ${reasonOf(error)}`;
      return this.#mayTell(stamp) ?? this.#fail(stamp, reasonOf(error));
    }
  }

  /** Has the next look read it, changed or not. */
  forget(): void {
    this.#told = undefined;
  }

  async #look(): Promise<Look> {
    const stats = await stat(this.path, { bigint: true });
    const stamp = stampOf(stats);
    const wait = this.#mayTell(stamp);
    if (wait !== undefined) return wait;
    // To open a pipe would wait for its other end.
    if (!stats.isFile()) return this.#fail(stamp, "it is no regular file");
    if (stats.size > HTPASSWD_BYTES_MAX) return this.#fail(stamp, "it is larger than 4 MiB");

    const file = await open(this.path);
    try {
      return await this.#read(file, stamp, Number(stats.size));
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle, stamp: string, size: number): Promise<Look> {
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    const after = stampOf(await file.stat({ bigint: true }));
    if (after !== stamp || bytesRead !== size) {
      this.#seen = after;
      return { result: "unsettled" };
    }
    const text = decode(bytes);
    if (text === undefined) return this.#fail(stamp, "it is not UTF-8");
    const { accounts, problems } = parseHtpasswd(text, this.path);
    this.#told = stamp;
    return problems.length > 0 ? { result: "failed", problems } : { result: "read", accounts };
  }

  /** Undefined: it is new, and has held still. */
  #mayTell(stamp: string): Look | undefined {
    const isSettled = this.#seen === undefined || this.#seen === stamp;
    this.#seen = stamp;
    if (stamp === this.#told) return { result: "unchanged" };
    return isSettled ? undefined : { result: "unsettled" };
  }

  #fail(stamp: string, why: string): Look {
    this.#told = stamp;
    return { result: "failed", problems: [`${this.path}: Cannot read the file: ${why}`] };
  }
}

/** The time of the last change of its state too, since a program may set the time of the last write back. */
function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
