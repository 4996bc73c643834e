/** Facts of a stored answer, of its few interesting ones, and field lines from an object. */
import { type StoredFacts, stored } from "../../src/cache/facts.ts";
import { firstValue } from "../../src/cache/field-lines.ts";
import { parseHttpDate } from "../../src/cache/http-date.ts";

/** Sun, 06 Nov 1994 08:49:37 GMT. */
export const NOW_MS = 784_111_777_000;

/** `Name: value` each, made field lines. */
export function linesOf(...fields: readonly string[]): string {
  return fields.map((field) => `${field}\r\n`).join("");
}

/** A 200 of 100 bytes, stored now, unless said otherwise; what its lines say of Last-Modified is among the facts. */
export function factsOf(parts: Partial<StoredFacts>, lines = ""): StoredFacts {
  const lastModified = firstValue(lines, "last-modified");
  return {
    status: 200,
    flags: 0,
    storedMs: NOW_MS,
    initialAgeMs: 0,
    lifetimeMs: 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    lastModifiedMs: lastModified === undefined ? Number.NaN : parseHttpDate(lastModified, NOW_MS),
    bodyBytes: 100,
    rangeFirst: 0,
    wholeBytes: 100,
    ...parts,
  };
}

/** A stored 206: these bytes of a whole of so many; -1 when nobody knows. */
export function partOf(first: number, last: number, wholeBytes: number): StoredFacts {
  return factsOf({
    status: 206,
    flags: stored.partial,
    bodyBytes: last - first + 1,
    rangeFirst: first,
    wholeBytes,
  });
}
