/**
 * The key that is looked for, laid out as keys lie in entries: so it is compared
 * word by word, and no text is made of what is stored. Its hash is seeded, and
 * never 0.
 */
import { KEY_BYTES, KEY_BYTES_MAX, TEXT } from "./entry.ts";

export class WantedKey {
  hash = 0;
  #length = 0;
  #text = "";
  readonly #seed: number;
  readonly #cells: Int32Array;
  readonly #bytes: Buffer;

  constructor(seed: number) {
    const buffer = new ArrayBuffer(KEY_BYTES_MAX);
    this.#seed = seed >>> 0;
    this.#cells = new Int32Array(buffer);
    this.#bytes = Buffer.from(buffer);
  }

  /** False for a key that is too long to be stored. */
  set(key: string): boolean {
    // A miss asks several times for the same.
    if (key === this.#text && this.hash !== 0) return true;
    this.#length = key.length;
    if (key.length > KEY_BYTES_MAX) return false;
    this.#text = key;
    this.#cells[key.length >> 2] = 0;
    this.#bytes.latin1Write(key, 0);
    this.hash = hashOf(key, this.#seed);
    return true;
  }

  /** Whether the entry at this cell has it. What is just being overwritten compares as it may. */
  isOf(cells: Int32Array, entryCell: number): boolean {
    if (cells[entryCell + KEY_BYTES] !== this.#length) return false;
    const own = this.#cells;
    const words = (this.#length + 3) >> 2;
    const at = entryCell + TEXT;
    for (let index = 0; index < words; index++) {
      if (cells[at + index] !== own[index]) return false;
    }
    return true;
  }
}

export function hashOf(key: string, seed: number): number {
  return Bun.hash.xxHash32(key, seed) | 0 || 1;
}
