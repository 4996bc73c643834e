/**
 * Stored parts of an answer (206): where they belong, what is missing, and when
 * two of them are one (RFC 9110 §15.3.7.3, RFC 9111 §3.3, §3.4).
 *
 * Parts are joined only by the same strong validator. Only a beginning is
 * completed: what is missing then follows as it comes, in one range.
 */
import { type StoredFacts, stored } from "./facts.ts";
import { firstValue, isNamed, nextLine, withoutLines } from "./field-lines.ts";
import { contentRangeLine } from "./ranges.ts";
import { strongValidator } from "./strong-validator.ts";
import { freshenedLines } from "./validation.ts";

/** Positions in the whole body, both included. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** -1: not known (`*`). */
  readonly wholeBytes: number;
}

export interface Combined extends ContentRange {
  /** With a Content-Range while there is still something missing. */
  readonly lines: string;
}

/** Numbers of up to 15 digits are exact. */
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\*|\d{1,15})$/i;

/** RFC 9110 §14.4. undefined: there is none, or more than one, or it makes no sense; or the body has several parts. */
export function parseContentRange(lines: string): ContentRange | undefined {
  const value = onlyValue(lines, "content-range");
  const [, from, to, whole] = (value !== undefined && CONTENT_RANGE.exec(value)) || [];
  if (from === undefined || to === undefined || whole === undefined) return undefined;
  const range = { first: Number(from), last: Number(to), wholeBytes: whole === "*" ? -1 : Number(whole) };
  if (range.last < range.first || (range.wholeBytes >= 0 && range.wholeBytes <= range.last)) return undefined;
  return isMultipart(lines) ? undefined : range;
}

/** A 206 that has all bytes is a whole answer (RFC 9110 §15.3.7.3). */
export function isComplete({ flags, bodyBytes, rangeFirst, wholeBytes }: StoredFacts): boolean {
  return (flags & stored.partial) === 0 || (rangeFirst === 0 && bodyBytes === wholeBytes);
}

/** What a stored part and the answer to another range make together; undefined: they are not of the same, or leave a gap. */
export function combineParts(
  part: { readonly facts: StoredFacts; readonly lines: string },
  answer: { readonly lines: string; readonly range: ContentRange },
): Combined | undefined {
  const { facts, lines } = part;
  const { range } = answer;
  const validator = strongValidator(lines, facts.storedMs);
  if (validator === undefined || validator !== strongValidator(answer.lines, facts.storedMs))
    return undefined;
  const known = facts.wholeBytes;
  if (known >= 0 && range.wholeBytes >= 0 && known !== range.wholeBytes) return undefined;

  const partLast = facts.rangeFirst + facts.bodyBytes - 1;
  if (range.first > partLast + 1 || facts.rangeFirst > range.last + 1) return undefined;
  const first = Math.min(facts.rangeFirst, range.first);
  const last = Math.max(partLast, range.last);
  const wholeBytes = Math.max(known, range.wholeBytes);
  if (wholeBytes >= 0 && last >= wholeBytes) return undefined;
  const updated = freshenedLines(lines, answer.lines);
  if (updated === undefined) return undefined;

  const isWhole = first === 0 && last === wholeBytes - 1;
  const placed = isWhole ? "" : contentRangeLine({ first, last }, wholeBytes);
  return {
    first,
    last,
    wholeBytes,
    lines: withoutLines(updated, (name) => name === "content-range") + placed,
  };
}

/**
 * Range and If-Range, as lines to add to a request, for what is missing of a beginning. The answer is a
 * 206 with it, or a 200 with another whole. undefined: it can't be completed, or lacks nothing.
 */
export function completionLines(facts: StoredFacts, storedLines: string): string | undefined {
  if (facts.rangeFirst !== 0 || facts.bodyBytes === 0 || isComplete(facts)) return undefined;
  const validator = strongValidator(storedLines, facts.storedMs);
  return validator && `Range: bytes=${facts.bodyBytes}-\r\nIf-Range: ${validator}\r\n`;
}

function isMultipart(lines: string): boolean {
  return /^multipart\/byteranges/i.test(firstValue(lines, "content-type") ?? "");
}

function onlyValue(lines: string, name: string): string | undefined {
  let count = 0;
  for (let at = 0; at < lines.length; at = nextLine(lines, at)) if (isNamed(lines, at, name)) count++;
  return count === 1 ? firstValue(lines, name) : undefined;
}
