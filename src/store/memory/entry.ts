/**
 * An entry as it lies in a ring: 128 bytes of numbers, then text and the body
 * without gaps, so that an answer's fields and its body are one piece. It knows
 * nothing of rings: it gets a cell to write at.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import { UNIT_BYTES } from "./layout.ts";

export const KEY_BYTES_MAX = 16 * 1024;

// Cells of an entry.
export const SIZE = 0;
export const KIND = 1;
export const HASH = 2;
export const STATUS = 3;
export const FLAGS = 4;
export const KEY_BYTES = 5;
export const VARY_NAMES_BYTES = 6;
export const VARY_KEY_BYTES = 7;
export const TAGS_BYTES = 8;
export const PEER_BYTES = 9;
export const REASON_BYTES = 10;
export const LINES_BYTES = 11;
export const HEAD_BYTES = 12;
const FACTS = 14;
export const TEXT = 32;

// Doubles, counted from the one at FACTS.
const STORED_MS = 0;
const INITIAL_AGE = 1;
const LIFETIME = 2;
const REVALIDATE = 3;
const ON_ERROR = 4;
const LAST_MODIFIED = 5;
const BODY_BYTES = 6;
const RANGE_FIRST = 7;
const WHOLE_BYTES = 8;

/** What fills the end of a ring where the next entry had no room. */
export const PAD = 0;
export const ENTRY = 1;

interface Memory {
  readonly cells: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
}

/** `StoredFacts` that can be written over. */
export interface MutableFacts {
  status: number;
  flags: number;
  storedMs: number;
  initialAgeMs: number;
  lifetimeMs: number;
  staleWhileRevalidateMs: number;
  staleIfErrorMs: number;
  lastModifiedMs: number;
  bodyBytes: number;
  rangeFirst: number;
  wholeBytes: number;
}

/** The key is filled up to whole words, which are compared as such. */
export function keyRoom(keyBytes: number): number {
  return (keyBytes + 3) & ~3;
}

/** What ends the field lines. A 204 must not have a length (RFC 9110 §8.6). */
export function headEnd(status: number, bodyBytes: number): string {
  return status === 204 ? "\r\n" : `Content-Length: ${bodyBytes}\r\n\r\n`;
}

/** Bytes of text before the field lines. */
export function textBytes(entry: NewEntry): number {
  const { key, varyNames, varyKey, tags, peer, reason } = entry;
  return keyRoom(key.length) + varyNames.length + varyKey.length + tags.length + peer.length + reason.length;
}

/** `text`: bytes of text before the head. */
export function entryUnits(text: number, headBytes: number, bodyBytes: number): number {
  return Math.ceil((TEXT * 4 + text + headBytes + bodyBytes) / UNIT_BYTES);
}

export function writePad(memory: Memory, cell: number, units: number): void {
  memory.cells[cell + SIZE] = units;
  memory.cells[cell + KIND] = PAD;
}

export function writeEntry(memory: Memory, cell: number, units: number, hash: number, entry: NewEntry): void {
  const { cells, bytes } = memory;
  writeSize(memory, cell, units, hash);
  cells[cell + KEY_BYTES] = entry.key.length;
  cells[cell + VARY_NAMES_BYTES] = entry.varyNames.length;
  cells[cell + VARY_KEY_BYTES] = entry.varyKey.length;
  cells[cell + TAGS_BYTES] = entry.tags.length;
  cells[cell + PEER_BYTES] = entry.peer.length;
  cells[cell + REASON_BYTES] = entry.reason.length;
  writeFacts(memory, cell, entry.facts, entry.facts.bodyBytes);

  let at = (cell + TEXT) * 4;
  // What the key leaves of its last word is zero.
  if ((entry.key.length & 3) !== 0) cells[cell + TEXT + (entry.key.length >> 2)] = 0;
  writeText(bytes, entry.key, at);
  at = writeText(bytes, entry.varyNames, at + keyRoom(entry.key.length));
  at = writeText(bytes, entry.varyKey, at);
  at = writeText(bytes, entry.tags, at);
  at = writeText(bytes, entry.peer, at);
  at = writeText(bytes, entry.reason, at);
  at = writeHead(memory, cell, at, entry.lines, headEnd(entry.facts.status, entry.facts.bodyBytes));
  for (const piece of entry.body) {
    bytes.set(piece, at);
    at += piece.length;
  }
}

/** The same entry with other facts and lines; `from` is the cell of the older one, whose text and body are copied. */
export function rewriteEntry(
  memory: Memory,
  cell: number,
  units: number,
  from: number,
  facts: StoredFacts,
  lines: string,
): void {
  const { cells, bytes } = memory;
  const text = (from + TEXT) * 4;
  const head = text + textBytesAt(cells, from);
  const body = head + cells[from + HEAD_BYTES]!;
  const bodyBytes = bodyBytesAt(memory, from);
  cells.copyWithin(cell, from, from + TEXT);
  writeSize(memory, cell, units, cells[from + HASH]!);
  writeFacts(memory, cell, facts, bodyBytes);
  bytes.copyWithin((cell + TEXT) * 4, text, head);
  const at = (cell + TEXT) * 4 + head - text;
  bytes.copyWithin(
    writeHead(memory, cell, at, lines, headEnd(facts.status, bodyBytes)),
    body,
    body + bodyBytes,
  );
}

export function textBytesAt(cells: Int32Array, cell: number): number {
  let bytes = keyRoom(cells[cell + KEY_BYTES]!);
  for (let index = VARY_NAMES_BYTES; index <= REASON_BYTES; index++) bytes += cells[cell + index]!;
  return bytes;
}

export function bodyBytesAt({ doubles }: Memory, cell: number): number {
  return doubles[(cell + FACTS) / 2 + BODY_BYTES]!;
}

function writeSize({ cells }: Memory, cell: number, units: number, hash: number): void {
  cells[cell + SIZE] = units;
  cells[cell + KIND] = ENTRY;
  cells[cell + HASH] = hash;
}

/** Returns where the body begins. */
function writeHead(memory: Memory, cell: number, at: number, lines: string, end: string): number {
  memory.cells[cell + LINES_BYTES] = lines.length;
  memory.cells[cell + HEAD_BYTES] = lines.length + end.length;
  return writeText(memory.bytes, end, writeText(memory.bytes, lines, at));
}

function writeFacts({ cells, doubles }: Memory, cell: number, facts: StoredFacts, bodyBytes: number): void {
  cells[cell + STATUS] = facts.status;
  cells[cell + FLAGS] = facts.flags;
  const at = (cell + FACTS) / 2;
  doubles[at + STORED_MS] = facts.storedMs;
  doubles[at + INITIAL_AGE] = facts.initialAgeMs;
  doubles[at + LIFETIME] = facts.lifetimeMs;
  doubles[at + REVALIDATE] = facts.staleWhileRevalidateMs;
  doubles[at + ON_ERROR] = facts.staleIfErrorMs;
  doubles[at + LAST_MODIFIED] = facts.lastModifiedMs;
  doubles[at + BODY_BYTES] = bodyBytes;
  doubles[at + RANGE_FIRST] = facts.rangeFirst;
  doubles[at + WHOLE_BYTES] = facts.wholeBytes;
}

export function readFacts({ cells, doubles }: Memory, cell: number, into: MutableFacts): void {
  into.status = cells[cell + STATUS]!;
  into.flags = cells[cell + FLAGS]!;
  const at = (cell + FACTS) / 2;
  into.storedMs = doubles[at + STORED_MS]!;
  into.initialAgeMs = doubles[at + INITIAL_AGE]!;
  into.lifetimeMs = doubles[at + LIFETIME]!;
  into.staleWhileRevalidateMs = doubles[at + REVALIDATE]!;
  into.staleIfErrorMs = doubles[at + ON_ERROR]!;
  into.lastModifiedMs = doubles[at + LAST_MODIFIED]!;
  into.bodyBytes = doubles[at + BODY_BYTES]!;
  into.rangeFirst = doubles[at + RANGE_FIRST]!;
  into.wholeBytes = doubles[at + WHOLE_BYTES]!;
}

export function storedMsAt(doubles: Float64Array, cell: number): number {
  return doubles[(cell + FACTS) / 2 + STORED_MS]!;
}

function writeText(bytes: Buffer, text: string, at: number): number {
  if (text.length > 0) bytes.latin1Write(text, at);
  return at + text.length;
}
