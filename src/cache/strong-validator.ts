/**
 * The validator of an answer that tells its bytes from any others' (RFC 9110
 * §8.8.1): what parts of it may be joined by, and If-Range may name.
 *
 * The rules, in order:
 *   1. an ETag decides, whether it is strong or not
 *   2. else Last-Modified, if the answer's Date is a second later or more: nothing
 *      can have changed within the second that it names (§8.8.2.2)
 */
import { isStrongTag } from "./entity-tags.ts";
import { firstValue } from "./field-lines.ts";
import { parseHttpDate } from "./http-date.ts";

const LATER_MS_MIN = 1000;

/** As it came: an ETag or a date. `nowMs` tells the century of a two-digit year. undefined: it has none that is strong. */
export function strongValidator(lines: string, nowMs: number): string | undefined {
  const etag = firstValue(lines, "etag");
  if (etag !== undefined) return isStrongTag(etag) ? etag : undefined;
  return strongLastModified(lines, nowMs);
}

/** Last-Modified as it came, where it is strong. */
export function strongLastModified(lines: string, nowMs: number): string | undefined {
  const lastModified = firstValue(lines, "last-modified");
  const date = firstValue(lines, "date");
  if (lastModified === undefined || date === undefined) return undefined;
  const laterMs = parseHttpDate(date, nowMs) - parseHttpDate(lastModified, nowMs);
  return laterMs >= LATER_MS_MIN ? lastModified : undefined;
}
