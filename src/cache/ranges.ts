/**
 * Which bytes of a stored answer a request asks for (RFC 9110 §14).
 *
 * Range is ignored, and the whole is the answer, when
 *   - the method is not GET, or the answer is no 200 or 206 (§14.2)
 *   - If-Range does not hold (§13.1.5)
 *   - its unit is not bytes, it breaks the grammar, or asks for too many (§14.2)
 *
 * Ranges that overlap or touch become one, in the place of the first of them, so that
 * no byte is sent twice (§15.3.7.2).
 */
import { matchStrongly } from "./entity-tags.ts";
import type { StoredFacts } from "./facts.ts";
import { firstValue, trimmed } from "./field-lines.ts";
import { parseHttpDate } from "./http-date.ts";
import type { CacheRequest } from "./request.ts";
import { strongLastModified } from "./strong-validator.ts";

/** Positions in the whole body, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Asking for more than these is rarely meant well. */
const RANGES_MAX = 16;

const SPECIFIER = /^bytes=(.*)$/i;
const SPEC = /^(\d*)-(\d*)$/;

/**
 * undefined: the whole answer, as if there was no Range. Empty: none of them can be satisfied (416). Of a
 * part whose whole length nobody knows, what counts from the end is undefined too.
 */
export function decideRanges(
  method: string,
  request: CacheRequest,
  facts: StoredFacts,
  storedLines: string,
): readonly ByteRange[] | undefined {
  const { range, ifRange } = request;
  if (range === undefined || method !== "GET") return undefined;
  if (facts.status !== 200 && facts.status !== 206) return undefined;
  if (ifRange !== undefined && !holdsIfRange(ifRange, facts, storedLines)) return undefined;
  const specs = SPECIFIER.exec(range)?.[1]?.split(",");
  return specs === undefined ? undefined : resolve(specs, facts);
}

/** A whole line. A length of -1 is not known. */
export function contentRangeLine({ first, last }: ByteRange, wholeBytes: number): string {
  return `Content-Range: bytes ${first}-${last}/${wholeBytes < 0 ? "*" : wholeBytes}\r\n`;
}

/** The line that 416 says the length with (§14.4). */
export function unsatisfiedRangeLine(wholeBytes: number): string {
  return `Content-Range: bytes */${wholeBytes}\r\n`;
}

/** Only by a strong validator, and exactly (§13.1.5). */
function holdsIfRange(ifRange: string, { storedMs }: StoredFacts, storedLines: string): boolean {
  if (ifRange.endsWith('"')) return matchStrongly(ifRange, firstValue(storedLines, "etag") ?? "");
  const lastModified = strongLastModified(storedLines, storedMs);
  return (
    lastModified !== undefined && parseHttpDate(ifRange, storedMs) === parseHttpDate(lastModified, storedMs)
  );
}

/** undefined when one of them breaks the grammar, or there are too many. */
function resolve(specs: readonly string[], facts: StoredFacts): readonly ByteRange[] | undefined {
  const ranges: ByteRange[] = [];
  let count = 0;
  for (const spec of specs) {
    const text = trimmed(spec, 0, spec.length);
    if (text === "") continue;
    const range = resolveOne(text, facts.wholeBytes);
    if (range === undefined || ++count > RANGES_MAX) return undefined;
    if (range !== "unsatisfiable") addTo(ranges, range);
  }
  return count === 0 ? undefined : ranges;
}

/** §14.1.2. `wholeBytes` of -1: not known, as that of a part may be. */
function resolveOne(text: string, wholeBytes: number): ByteRange | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = SPEC.exec(text) ?? [];
  const isSuffix = from === "";
  if (isSuffix && to === "") return undefined;
  if (to === "" || isSuffix) {
    if (wholeBytes < 0) return undefined;
    const first = isSuffix ? Math.max(0, wholeBytes - Number(to)) : Number(from);
    // The last bytes of nothing can't be told in a Content-Range: the whole answer is as short.
    if (isSuffix && wholeBytes === 0 && Number(to) > 0) return undefined;
    return first < wholeBytes ? { first, last: wholeBytes - 1 } : "unsatisfiable";
  }
  const first = Number(from);
  const last = Number(to);
  if (last < first) return undefined;
  if (wholeBytes < 0) return { first, last };
  return first < wholeBytes ? { first, last: Math.min(last, wholeBytes - 1) } : "unsatisfiable";
}

/** Joins `range` with those that it overlaps or touches. */
function addTo(ranges: ByteRange[], range: ByteRange): void {
  let joined = range;
  let place = ranges.length;
  for (let at = ranges.length - 1; at >= 0; at--) {
    const other = ranges[at]!;
    if (other.first > joined.last + 1 || joined.first > other.last + 1) continue;
    joined = { first: Math.min(other.first, joined.first), last: Math.max(other.last, joined.last) };
    ranges.splice(at, 1);
    place = at;
  }
  ranges.splice(place, 0, joined);
}
