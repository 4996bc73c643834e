/** An audit tells what it would have refused, and lets it pass. */
import type { LimitRefusal } from "../limits/limit-refusal.ts";
import { cells } from "../observe/cells.ts";
import type { RelayContext, Settings } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { countLimit } from "./gate-counts.ts";
import { refusedByLimit } from "./refusal.ts";

export function isAudited(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  failure: Failure,
): boolean {
  if (settings.config.policy.mode !== "audit") return false;
  if (failure.refusal !== undefined) context.counters.add(cells.refusals[failure.refusal.reason]);
  exchange.wouldDeny = true;
  exchange.refusedBy(failure);
  return true;
}

/** A limit is reached: undefined when that is only to be told. */
export function limitFailure(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  refusal: LimitRefusal,
): Failure | undefined {
  context.counters.add(cells.decisions.limited);
  countLimit(context, settings, refusal);
  const failure = refusedByLimit(refusal);
  return isAudited(context, settings, exchange, failure) ? undefined : failure;
}
