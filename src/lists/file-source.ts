/**
 * A list in a file. It is looked at often and read when it has changed: by time,
 * size or place on the disk, so that a file which was replaced is found as well
 * as one that was written over. What changes between two looks is not yet
 * whole, and waits for a look that finds it as the last one did.
 */
import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { LIST_BYTES_MAX, TOO_LARGE, takeIn } from "./intake.ts";
import { type Delivery, type ListSource, reasonOf } from "./source.ts";

const PIECE_BYTES = 64 * 1024;

export class FileSource implements ListSource {
  readonly shown: string;
  /** Undefined until the first look: what is there then is read at once. */
  #seen: string | undefined;
  /** What was read last, and what became of it. */
  #read: { readonly stamp: string; readonly problem: string | undefined } | undefined;
  /** Of the last good content. */
  #hadEntries = false;

  constructor(path: string) {
    this.shown = path;
  }

  async deliver(signal: AbortSignal): Promise<Delivery> {
    try {
      return await this.#look(signal);
    } catch (error) {
      return this.#fail(reasonOf(error));
    }
  }

  async #look(signal: AbortSignal): Promise<Delivery> {
    const stats = await stat(this.shown, { bigint: true });
    const stamp = stampOf(stats);
    const isSettled = this.#seen === undefined || this.#seen === stamp;
    this.#seen = stamp;
    if (this.#read?.stamp === stamp) {
      return this.#read.problem === undefined ? { result: "unchanged" } : this.#fail(this.#read.problem);
    }
    if (!isSettled) return { result: "unsettled" };
    // To open a pipe would wait for its other end.
    if (!stats.isFile()) return this.#fail("it is no regular file");

    const file = await open(this.shown);
    try {
      return await this.#readAll(file, stamp, signal);
    } finally {
      await file.close();
    }
  }

  async #readAll(file: FileHandle, stamp: string, signal: AbortSignal): Promise<Delivery> {
    const before = await file.stat({ bigint: true });
    if (before.size > LIST_BYTES_MAX) return this.#remember(stamp, TOO_LARGE);
    const list = await takeIn(piecesOf(file, signal), this.#hadEntries);

    const after = stampOf(await file.stat({ bigint: true }));
    if (after !== stamp) {
      this.#seen = after;
      return { result: "unsettled" };
    }
    if (!list.ok) return this.#remember(stamp, list.problem);
    this.#read = { stamp, problem: undefined };
    this.#hadEntries = list.holds === "entries";
    return { result: "loaded", list };
  }

  /** The same bytes would fail the same way: they are not read again until they change. */
  #remember(stamp: string, problem: string): Delivery {
    this.#read = { stamp, problem };
    return this.#fail(problem);
  }

  #fail(why: string): Delivery {
    return { result: "failed", problem: `Cannot read ${this.shown}: ${why}` };
  }
}

/** The time of the last change of its state too, since a program may set the time of the last write back. */
function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

async function* piecesOf(file: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}
