/**
 * Sets of addresses as sorted pairs of first and last, none touching another:
 * collected in any order, merged in slices, searched by halving. An address is
 * one word for IPv4 and four for IPv6.
 */
import type { Address, Cidr } from "../address.ts";

/** Compares and copies between two yields: well below a millisecond. */
const SLICE = 16_384;

export class RangeCollector {
  count = 0;
  readonly #width: 1 | 4;
  #words = new Uint32Array(64);

  constructor(width: 1 | 4) {
    this.#width = width;
  }

  add({ network, mask }: Cidr): void {
    const at = this.count++ * 2 * this.#width;
    if (at + 2 * this.#width > this.#words.length) this.#grow();
    const words = this.#words;
    if (this.#width === 1) {
      words[at] = network.w3;
      words[at + 1] = network.w3 | ~mask.w3;
      return;
    }
    words.set([network.w0, network.w1, network.w2, network.w3], at);
    const last = [network.w0 | ~mask.w0, network.w1 | ~mask.w1, network.w2 | ~mask.w2, network.w3 | ~mask.w3];
    words.set(last, at + 4);
  }

  /** Yields now and then, returns the pairs. */
  *merge(): Generator<void, Uint32Array> {
    const width = this.#width;
    const order = yield* sortByFirst(this.#words, this.count, width);
    const merged = new Uint32Array(this.count * 2 * width);
    let used = 0;
    for (let index = 0; index < order.length; index++) {
      if (index % SLICE === SLICE - 1) yield;
      const at = order[index]! * 2 * width;
      const previous = used - width;
      if (previous > 0 && isReached(merged, previous, this.#words, at, width)) {
        if (compare(this.#words, at + width, merged, previous, width) <= 0) continue;
        merged.set(this.#words.subarray(at + width, at + 2 * width), previous);
      } else {
        merged.set(this.#words.subarray(at, at + 2 * width), used);
        used += 2 * width;
      }
    }
    return merged.subarray(0, used);
  }

  #grow(): void {
    const grown = new Uint32Array(this.#words.length * 2);
    grown.set(this.#words);
    this.#words = grown;
  }
}

/** Whether one of `count` pairs, `words[at]` onward, holds an IPv4 address. */
export function holdsIpv4(words: Uint32Array, at: number, count: number, address: Address): boolean {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (words[at + middle * 2]! <= address.w3) low = middle + 1;
    else high = middle;
  }
  return low > 0 && words[at + low * 2 - 1]! >= address.w3;
}

/** The same for IPv6: pairs of four words each. */
export function holdsIpv6(words: Uint32Array, at: number, count: number, address: Address): boolean {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIpv6(words, at + middle * 8, address) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compareIpv6(words, at + low * 8 - 4, address) >= 0;
}

function compareIpv6(words: Uint32Array, at: number, { w0, w1, w2, w3 }: Address): number {
  return words[at]! - w0 || words[at + 1]! - w1 || words[at + 2]! - w2 || words[at + 3]! - w3;
}

/** A merge sort of positions, from the bottom up, since it can stop anywhere. Sorted input costs one pass. */
function* sortByFirst(words: Uint32Array, count: number, width: number): Generator<void, Uint32Array> {
  let order = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  if (yield* isSorted(words, count, width)) return order;

  let other = new Uint32Array(count);
  let done = 0;
  for (let run = 1; run < count; run *= 2) {
    for (let start = 0; start < count; start += 2 * run) {
      const middle = Math.min(start + run, count);
      const end = Math.min(start + 2 * run, count);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft =
          right >= end ||
          (left < middle &&
            compare(words, order[left]! * 2 * width, words, order[right]! * 2 * width, width) <= 0);
        other[at] = takesLeft ? order[left++]! : order[right++]!;
        if (++done % SLICE === 0) yield;
      }
    }
    [order, other] = [other, order];
  }
  return order;
}

function* isSorted(words: Uint32Array, count: number, width: number): Generator<void, boolean> {
  for (let index = 1; index < count; index++) {
    if (index % SLICE === 0) yield;
    if (compare(words, (index - 1) * 2 * width, words, index * 2 * width, width) > 0) return false;
  }
  return true;
}

/** Whether the address at `next` is at most one behind that at `last`, so that the two ranges are one. */
function isReached(
  merged: Uint32Array,
  last: number,
  words: Uint32Array,
  next: number,
  width: number,
): boolean {
  if (compare(words, next, merged, last, width) <= 0) return true;
  for (let word = width - 1; word >= 0; word--) {
    const after = (merged[last + word]! + 1) >>> 0;
    if (words[next + word] !== after) return false;
    if (after !== 0) return compare(words, next, merged, last, word) === 0;
  }
  return false;
}

function compare(a: Uint32Array, atA: number, b: Uint32Array, atB: number, width: number): number {
  for (let word = 0; word < width; word++) {
    const difference = a[atA + word]! - b[atB + word]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
