/**
 * Makes a list's memory (list-layout.ts) of hosts and ranges that come one by
 * one. What comes is only written down, its text as bytes, so that a million
 * names are no million strings; the table is made at the end, in slices, so that
 * the thread that does it can do other things between them.
 */
import type { Cidr } from "../address.ts";
import type { HostCover } from "./host.ts";
import {
  flag,
  HEADER_WORDS,
  hashEnd,
  hashStep,
  header,
  MAGIC,
  NAME_HEAD_BYTES,
  NAMES_BYTES_MAX,
  PLACE_BITS,
  PLACE_MASK,
} from "./layout.ts";
import { RangeCollector } from "./ranges.ts";

/** Names between two yields: about 2 ms. */
const SLICE = 8_192;

/** Slots for a name. With a third of them free a miss looks at four, and they share a cache line. */
const SLOTS_PER_NAME = 1.5;

const FLAGS: Readonly<Record<HostCover, number>> = {
  exact: flag.exact,
  below: flag.below,
  both: flag.exact | flag.below,
};
const EXCEPTION_SHIFT = 2;

export class ListBuilder {
  #names = new Uint8Array(4_096);
  #used = 0;
  #hosts = 0;
  #ranges = 0;
  #hasExceptions = false;
  readonly #entriesMax: number;
  readonly #ipv4 = new RangeCollector(1);
  readonly #ipv4Exceptions = new RangeCollector(1);
  readonly #ipv6 = new RangeCollector(4);
  readonly #ipv6Exceptions = new RangeCollector(4);

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** What was added, doubles too. */
  get count(): number {
    return this.#hosts + this.#ranges;
  }

  get isFull(): boolean {
    return this.count >= this.#entriesMax || this.#used + 256 > NAMES_BYTES_MAX;
  }

  /** `name` in ASCII and lower case, at most 253 characters. */
  addHost(name: string, covers: HostCover, isException: boolean): void {
    const bytes = sizeOf(name.length);
    if (this.#used + bytes > this.#names.length) this.#grow();
    const names = this.#names;
    const at = this.#used;
    names[at] = name.length;
    names[at + 1] = isException ? FLAGS[covers] << EXCEPTION_SHIFT : FLAGS[covers];
    for (let index = 0; index < name.length; index++) {
      names[at + NAME_HEAD_BYTES + index] = name.charCodeAt(index);
    }
    this.#used += bytes;
    this.#hosts++;
    this.#hasExceptions ||= isException;
  }

  addRange(range: Cidr, isException: boolean): void {
    const [plain, exceptions] =
      range.network.family === 4 ? [this.#ipv4, this.#ipv4Exceptions] : [this.#ipv6, this.#ipv6Exceptions];
    (isException ? exceptions : plain).add(range);
    this.#ranges++;
  }

  /** Yields now and then. Nothing may be added any more, and it is called once. */
  *build(seed: number): Generator<void, SharedArrayBuffer> {
    const slots = new Uint32Array(slotsFor(this.#hosts));
    const names = yield* this.#fill(slots, seed);
    const sets: Uint32Array[] = [];
    for (const set of this.#rangeSets()) sets.push(yield* set.merge());

    const rangeWords = sets.reduce((sum, set) => sum + set.length, 0);
    const namesAt = (HEADER_WORDS + slots.length + rangeWords) * 4;
    const buffer = new SharedArrayBuffer(namesAt + this.#used);
    const words = new Uint32Array(buffer, 0, namesAt / 4);
    words[header.magic] = MAGIC;
    words[header.seed] = seed;
    words[header.slots] = slots.length;
    words[header.names] = names;
    words[header.hasExceptions] = this.#hasExceptions ? 1 : 0;
    words[header.namesAt] = namesAt;
    words.set(slots, HEADER_WORDS);
    let at = HEADER_WORDS + slots.length;
    for (const [index, set] of sets.entries()) {
      words[header.ipv4 + index] = set.length / (index < 2 ? 2 : 8);
      words.set(set, at);
      at += set.length;
    }
    new Uint8Array(buffer, namesAt).set(this.#names.subarray(0, this.#used));
    return buffer;
  }

  /** Puts every name in its slot and moves it to the front, over those that were there twice. Returns how many are left. */
  *#fill(slots: Uint32Array, seed: number): Generator<void, number> {
    const names = this.#names;
    let kept = 0;
    let end = 0;
    for (let at = 0, seen = 0; at < this.#used; seen++) {
      if (seen % SLICE === SLICE - 1) yield;
      const bytes = sizeOf(names[at]!);
      if (place(slots, names, at, end, seed)) {
        names.copyWithin(end, at, at + bytes);
        end += bytes;
        kept++;
      }
      at += bytes;
    }
    this.#used = end;
    return kept;
  }

  #grow(): void {
    const grown = new Uint8Array(Math.min(this.#names.length * 1.5, NAMES_BYTES_MAX) & ~3);
    grown.set(this.#names);
    this.#names = grown;
  }

  /** In the order of the header. */
  #rangeSets(): readonly RangeCollector[] {
    return [this.#ipv4, this.#ipv4Exceptions, this.#ipv6, this.#ipv6Exceptions];
  }
}

/** Takes a slot for the name at `at`, which is to lie at `end`; false when it is there already, and has its flags now. */
function place(slots: Uint32Array, names: Uint8Array, at: number, end: number, seed: number): boolean {
  const length = names[at]!;
  let state = seed;
  for (let index = at + NAME_HEAD_BYTES + length - 1; index >= at + NAME_HEAD_BYTES; index--) {
    state = hashStep(state, names[index]!);
  }
  const hash = hashEnd(state);
  const tag = hash >>> PLACE_BITS;
  let slot = hash & (slots.length - 1);
  for (let word = slots[slot]!; word !== 0; word = slots[slot]!) {
    const other = ((word & PLACE_MASK) - 1) * 4;
    if (word >>> PLACE_BITS === tag && isSameName(names, at, other)) {
      names[other + 1] = names[other + 1]! | names[at + 1]!;
      return false;
    }
    slot = (slot + 1) & (slots.length - 1);
  }
  slots[slot] = ((tag << PLACE_BITS) | (end / 4 + 1)) >>> 0;
  return true;
}

function isSameName(names: Uint8Array, a: number, b: number): boolean {
  const length = names[a]!;
  if (length !== names[b]) return false;
  for (let index = NAME_HEAD_BYTES; index < NAME_HEAD_BYTES + length; index++) {
    if (names[a + index] !== names[b + index]) return false;
  }
  return true;
}

/** With its head, in whole words. */
function sizeOf(nameLength: number): number {
  return (NAME_HEAD_BYTES + nameLength + 3) & ~3;
}

function slotsFor(names: number): number {
  let slots = 2;
  while (slots < names * SLOTS_PER_NAME) slots *= 2;
  return slots;
}
