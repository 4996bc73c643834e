/**
 * Checksums of a body, one for each block of 256 KiB, so that no byte is handed
 * out before its block was found as it was written. xxHash3 takes 16 ms for a
 * GiB; reading one from the page cache takes 80.
 */

export const BLOCK_BYTES = 256 * 1024;

const SUM_BYTES = 8;

export function sumOf(bytes: Uint8Array): bigint {
  return Bun.hash.xxHash3(bytes);
}

export function tableBytes(bodyBytes: number): number {
  return Math.ceil(bodyBytes / BLOCK_BYTES) * SUM_BYTES;
}

/** The sums of a body in order, as they are written to the file. */
export class BlockSums {
  #bytes: Buffer;
  #count = 0;

  constructor(bytes: Buffer = Buffer.alloc(SUM_BYTES * 4)) {
    this.#bytes = bytes;
  }

  /** As they were read from a file. */
  static of(bytes: Buffer): BlockSums {
    const sums = new BlockSums(bytes);
    sums.#count = bytes.length / SUM_BYTES;
    return sums;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * SUM_BYTES);
  }

  /** The next block. */
  add(block: Uint8Array): void {
    const at = this.#count * SUM_BYTES;
    if (at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], at * 2);
    this.#bytes.writeBigUInt64LE(sumOf(block), at);
    this.#count++;
  }

  holdsFor(index: number, block: Uint8Array): boolean {
    return index < this.#count && this.#bytes.readBigUInt64LE(index * SUM_BYTES) === sumOf(block);
  }
}
