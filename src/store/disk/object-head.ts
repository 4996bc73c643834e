/**
 * What a file says of the object in it. It has room for two heads of one size:
 * the first is as the object was stored and never changes; the second is what
 * the last validation made of it, if there was one. So a freshening that is cut
 * short leaves a file that is what it was before.
 *
 *   head, second head, [sums], body, [sums]
 *
 * The sums (`block-sums.ts`) come first where the length was known in advance,
 * and then one read brings all that is needed to begin.
 *
 * A head has a checksum over all of it, and one of the sums: whatever was
 * altered, shows.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import { sumOf } from "./block-sums.ts";

export interface ObjectHead extends Omit<NewEntry, "body"> {
  readonly id: number;
  /** Room for each of the two heads. */
  readonly roomBytes: number;
  readonly bodyAt: number;
  /** Where the sums are. */
  readonly sumsAt: number;
  /** Checksum of the sums. */
  readonly sumsSum: bigint;
}

const MAGIC = 0x31444748;

// Positions in a head.
const SUM = 0;
const FROM = 8;
const MAGIC_AT = 8;
const USED_AT = 12;
const ROOM_AT = 16;
const SECOND_AT = 20;
const SUMS_SUM = 24;
const DOUBLES = 32;
const FACTS = 14;
const LENGTHS = DOUBLES + FACTS * 8;
const TEXTS = 7;
const TEXT = LENGTHS + TEXTS * 4;

/** What lines may grow by when they are freshened, at least. */
const SPARE_BYTES = 192;
const ROOM_STEP = 256;

/** Where the second head begins, at the most; beyond, it would not be ours. */
const ROOM_MAX = 4 * 1024 * 1024;

export function roomBytesFor(entry: Omit<NewEntry, "body">): number {
  const bytes = TEXT + textsOf(entry).reduce((sum, text) => sum + text.length, 0) + SPARE_BYTES;
  return Math.ceil(bytes / ROOM_STEP) * ROOM_STEP;
}

/** Undefined: it does not fit into its room. */
export function encodeHead(head: ObjectHead, isSecond: boolean): Buffer | undefined {
  const texts = textsOf(head);
  const used = TEXT + texts.reduce((sum, text) => sum + text.length, 0);
  if (used > head.roomBytes) return undefined;
  const bytes = Buffer.alloc(head.roomBytes);
  bytes.writeUInt32LE(MAGIC, MAGIC_AT);
  bytes.writeUInt32LE(used, USED_AT);
  bytes.writeUInt32LE(head.roomBytes, ROOM_AT);
  bytes.writeUInt32LE(isSecond ? 1 : 0, SECOND_AT);
  bytes.writeBigUInt64LE(head.sumsSum, SUMS_SUM);
  doublesOf(head).forEach((value, index) => {
    bytes.writeDoubleLE(value, DOUBLES + index * 8);
  });
  let at = TEXT;
  texts.forEach((text, index) => {
    bytes.writeUInt32LE(text.length, LENGTHS + index * 4);
    at += bytes.latin1Write(text, at);
  });
  bytes.writeBigUInt64LE(sumOf(bytes.subarray(FROM, used)), SUM);
  return bytes;
}

/** How many bytes of a file hold its heads, from the first few of them; 0: it is no file of ours. */
export function headsBytes(bytes: Buffer): number {
  if (bytes.length < TEXT || bytes.readUInt32LE(MAGIC_AT) !== MAGIC) return 0;
  const room = bytes.readUInt32LE(ROOM_AT);
  return room <= ROOM_MAX ? room * 2 : 0;
}

/** From the beginning of a file, `headsBytes` at least. Undefined: it was altered. */
export function decodeHead(bytes: Buffer): ObjectHead | undefined {
  const room = headsBytes(bytes) / 2;
  if (room === 0 || bytes.length < room * 2) return undefined;
  const first = decode(bytes.subarray(0, room), 0);
  if (first === undefined) return undefined;
  const second = decode(bytes.subarray(room, room * 2), 1);
  return second !== undefined && isSameObject(first, second) ? second : first;
}

function decode(bytes: Buffer, isSecond: number): ObjectHead | undefined {
  const used = bytes.readUInt32LE(USED_AT);
  if (bytes.readUInt32LE(MAGIC_AT) !== MAGIC || bytes.readUInt32LE(SECOND_AT) !== isSecond) return undefined;
  if (used < TEXT || used > bytes.length) return undefined;
  if (bytes.readBigUInt64LE(SUM) !== sumOf(bytes.subarray(FROM, used))) return undefined;
  const doubles = Array.from({ length: FACTS }, (_, index) => bytes.readDoubleLE(DOUBLES + index * 8));
  const texts: string[] = [];
  let at = TEXT;
  for (let index = 0; index < TEXTS; index++) {
    const end = at + bytes.readUInt32LE(LENGTHS + index * 4);
    texts.push(bytes.latin1Slice(at, end));
    at = end;
  }
  const [id, bodyAt, sumsAt] = doubles as [number, number, number];
  const [key, varyNames, varyKey, tags, peer, reason, lines] = texts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const facts = factsOf(doubles.slice(3));
  const sumsSum = bytes.readBigUInt64LE(SUMS_SUM);
  return {
    id,
    roomBytes: bytes.readUInt32LE(ROOM_AT),
    bodyAt,
    sumsAt,
    sumsSum,
    facts,
    key,
    varyNames,
    varyKey,
    tags,
    peer,
    reason,
    lines,
  };
}

/** The second one may be left of what lay in these blocks before. */
function isSameObject(first: ObjectHead, second: ObjectHead): boolean {
  return (
    first.id === second.id &&
    first.sumsSum === second.sumsSum &&
    first.facts.bodyBytes === second.facts.bodyBytes &&
    first.bodyAt === second.bodyAt &&
    first.sumsAt === second.sumsAt
  );
}

function textsOf({ key, varyNames, varyKey, tags, peer, reason, lines }: Omit<NewEntry, "body">): string[] {
  return [key, varyNames, varyKey, tags, peer, reason, lines];
}

function doublesOf({ id, bodyAt, sumsAt, facts }: ObjectHead): number[] {
  return [
    id,
    bodyAt,
    sumsAt,
    facts.status,
    facts.flags,
    facts.storedMs,
    facts.initialAgeMs,
    facts.lifetimeMs,
    facts.staleWhileRevalidateMs,
    facts.staleIfErrorMs,
    facts.lastModifiedMs,
    facts.bodyBytes,
    facts.rangeFirst,
    facts.wholeBytes,
  ];
}

function factsOf(doubles: readonly number[]): StoredFacts {
  const [
    status,
    flags,
    storedMs,
    initialAgeMs,
    lifetimeMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    lastModifiedMs,
    bodyBytes,
    rangeFirst,
    wholeBytes,
  ] = doubles as [number, number, number, number, number, number, number, number, number, number, number];
  return {
    status,
    flags,
    storedMs,
    initialAgeMs,
    lifetimeMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    lastModifiedMs,
    bodyBytes,
    rangeFirst,
    wholeBytes,
  };
}
