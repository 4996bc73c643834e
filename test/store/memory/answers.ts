/**
 * Answers that say themselves what they are: the lines name the key, a version
 * and a checksum of the body, and the body begins with the key where it has
 * room. So any piece of another answer in it shows.
 */
import type { StoredFacts } from "../../../src/cache/facts.ts";
import type { Found } from "../../../src/store/memory/store.ts";
import type { NewEntry } from "../../../src/store/new-entry.ts";

export const NOW = Date.UTC(2026, 10, 21);

export interface Shape {
  readonly version?: number;
  readonly varyNames?: string;
  readonly varyKey?: string;
  readonly tags?: string;
  readonly storedMs?: number;
}

const NOISE_BYTES = 4 * 2 ** 20;
const noise = makeNoise();

export function facts(bodyBytes: number, storedMs = NOW): StoredFacts {
  return {
    status: 200,
    flags: 0,
    storedMs,
    initialAgeMs: 1_000,
    lifetimeMs: 60_000,
    staleWhileRevalidateMs: 2_000,
    staleIfErrorMs: 3_000,
    lastModifiedMs: Number.NaN,
    bodyBytes,
    rangeFirst: 0,
    wholeBytes: bodyBytes,
  };
}

/** `version` chooses the bytes, too. In two pieces, as bodies come. */
export function answer(key: string, bytes: number, shape: Shape = {}): NewEntry {
  const { version = 1, varyNames = "", varyKey = "", tags = "", storedMs = NOW } = shape;
  const body = new Uint8Array(bytes);
  const from = Math.imul(version, 7_919) & (NOISE_BYTES / 2 - 1);
  body.set(noise.subarray(from, from + bytes));
  if (bytes >= key.length) body.set(Buffer.from(key, "latin1"));
  const split = bytes >> 1;
  return {
    key,
    facts: facts(bytes, storedMs),
    varyNames,
    varyKey,
    tags,
    peer: "192.0.2.1",
    reason: "OK",
    lines: linesOf(key, version, body, "none"),
    body: split > 0 ? [body.subarray(0, split), body.subarray(split)] : [body],
  };
}

/** What a 304 made of the lines. */
export function freshened(lines: string, times: number): string {
  return lines.replace(/X-Fresh: .*\r\n/, `X-Fresh: ${"again ".repeat(times % 40)}\r\n`);
}

export function versionOf(lines: string): number {
  return Number(/X-Version: (\d+)/.exec(lines)?.[1]);
}

/** What is wrong with it: undefined when it is whole. "gone" when it was overwritten, which is no fault. */
export function findFault(found: Found, key: string): string | undefined {
  const bytes = found.headBytes + found.bodyBytes;
  const target = Buffer.alloc(bytes);
  if (!found.copy(target, 0, 0, bytes)) return "gone";
  const head = target.latin1Slice(0, found.headBytes);
  const body = target.subarray(found.headBytes);
  const named = /X-Key: (.*)\r\n/.exec(head)?.[1];
  if (named !== key) return `${key} has the lines of ${named}`;
  if (!head.endsWith(`Content-Length: ${body.length}\r\n\r\n`))
    return `${key} ends its lines with ${head.slice(-40)}`;
  if (!head.includes(`X-Sum: ${sumOf(body)}\r\n`)) return `${key} has another body`;
  if (body.length >= key.length && body.latin1Slice(0, key.length) !== key)
    return `${key} has the body of another`;
  if (found.reason() !== "OK" && !found.isGone) return `${key} has the reason ${found.reason()}`;
  return undefined;
}

function linesOf(key: string, version: number, body: Uint8Array, fresh: string): string {
  return `X-Key: ${key}\r\nX-Version: ${version}\r\nX-Sum: ${sumOf(body)}\r\nX-Fresh: ${fresh}\r\n`;
}

function sumOf(body: Uint8Array): number {
  return Bun.hash.crc32(body);
}

function makeNoise(): Uint8Array {
  const words = new Uint32Array(NOISE_BYTES / 4);
  let state = 1;
  for (const index of words.keys())
    words[index] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return new Uint8Array(words.buffer);
}
