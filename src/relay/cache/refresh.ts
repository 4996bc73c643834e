/** A stored answer validated behind its client's back (RFC 5861 §3): it has been served stale, and the next finds it fresh. */
import { cells } from "../../observe/cells.ts";
import type { Asked } from "./asked.ts";
import { Fetch } from "./fetch.ts";
import { planFor } from "./plan.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** Takes a share of `stored`. Nothing happens where somebody does it already. */
export function refresh(asked: Asked, stored: StoredAnswer): void {
  const { cache, key, context } = asked;
  if (context.isDraining || cache.fetches.has(key)) return;
  const flight = cache.flights.begin(key);
  if (flight === "theirs") return;
  context.counters.add(cells.cacheRefreshes);
  stored.retain();
  const plan = planFor(asked, stored, { isAlone: false, isSecond: false });
  new Fetch(asked, { ...plan, hasFlight: flight === "mine" }).start(undefined);
}
