/**
 * A list as all workers read it: over one piece of shared memory (list-layout.ts)
 * that nobody writes any more. A host is read once from its right end, and every
 * suffix of it looked up on the way; nothing is allocated. Exceptions win, over
 * whatever else matches.
 */
import type { Address } from "../address.ts";
import type { HostList } from "../host-list.ts";
import {
  flag,
  HEADER_WORDS,
  hashEnd,
  hashStep,
  header,
  MAGIC,
  NAME_HEAD_BYTES,
  PLACE_BITS,
  PLACE_MASK,
} from "./layout.ts";
import { holdsIpv4, holdsIpv6 } from "./ranges.ts";

const DOT = 0x2e;

export interface ListSize {
  /** Names, each once, exceptions too. */
  readonly entries: number;
  /** Ranges that are left when those that touch are one; exceptions too. */
  readonly ranges: number;
  readonly bytes: number;
}

export class ListTable implements HostList {
  readonly hasRanges: boolean;
  readonly size: ListSize;
  readonly #words: Uint32Array;
  readonly #names: Uint8Array;
  readonly #seed: number;
  readonly #slots: number;
  readonly #hasExceptions: boolean;

  /** Throws when `buffer` is none that a ListBuilder made. */
  constructor(buffer: SharedArrayBuffer) {
    const words = new Uint32Array(buffer, 0, HEADER_WORDS);
    const at = (cell: number): number => words[cell] ?? 0;
    if (at(header.magic) !== MAGIC) throw new Error("Cannot use a list: its memory has another layout");
    this.#words = new Uint32Array(buffer, 0, at(header.namesAt) / 4);
    this.#names = new Uint8Array(buffer, at(header.namesAt));
    this.#seed = at(header.seed);
    this.#slots = at(header.slots);
    this.#hasExceptions = at(header.hasExceptions) !== 0;
    const ranges = at(header.ipv4) + at(header.ipv6);
    const exceptions = at(header.ipv4Exceptions) + at(header.ipv6Exceptions);
    this.hasRanges = ranges > 0;
    this.size = { entries: at(header.names), ranges: ranges + exceptions, bytes: buffer.byteLength };
  }

  /** `host` as a request is normalised: ASCII, lower case, no dot at the end. Never an address: those are ranges. */
  hasHost(host: string): boolean {
    let isListed = false;
    let hash = this.#seed;
    for (let at = host.length - 1; at >= 0; at--) {
      const code = host.charCodeAt(at);
      if (code === DOT) {
        const flags = this.#flagsOf(host, at + 1, hash);
        if ((flags & flag.belowException) !== 0) return false;
        if ((flags & flag.below) !== 0) {
          if (!this.#hasExceptions) return true;
          isListed = true;
        }
      }
      hash = hashStep(hash, code);
    }
    const flags = this.#flagsOf(host, 0, hash);
    return (flags & flag.exactException) === 0 && (isListed || (flags & flag.exact) !== 0);
  }

  hasAddress(address: Address): boolean {
    const words = this.#words;
    const ipv4 = words[header.ipv4]!;
    const ipv4Exceptions = words[header.ipv4Exceptions]!;
    const at = HEADER_WORDS + this.#slots;
    if (address.family === 4) {
      return holdsIpv4(words, at, ipv4, address) && !holdsIpv4(words, at + 2 * ipv4, ipv4Exceptions, address);
    }
    const ipv6At = at + 2 * (ipv4 + ipv4Exceptions);
    const ipv6 = words[header.ipv6]!;
    return (
      holdsIpv6(words, ipv6At, ipv6, address) &&
      !holdsIpv6(words, ipv6At + 8 * ipv6, words[header.ipv6Exceptions]!, address)
    );
  }

  /** Of the name that is `host` from `from` on, whose characters gave `state`; 0 when it is not there. */
  #flagsOf(host: string, from: number, state: number): number {
    const hash = hashEnd(state);
    const tag = hash >>> PLACE_BITS;
    const mask = this.#slots - 1;
    const length = host.length - from;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = this.#words[HEADER_WORDS + slot]!;
      if (word === 0) return 0;
      if (word >>> PLACE_BITS !== tag) continue;
      const name = ((word & PLACE_MASK) - 1) * 4;
      if (this.#names[name] === length && this.#isAt(name + NAME_HEAD_BYTES, host, from)) {
        return this.#names[name + 1]!;
      }
    }
  }

  #isAt(name: number, host: string, from: number): boolean {
    const names = this.#names;
    for (let at = from; at < host.length; at++) {
      if (names[name + at - from] !== host.charCodeAt(at)) return false;
    }
    return true;
  }
}
