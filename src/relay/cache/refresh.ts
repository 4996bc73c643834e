/** A stored answer validated behind its client's back (RFC 5861 §3): it has been served stale, and the next finds it fresh. */
import { cells } from "../../observe/cells.ts";
import { Asked } from "./asked.ts";
import { Fetch } from "./fetch.ts";
import { planFor } from "./plan.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** Takes a share of `stored`. Nothing happens where somebody does it already. */
export function refresh(asked: Asked, stored: StoredAnswer): void {
  const { cache, context, request } = asked;
  // What wants nothing but what is stored would be refused by a cache behind us (RFC 9111 §5.2.1.7).
  if (context.isDraining || request.control.onlyIfCached) return;
  const asking = forGet(asked);
  const plan = planFor(asking, stored, { isAlone: false, isSecond: false });
  if (cache.fetches.has(plan.shareKey) || cache.flights.begin(plan.shareKey) !== "mine") return;
  context.counters.add(cells.cacheRefreshes);
  if (plan.validates !== undefined) stored.retain();
  new Fetch(asking, { ...plan, hasFlight: true }).start(undefined);
}

/** HEAD is answered with what is stored of GET, and that is what is to be validated. */
function forGet(asked: Asked): Asked {
  if (!asked.isHead) return asked;
  const { session, exchange, settings, cache, head, passage } = asked;
  return new Asked(session, exchange, settings, cache, { ...head, method: "GET" }, passage);
}
