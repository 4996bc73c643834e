/**
 * A stored answer, and one who asks for it: may it be served as it is?
 *
 *   1. nothing may be fetched (offline)          yes, stale or not
 *   2. a part                                    when it holds what is asked for
 *   3. fresh, or stale as the request allows     yes
 *   4. stale within stale-while-revalidate       yes, and it is validated meanwhile
 *   5. anything else                             the upstream is asked
 */
import { stored as flag, type StoredFacts } from "../../cache/facts.ts";
import { decideRanges } from "../../cache/ranges.ts";
import { decideUse, freshMs, type Use } from "../../cache/using.ts";
import type { CacheWord } from "../../observe/cache-word.ts";
import type { Asked } from "./asked.ts";
import { coversRanges, type Told } from "./serve.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { hit } from "./told.ts";

export type Taken =
  | { readonly result: "serve"; readonly told: Told; readonly mustRefresh: boolean }
  | { readonly result: "fetch"; readonly because: "stale" | "request" | "partial" };

/** Of what is in memory still, before anything is copied. */
export function useOf(asked: Asked, facts: StoredFacts, isMarkedStale: boolean): Use {
  if (asked.cache.isOffline) return freshMs(facts, isMarkedStale, asked.nowMs) > 0 ? "fresh" : "stale";
  return decideUse(facts, isMarkedStale, asked.request, asked.nowMs);
}

export function takeStored(asked: Asked, stored: StoredAnswer): Taken {
  const { facts, isMarkedStale } = stored;
  if ((facts.flags & flag.partial) !== 0 && !holds(asked, stored))
    return { result: "fetch", because: "partial" };
  const use = useOf(asked, facts, isMarkedStale);
  if (use === "validate") return { result: "fetch", because: becauseOf(asked, stored) };
  const line = hit(asked, facts, isMarkedStale);
  return {
    result: "serve",
    told: { word: wordOf(use, stored.isOnDisk), line },
    mustRefresh: use === "revalidating",
  };
}

export function wordOf(use: Use, isOnDisk: boolean): CacheWord {
  if (use === "stale" || use === "revalidating") return "stale";
  return isOnDisk ? "hit_disk" : "hit";
}

/** The request wants what would do without it. */
function becauseOf({ request, nowMs }: Asked, { facts, isMarkedStale }: StoredAnswer): "stale" | "request" {
  const { control } = request;
  const asksForMore = control.noCache || control.maxAgeMs !== undefined || control.minFreshMs !== undefined;
  if (!asksForMore) return "stale";
  const plain = {
    ...request,
    isPlain: true,
    control: { ...control, noCache: false, maxAgeMs: undefined, minFreshMs: undefined },
  };
  return decideUse(facts, isMarkedStale, plain, nowMs) === "fresh" ? "request" : "stale";
}

/** RFC 9111 §3.3: a part answers a request for a part of it, and no other. */
function holds({ request, isHead }: Asked, stored: StoredAnswer): boolean {
  if (isHead || request.range === undefined) return false;
  const ranges = decideRanges("GET", request, stored.facts, stored.lines);
  return ranges !== undefined && ranges.length > 0 && coversRanges(stored, ranges);
}
