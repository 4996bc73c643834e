/**
 * What a request with conditions gets from a stored answer (RFC 9110 §13, RFC 9111
 * §4.3.2), once it is decided that the stored answer is used.
 *
 * The rules, in order:
 *   1. If-Match and If-Unmodified-Since are for the origin alone: a request with one
 *      is not answered from the store, so a 412 only ever comes from there
 *   2. only GET and HEAD, and only where they would get 200 or 206 (§13.2.1)
 *   3. If-None-Match decides, by weak comparison; `*` matches whatever is stored
 *   4. without it If-Modified-Since, against Last-Modified, or Date where there is none
 *
 * If-Range is for `ranges.ts`.
 */
import { someMatchWeakly } from "./entity-tags.ts";
import type { StoredFacts } from "./facts.ts";
import { firstValue, withoutLines } from "./field-lines.ts";
import { parseHttpDate } from "./http-date.ts";
import type { CacheRequest } from "./request.ts";

/**
 * Its conditions are not for a cache to evaluate (RFC 9111 §4.3.2): it is to be forwarded with them,
 * whatever is stored.
 */
export function isForOrigin(request: CacheRequest): boolean {
  return request.ifMatch !== undefined || request.ifUnmodifiedSince !== undefined;
}

/** undefined: the answer itself, or its ranges. */
export function decideConditional(
  method: string,
  request: CacheRequest,
  facts: StoredFacts,
  storedLines: string,
): 304 | undefined {
  if (request.isPlain || (method !== "GET" && method !== "HEAD")) return undefined;
  if (facts.status !== 200 && facts.status !== 206) return undefined;
  const { ifNoneMatch, ifModifiedSince } = request;
  const isUnchanged =
    ifNoneMatch !== undefined
      ? matchesNone(ifNoneMatch, storedLines)
      : ifModifiedSince !== undefined && !isModifiedSince(ifModifiedSince, facts, storedLines);
  return isUnchanged ? 304 : undefined;
}

/** The fields of a 304 made of a stored answer (RFC 9110 §15.4.5), and what a browser asks before it shows one to a script. */
export function notModifiedLines(storedLines: string): string {
  return withoutLines(storedLines, (name) => !OF_304.has(name) && !name.startsWith("access-control-"));
}

const OF_304 = new Set([
  "cache-control",
  "cdn-cache-control",
  "content-location",
  "date",
  "etag",
  "expires",
  "last-modified",
  "vary",
]);

function matchesNone(ifNoneMatch: string, storedLines: string): boolean {
  if (ifNoneMatch === "*") return true;
  const etag = firstValue(storedLines, "etag");
  return etag !== undefined && someMatchWeakly(ifNoneMatch, etag);
}

/** What is no date, or more than one, is no condition (RFC 9110 §13.1.3): as if modified. */
function isModifiedSince(ifModifiedSince: string, facts: StoredFacts, storedLines: string): boolean {
  const sinceMs = parseHttpDate(ifModifiedSince, facts.storedMs);
  return !(modifiedMs(facts, storedLines) <= sinceMs);
}

function modifiedMs({ lastModifiedMs, storedMs }: StoredFacts, storedLines: string): number {
  if (!Number.isNaN(lastModifiedMs)) return lastModifiedMs;
  const date = firstValue(storedLines, "date");
  const dateMs = date === undefined ? Number.NaN : parseHttpDate(date, storedMs);
  return Number.isNaN(dateMs) ? storedMs : dateMs;
}
