/**
 * A body out of its file, block by block, each held against its checksum before
 * any of it is handed out. What begins at a block and has room for all of it is
 * read into place, several blocks in one call; the rest goes by a block of our own.
 *
 * Several may read at once, each at a position of its own.
 */
import { BLOCK_BYTES, type BlockSums } from "./block-sums.ts";
import type { OpenFile } from "./open-file.ts";
import type { VerifiedBlocks } from "./verified-files.ts";

/** `file`: its number, until it is closed. */
export interface FilePlace {
  readonly file: number;
  readonly at: number;
}

export class BlockReader {
  readonly #file: OpenFile;
  readonly #bodyAt: number;
  readonly #sums: BlockSums;
  readonly #verified: VerifiedBlocks | undefined;
  #last: { readonly index: number; readonly bytes: Buffer } | undefined;

  /** `verified`: where what was found as it was written is noted. */
  constructor(file: OpenFile, bodyAt: number, sums: BlockSums, verified?: VerifiedBlocks) {
    this.#file = file;
    this.#bodyAt = bodyAt;
    this.#sums = sums;
    this.#verified = verified;
  }

  /**
   * Some of the body's bytes from `at` on, at least one of those before `end`.
   * `end`: up to where there are whole blocks, or of a finished body its length.
   * -1: they are not what was written. Rejects when the file can't be read.
   */
  async read(at: number, into: Uint8Array, end: number): Promise<number> {
    if (at >= end || into.length === 0) return 0;
    const index = Math.floor(at / BLOCK_BYTES);
    const skip = at - index * BLOCK_BYTES;
    if (skip === 0 && into.length >= Math.min(BLOCK_BYTES, end - at)) return this.#readInto(index, into, end);
    const block = await this.#block(index, end);
    return block === undefined ? -1 : block.copy(into, 0, skip);
  }

  async #readInto(index: number, into: Uint8Array, end: number): Promise<number> {
    const at = index * BLOCK_BYTES;
    const fitting = into.length >= end - at ? end - at : Math.floor(into.length / BLOCK_BYTES) * BLOCK_BYTES;
    const bytes = into.subarray(0, fitting);
    const count = await this.#file.read(bytes, this.#bodyAt + at);
    let good = 0;
    for (let next = index; good < fitting; next++) {
      const block = bytes.subarray(good, Math.min(good + BLOCK_BYTES, fitting));
      if (good + block.length > count || !this.#holds(next, block)) break;
      good += block.length;
    }
    return good === 0 ? -1 : good;
  }

  async #block(index: number, end: number): Promise<Buffer | undefined> {
    if (this.#last?.index === index) return this.#last.bytes;
    const at = index * BLOCK_BYTES;
    // A new one each time: somebody else may still be copying out of the last.
    const bytes = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, end - at));
    const count = await this.#file.read(bytes, this.#bodyAt + at);
    if (count < bytes.length || !this.#holds(index, bytes)) return undefined;
    this.#last = { index, bytes };
    return bytes;
  }

  #holds(index: number, block: Uint8Array): boolean {
    const isWhole = this.#sums.holdsFor(index, block);
    if (isWhole) this.#verified?.add(index);
    return isWhole;
  }

  /** Where the bytes lie in the file, when they were all found as they were written and it has not changed since. */
  placeOf(at: number, end: number): FilePlace | undefined {
    if (this.#file.isClosed || this.#verified?.hasAll(at, end) !== true) return undefined;
    return this.#verified.isOf(this.#file.state)
      ? { file: this.#file.number, at: this.#bodyAt + at }
      : undefined;
  }
}
