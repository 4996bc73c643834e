/**
 * How a list lies in memory, for who writes it and who reads it. One
 * SharedArrayBuffer, so that all workers share one copy:
 *
 *   header    16 words, below
 *   slots     a word each, a power of two of them: an open-addressing table of
 *             names. The upper 6 bits are those of the name's hash, so that most
 *             misses touch no name; the lower 26 its place, in words, plus one
 *   ranges    four sets of sorted pairs, first and last: IPv4 (a word an
 *             address) and its exceptions, IPv6 (four words) and its exceptions
 *   names     each: length, flags, characters; padded to whole words
 */

export const header = {
  magic: 0,
  seed: 1,
  slots: 2,
  names: 3,
  hasExceptions: 4,
  /** Where the names begin, in bytes. */
  namesAt: 5,
  /** Pairs in each set, in the order in which they stand. */
  ipv4: 6,
  ipv4Exceptions: 7,
  ipv6: 8,
  ipv6Exceptions: 9,
} as const;

export const HEADER_WORDS = 16;

/** Another layout gets another number: a reader never takes one for the other. */
export const MAGIC = 0x48_4c_00_01;

export const NAME_HEAD_BYTES = 2;
export const PLACE_BITS = 26;
export const PLACE_MASK = (1 << PLACE_BITS) - 1;
/** What 26 bits of words reach. */
export const NAMES_BYTES_MAX = (PLACE_MASK - 1) * 4;

export const flag = { exact: 1, below: 2, exactException: 4, belowException: 8 } as const;

/** Takes one more character, from the right end of a name to its left: every suffix is hashed on the way. */
export function hashStep(hash: number, code: number): number {
  const mixed = Math.imul(hash ^ code, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** Of the suffix taken so far: its low bits choose the slot, its upper 6 are kept there. */
export function hashEnd(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
