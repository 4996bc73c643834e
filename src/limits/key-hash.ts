/**
 * Keys of the shared tables: 64 bits in two words, from a text and a seed that
 * no client knows. Two texts that give the same 64 bits are taken for one; who
 * could make such a pair at will would share a limit with itself.
 */

/** Words are signed; made once for a text, and remembered. */
export interface KeyHash {
  readonly a: number;
  readonly b: number;
}

/** cyrb53, by its author in the public domain: two multiplicative hashes that are mixed at the end. */
export function hashKey(text: string, seed: number): KeyHash {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return { a, b };
}

const REMEMBERED_MAX = 4_096;

/** Hashes of the texts that were asked for lately. */
export class KeyMemo {
  readonly #seed: number;
  readonly #keyOf: (text: string) => string;
  readonly #hashes = new Map<string, KeyHash>();

  /** `keyOf` says as what a text counts. */
  constructor(seed: number, keyOf: (text: string) => string = (text) => text) {
    this.#seed = seed;
    this.#keyOf = keyOf;
  }

  of(text: string): KeyHash {
    return this.#hashes.get(text) ?? this.#remember(text);
  }

  #remember(text: string): KeyHash {
    // Whoever floods it with new texts costs the others one more hash each.
    if (this.#hashes.size >= REMEMBERED_MAX) this.#hashes.clear();
    const hash = hashKey(this.#keyOf(text), this.#seed);
    this.#hashes.set(text, hash);
    return hash;
  }
}
