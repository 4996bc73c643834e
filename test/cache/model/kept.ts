/**
 * A stored answer of the model: what it was, and what became of it. Fields, age and
 * lifetime are worked out anew each time (RFC 9111 §3, §3.2, §4.2).
 */
import {
  contentLocation,
  controlOf,
  directives,
  first,
  has,
  isTargeted,
  millisOf,
  mustRevalidate,
  opaque,
  timeOf,
  value,
  wholeSecond,
} from "./fields.ts";
import type { Asking, Fields, Telling, Times } from "./messages.ts";

/** A stored answer: its base, and what later answers changed of it. */
export interface KeptModel {
  readonly uri: string;
  readonly base: Telling;
  readonly history: readonly { readonly asking: Asking; readonly fields: Fields; readonly times: Times }[];
  /** The positions of the bytes that are stored. */
  readonly bytes: ReadonlySet<number>;
  readonly body: string;
  /** A HEAD said that it is no longer what GET would give (§4.3.5). */
  readonly isOutdated: boolean;
}

/** §3, in its order. */
export function mayBeStored(asking: Asking, kept: KeptModel): boolean {
  const { status } = kept.base;
  const last = kept.history.at(-1)!;
  const fields = kept.history.length === 1 ? last.fields : fieldsOf(kept);
  const said = controlOf(fields);
  const isExplicit =
    said.has("max-age") || said.has("s-maxage") || (!isTargeted(fields) && has(fields, "expires"));
  // RFC 9110 §9.3.3, §8.7: an answer to POST, when it says that it is what GET would give. Ours: a 200 alone.
  const isForGet =
    asking.method === "POST" &&
    isExplicit &&
    status === 200 &&
    contentLocation(asking, fields) === asking.uri;
  const isComparison = kept.history.length > 1;
  if (asking.method !== "GET" && !isForGet && !isComparison) return false;
  if (status === 304 || (status === 206 && kept.bytes.size === 0)) return false;
  if (directives(value(asking.fields, "cache-control")).has("no-store")) return false;
  if (said.has("must-understand")) {
    if (status === 599) return false;
  } else if (said.has("no-store")) return false;
  if (said.has("private")) return false;
  if (
    has(asking.fields, "authorization") &&
    !said.has("public") &&
    !said.has("must-revalidate") &&
    !said.has("s-maxage")
  )
    return false;
  if (!isExplicit && !said.has("public") && !isHeuristic(status)) return false;
  if (value(fields, "vary")?.includes("*") === true) return false;
  // Ours: cookies make an answer personal, unless it says how long it is fresh, or that it is public (§7.3).
  const hasCookies = has(fields, "set-cookie") || has(asking.fields, "cookie");
  if (hasCookies && !isExplicit && !said.has("public")) return false;
  // Ours: nothing that could never be used, fresh, stale or after validation.
  if (validators(kept) !== "") return true;
  if (said.has("no-cache")) return false;
  const isEverStale =
    !mustRevalidate(said) &&
    (millisOf(said, "stale-while-revalidate") > 0 || millisOf(said, "stale-if-error") > 0);
  return lifetimeMs(kept) > 0 || isEverStale;
}

export function updated(kept: KeptModel, asking: Asking, { fields }: Telling, times: Times): KeptModel {
  return { ...kept, history: [...kept.history, { asking, fields, times }], isOutdated: false };
}

/** §4.3.4: whether a 304 is about this one. */
export function isAbout(kept: KeptModel, telling: Telling): boolean {
  const stored = fieldsOf(kept);
  const tag = first(telling.fields, "etag");
  const storedTag = first(stored, "etag");
  if (tag !== undefined && storedTag !== undefined)
    return tag.startsWith("W/") ? opaque(tag) === opaque(storedTag) : tag === storedTag;
  const date = first(telling.fields, "last-modified");
  return date === undefined || date === first(stored, "last-modified");
}

/** The fields that a stored answer has by now (§3.2), those withheld from others left out (§5.2.2.4, §5.2.2.7). */
export function fieldsOf(kept: KeptModel): Fields {
  let fields = kept.base.fields;
  for (const { fields: update, times } of kept.history.slice(1)) {
    const news = withDate(update, times).filter(
      ([name]) => !["content-length", "content-range", "content-encoding"].includes(name.toLowerCase()),
    );
    const names = new Set(["age", ...news.map(([name]) => name.toLowerCase())]);
    fields = withoutWithheld([...fields.filter(([name]) => !names.has(name.toLowerCase())), ...news]);
  }
  return fields;
}

/** RFC 9110 §6.6.1: without a Date, or with one that is none, it is the time of receipt. */
export function withDate(fields: Fields, { responseMs }: Times): Fields {
  if (!Number.isNaN(timeOf(first(fields, "date")))) return fields;
  return [
    ...fields.filter(([name]) => name.toLowerCase() !== "date"),
    ["Date", new Date(responseMs).toUTCString()],
  ];
}

export function withoutWithheld(fields: Fields): Fields {
  const said = controlOf(fields);
  const withheld = ["no-cache=", "private="].flatMap((name) => {
    const names = said.get(name);
    return typeof names === "string" ? names.toLowerCase().split(/ *, */) : [];
  });
  return fields.filter(([name]) => !withheld.includes(name.toLowerCase()));
}

/** §4.3.1. */
export function validators(kept: KeptModel): string {
  const fields = fieldsOf(kept);
  return [first(fields, "etag"), first(fields, "last-modified")]
    .filter((each) => each !== undefined)
    .join(" ");
}

/** §4.2.3. Date has whole seconds, so what is left of ours is no age. */
export function ageMs(kept: KeptModel, nowMs: number): number {
  const { times, fields: received } = kept.history.at(-1)!;
  const dateMs = timeOf(first(fieldsOf(kept), "date"));
  const apparentAge = Math.max(0, wholeSecond(times.responseMs) - dateMs);
  // §5.1: of several the first.
  const ageText = first(received, "age")?.split(",")[0] ?? "";
  const ageValue = /^\d+$/.test(ageText) ? Math.min(Number(ageText), 2 ** 31) * 1000 : 0;
  const correctedAge = ageValue + (times.responseMs - times.requestMs);
  return Math.max(apparentAge, correctedAge) + (nowMs - times.responseMs);
}

/** §4.2.1. What is said, and makes no sense, is stale. */
export function lifetimeMs(kept: KeptModel): number {
  const fields = fieldsOf(kept);
  const said = controlOf(fields);
  const dateMs = timeOf(first(fields, "date"));
  for (const name of ["s-maxage", "max-age"]) if (said.has(name)) return millisOf(said, name);
  const expires = isTargeted(fields) ? undefined : first(fields, "expires");
  if (expires !== undefined) return Math.max(0, timeOf(expires) - dateMs) || 0;
  // §4.2.2. Ours: a tenth, and a day at most.
  const lastModifiedMs = timeOf(first(fields, "last-modified"));
  if (Number.isNaN(lastModifiedMs) || (!isHeuristic(kept.base.status) && !said.has("public"))) return 0;
  return Math.min(Math.max(0, (dateMs - lastModifiedMs) * 0.1), 24 * 3600 * 1000);
}

export function freshMs(kept: KeptModel, nowMs: number): number {
  const leftMs = lifetimeMs(kept) - ageMs(kept, nowMs);
  return kept.isOutdated ? Math.min(0, leftMs) : leftMs;
}

/** RFC 9110 §15.1. */
export function isHeuristic(status: number): boolean {
  return [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501].includes(status);
}
