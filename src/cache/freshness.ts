/**
 * How long an answer is fresh, and how old it came (RFC 9111 §4.2.1 to §4.2.3).
 *
 * The lifetime, the first that applies:
 *   1. `s-maxage`
 *   2. `max-age`
 *   3. Expires less Date; 0 for one that is malformed
 *   4. a guess: a tenth of the time since Last-Modified, a day at most, for a
 *      status that allows it or with `public` (§4.2.2)
 *   5. none: 0
 */
import type { AnswerFields } from "./answer-fields.ts";
import { parseDeltaMs, type ResponseControl } from "./control.ts";
import { parseHttpDate } from "./http-date.ts";

/** Since the epoch: when the request was sent, when the head of its answer came. */
export interface FetchTimes {
  readonly requestMs: number;
  readonly responseMs: number;
}

export interface Lifetime {
  readonly ms: number;
  readonly from: "explicit" | "heuristic" | "nothing";
}

const HEURISTIC_PART = 0.1;
const HEURISTIC_MS_MAX = 86_400_000;

/** RFC 9110 §15.1. */
const HEURISTIC_STATUSES = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Whether a status allows a lifetime that its origin did not give. */
export function allowsHeuristics(status: number): boolean {
  return HEURISTIC_STATUSES.has(status);
}

/** `expires` is undefined where it does not count; `dateMs` is Date's, or the time of the answer. */
export function lifetimeOf(
  status: number,
  control: ResponseControl,
  expires: string | undefined,
  lastModifiedMs: number,
  dateMs: number,
): Lifetime {
  const maxAgeMs = control.sMaxAgeMs ?? control.maxAgeMs;
  if (maxAgeMs !== undefined) return { ms: maxAgeMs, from: "explicit" };
  if (expires !== undefined)
    return { ms: notNegative(parseHttpDate(expires, dateMs) - dateMs), from: "explicit" };
  if (!allowsHeuristics(status) && !control.isPublic) return { ms: 0, from: "nothing" };
  const guessMs = notNegative((dateMs - lastModifiedMs) * HEURISTIC_PART);
  if (guessMs === 0) return { ms: 0, from: "nothing" };
  return { ms: Math.min(guessMs, HEURISTIC_MS_MAX), from: "heuristic" };
}

/** What Date says; NaN, when it is missing or malformed, becomes the time of the answer (RFC 9110 §6.6.1). */
export function dateMsOf(statedMs: number, responseMs: number): number {
  return Number.isNaN(statedMs) ? wholeSecond(responseMs) : statedMs;
}

/** corrected_initial_age of §4.2.3. */
export function initialAgeMs(fields: AnswerFields, dateMs: number, times: FetchTimes): number {
  // Date has whole seconds: what is left of ours is no age.
  const apparentMs = notNegative(wholeSecond(times.responseMs) - dateMs);
  const delayMs = notNegative(times.responseMs - times.requestMs);
  return Math.max(apparentMs, parseAge(fields.age) + delayMs);
}

/** Of a list the first number; what is none is no age (RFC 9111 §5.1). */
function parseAge(age: string | undefined): number {
  if (age === undefined) return 0;
  const comma = age.indexOf(",");
  return parseDeltaMs(comma < 0 ? age : age.slice(0, comma).trimEnd()) ?? 0;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** 0 for NaN. */
function notNegative(ms: number): number {
  return ms > 0 ? ms : 0;
}
