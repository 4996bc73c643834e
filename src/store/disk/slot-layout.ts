/**
 * How the table of objects lies in shared memory: buckets of sixteen slots, in
 * each the tags first, so that whoever looks for a key that is not there reads
 * one cache line. A slot says where an object is and no more; what it is stands
 * in its file.
 *
 * The main thread alone writes slots, the tag first to 0 and last to the new one.
 * Any thread may set the bits of `anyone`.
 */
import type { KeyHash } from "../../limits/key-hash.ts";

export const WAYS = 16;

/** Cells of a slot, and those of a bucket by kind. */
export const SLOT_CELLS = 4;
export const BUCKET_CELLS = WAYS * SLOT_CELLS;
export const LOW = WAYS;
export const HIGH = WAYS * 2;
export const VERSION = WAYS * 3;

/** Of `HIGH`: the upper bits of the object's number. */
export const ID_MASK = 0xffff;

// Of HIGH, too.
/** Its file is read whole at once. */
export const SMALL = 1 << 16;
/** Stays when the hand of the clock comes by next. */
export const YOUNG = 1 << 17;

/** Bits that any thread may set. */
export const anyone = {
  used: 1 << 18,
  /** To be validated before it is used. */
  stale: 1 << 19,
  /** To be removed: it is not there any more. */
  gone: 1 << 20,
} as const;

/** 0 is an empty slot. */
export function tagOf(hash: KeyHash): number {
  return hash.a || 1;
}

export function idOf(low: number, high: number): number {
  return (high & ID_MASK) * 2 ** 32 + (low >>> 0);
}

export function highOf(id: number): number {
  return Math.floor(id / 2 ** 32) & ID_MASK;
}
