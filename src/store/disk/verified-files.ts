/**
 * Which blocks of which files this worker has read and found as they were written. It
 * holds as long as the file is what it was then: any write to it changes its times.
 * Whoever sends such blocks need not read them again.
 */
import { BLOCK_BYTES } from "./block-sums.ts";

export interface FileState {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** A file's times count in steps: one that was changed just now may be changed again within the same step. */
const SETTLED_MS = 100;

const FILES_MAX = 1_024;

/** Of one file, in one state. */
export class VerifiedBlocks {
  readonly #state: FileState;
  readonly #isSettled: boolean;
  readonly #bits: Uint8Array;

  constructor(state: FileState, bodyBytes: number, nowMs: number) {
    this.#state = state;
    this.#isSettled = nowMs - Math.max(state.ctimeMs, state.mtimeMs) > SETTLED_MS;
    this.#bits = new Uint8Array(Math.ceil(bodyBytes / BLOCK_BYTES / 8));
  }

  isOf({ ino, size, mtimeMs, ctimeMs }: FileState): boolean {
    const state = this.#state;
    return (
      this.#isSettled &&
      state.ino === ino &&
      state.size === size &&
      state.mtimeMs === mtimeMs &&
      state.ctimeMs === ctimeMs
    );
  }

  add(block: number): void {
    this.#bits[block >> 3]! |= 1 << (block & 7);
  }

  /** Positions in the body. */
  hasAll(from: number, to: number): boolean {
    for (let block = Math.floor(from / BLOCK_BYTES); block * BLOCK_BYTES < to; block++) {
      if ((this.#bits[block >> 3]! & (1 << (block & 7))) === 0) return false;
    }
    return true;
  }
}

export class VerifiedFiles {
  /** By number of the object; those that were opened last are at the end. */
  readonly #files = new Map<number, VerifiedBlocks>();

  /** Of the file as it is now. `nowMs`: milliseconds since the epoch. */
  of(id: number, state: FileState, bodyBytes: number, nowMs: number): VerifiedBlocks {
    const known = this.#files.get(id);
    const blocks = known?.isOf(state) === true ? known : new VerifiedBlocks(state, bodyBytes, nowMs);
    this.#files.delete(id);
    this.#files.set(id, blocks);
    if (this.#files.size > FILES_MAX) this.#files.delete(this.#files.keys().next().value!);
    return blocks;
  }
}
