/** Whether the model uses a stored answer, and what a client gets of it (RFC 9111 §4, RFC 9110 §13, §14). */
import {
  controlOf,
  first,
  millisOf,
  mustRevalidate,
  opaque,
  range,
  strongValidator,
  timeOf,
  value,
  wishesOf,
} from "./fields.ts";
import { ageMs, fieldsOf, freshMs, type KeptModel, lifetimeMs } from "./kept.ts";
import { type Asking, WHOLE_BYTES } from "./messages.ts";

/** §4.2.4, §5.2.1, RFC 5861 §3, RFC 8246 §2. */
export function useOf(
  kept: KeptModel,
  asking: Asking,
  nowMs: number,
): "fresh" | "stale" | "revalidating" | "validate" {
  const wants = wishesOf(asking);
  const said = controlOf(fieldsOf(kept));
  if (said.has("no-cache") || wants.has("no-cache")) return "validate";
  const age = ageMs(kept, nowMs);
  const leftMs = freshMs(kept, nowMs);
  const isFresh = leftMs > 0;
  const isImmutable = isFresh && said.has("immutable");
  if (wants.has("max-age") && age > millisOf(wants, "max-age") && !isImmutable) return "validate";
  if (wants.has("min-fresh")) return isFresh && leftMs >= millisOf(wants, "min-fresh") ? "fresh" : "validate";
  if (isFresh) return "fresh";
  if (mustRevalidate(said)) return "validate";
  const allowed = wants.get("max-stale");
  if (allowed === true || (allowed !== undefined && -leftMs <= millisOf(wants, "max-stale"))) return "stale";
  // §5.2.1.1: with max-age alone a client wants nothing stale.
  if (!wants.has("max-age") && -leftMs < millisOf(said, "stale-while-revalidate")) return "revalidating";
  return "validate";
}

/** §4.2.4: disconnected, or RFC 5861 §4. */
export function isServedOnError(
  kept: KeptModel,
  asking: Asking,
  cause: "unreachable" | "error",
  nowMs: number,
): boolean {
  const wants = wishesOf(asking);
  const said = controlOf(fieldsOf(kept));
  if (said.has("no-cache") || wants.has("no-cache") || wants.has("min-fresh")) return false;
  if (wants.has("max-age") && ageMs(kept, nowMs) > millisOf(wants, "max-age")) return false;
  const leftMs = freshMs(kept, nowMs);
  if (leftMs > 0) return true;
  if (mustRevalidate(said)) return false;
  const limit = Math.max(millisOf(said, "stale-if-error"), millisOf(wants, "stale-if-error"));
  return limit > 0 ? ageMs(kept, nowMs) - lifetimeMs(kept) <= limit : cause === "unreachable";
}

/** RFC 9110 §14.2, §13.1.5: positions of bytes; undefined when Range is ignored. */
export function wantedBytes(kept: KeptModel, { method, fields }: Asking): ReadonlySet<number> | undefined {
  const specs = value(fields, "range");
  if (method !== "GET" || specs === undefined || ![200, 206].includes(kept.base.status)) return undefined;
  const stored = fieldsOf(kept);
  const condition = value(fields, "if-range");
  const isTag = condition?.endsWith('"') === true;
  const strong = strongValidator(isTag ? stored : stored.filter(([name]) => name.toLowerCase() !== "etag"));
  if (condition !== undefined && condition !== strong) return undefined;
  const wanted = specs
    .replace("bytes=", "")
    .split(",")
    .flatMap((spec) => {
      const [from = "", to = ""] = spec.split("-");
      if (from === "") return range(WHOLE_BYTES - Number(to), WHOLE_BYTES - 1);
      return range(Number(from), to === "" ? WHOLE_BYTES - 1 : Number(to));
    });
  return new Set(wanted.filter((at) => at >= 0 && at < WHOLE_BYTES));
}

/** What a client gets of a stored answer: 304, a part, or all; and how old it is. */
export function servedText(kept: KeptModel, asking: Asking, nowMs: number): string {
  const status = isNotModified(kept, asking) ? 304 : undefined;
  const wanted = status === undefined ? wantedBytes(kept, asking) : undefined;
  const isWhole = kept.bytes.size === WHOLE_BYTES;
  const own = kept.base.status === 206 && isWhole ? 200 : kept.base.status;
  const sent =
    wanted === undefined
      ? `${status ?? own}`
      : wanted.size === 0
        ? "416"
        : `206 ${[...wanted].sort().join("")}`;
  return `${sent} ${stateText(kept, nowMs)}`;
}

export function stateText(kept: KeptModel, nowMs: number): string {
  return `${kept.body} age=${ageMs(kept, nowMs)} fresh=${freshMs(kept, nowMs)}`;
}

/** RFC 9110 §13.2.2, RFC 9111 §4.3.2. */
export function isNotModified(kept: KeptModel, asking: Asking): boolean {
  const fields = fieldsOf(kept);
  if (kept.base.status !== 200 && kept.base.status !== 206) return false;
  const list = value(asking.fields, "if-none-match");
  if (list === "*") return true;
  const tag = first(fields, "etag");
  if (list !== undefined)
    return tag !== undefined && list.split(", ").some((each) => opaque(each) === opaque(tag));
  const lastModifiedMs = timeOf(first(fields, "last-modified"));
  const modifiedMs = Number.isNaN(lastModifiedMs) ? timeOf(first(fields, "date")) : lastModifiedMs;
  return modifiedMs <= timeOf(first(asking.fields, "if-modified-since"));
}
