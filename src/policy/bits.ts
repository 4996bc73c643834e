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

export function hasBit(bits: Bits, at: number): boolean {
  return ((bits[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
}
