/**
 * Fields as the model reads them, plainly: only what the sequences are made of is
 * understood, dates in one form and values without odd quotes.
 */
import { type Asking, type Fields, WHOLE_BYTES } from "./messages.ts";

export function has(fields: Fields, name: string): boolean {
  return first(fields, name) !== undefined;
}

export function first(fields: Fields, name: string): string | undefined {
  return fields.find(([each]) => each.toLowerCase() === name)?.[1];
}

export function value(fields: Fields, name: string): string | undefined {
  const values = fields.filter(([each]) => each.toLowerCase() === name).map(([, each]) => each);
  return values.length === 0 ? undefined : values.join(", ");
}

/** NaN for what is no date. */
export function timeOf(date: string | undefined): number {
  return date?.endsWith(" GMT") === true ? Date.parse(date) : Number.NaN;
}

export function wholeSecond(ms: number): number {
  return ms - (ms % 1000);
}

export function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}

export type Directives = ReadonlyMap<string, string | true>;

/** §5.2; of those that come twice the first (§4.2.1). */
export function directives(list = ""): Directives {
  const found = new Map<string, string | true>();
  for (const [, name = "", quoted, plain] of list.matchAll(/([^\s,="]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g)) {
    // With names of fields these two are others, which may come beside them, and add up.
    const isOfFields = /^(no-cache|private)$/i.test(name) && quoted !== undefined;
    const known = isOfFields ? `${name.toLowerCase()}=` : name.toLowerCase();
    const before = found.get(known);
    if (isOfFields && before !== undefined) found.set(known, `${before}, ${quoted}`);
    else if (before === undefined) found.set(known, quoted ?? plain ?? true);
  }
  return found;
}

/** Milliseconds; 0 for what is no number. */
export function millisOf(said: Directives, name: string): number {
  const argument = said.get(name);
  return typeof argument === "string" && /^\d+$/.test(argument)
    ? Math.min(Number(argument), 2 ** 31) * 1000
    : 0;
}

/** RFC 9213 §2.2: the targeted field, when it is a dictionary that makes sense, is the only one. */
export function controlOf(fields: Fields): Directives {
  return directives(value(fields, isTargeted(fields) ? "cdn-cache-control" : "cache-control"));
}

export function isTargeted(fields: Fields): boolean {
  return /^[a-z-]+(=\d+)?(, [a-z-]+(=\d+)?)*$/.test(value(fields, "cdn-cache-control") ?? "");
}

/** §5.4: Pragma counts where there is no Cache-Control. Ours: max-stale that is no number is no wish. */
export function wishesOf({ fields }: Asking): Directives {
  const isOld = !has(fields, "cache-control") && value(fields, "pragma") === "no-cache";
  return directives(isOld ? "no-cache" : value(fields, "cache-control")?.replaceAll("max-stale=x", ""));
}

/** §5.2.2.2, §5.2.2.8, §5.2.2.10. */
export function mustRevalidate(said: Directives): boolean {
  return (
    said.has("must-revalidate") ||
    said.has("proxy-revalidate") ||
    said.has("s-maxage") ||
    said.has("no-cache")
  );
}

export function location({ uri }: Asking, fields: Fields, name = "location"): string | undefined {
  const reference = first(fields, name);
  const origin = uri.slice(0, uri.indexOf("/", "http://".length));
  return reference?.startsWith("/") === true ? origin + reference : reference;
}

export function contentLocation(asking: Asking, fields: Fields): string | undefined {
  return location(asking, fields, "content-location");
}

export function contentRange(fields: Fields): ReadonlySet<number> {
  const [, from, to] = /^bytes (\d+)-(\d+)\//.exec(first(fields, "content-range") ?? "") ?? [];
  const isPossible = from !== undefined && Number(to) < WHOLE_BYTES;
  return new Set(isPossible ? range(Number(from), Number(to)) : []);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}

/** RFC 9110 §8.8.1, §8.8.2.2. */
export function strongValidator(fields: Fields): string | undefined {
  const tag = first(fields, "etag");
  if (tag !== undefined) return tag.startsWith("W/") ? undefined : tag;
  const isStrong = timeOf(first(fields, "date")) - timeOf(first(fields, "last-modified")) >= 1000;
  return isStrong ? first(fields, "last-modified") : undefined;
}
