/** A bit for each rule of a policy, 32 to a word: what matches is found by ANDing words. */
export type Bits = Uint32Array;

export function noBits(count: number): Bits {
  return new Uint32Array(Math.ceil(count / 32));
}

/** Those positions of `items` for which `holds`. */
export function bitsOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): Bits {
  const bits = noBits(items.length);
  for (const [at, item] of items.entries()) if (holds(item)) setBit(bits, at);
  return bits;
}

export function setBit(bits: Bits, at: number): void {
  bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
}

export function clearBit(bits: Bits, at: number): void {
  bits[at >>> 5] = (bits[at >>> 5] ?? 0) & ~(1 << (at & 31));
}

export function hasBit(bits: Bits, at: number): boolean {
  return ((bits[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
}

/** The first position that is set, at `from` or behind it; -1 when there is none. */
export function nextBit(bits: Bits, from: number): number {
  let at = from >>> 5;
  let word = (bits[at] ?? 0) & (-1 << (from & 31));
  while (word === 0) {
    if (++at >= bits.length) return -1;
    word = bits[at] ?? 0;
  }
  return (at << 5) + 31 - Math.clz32(word & -word);
}
