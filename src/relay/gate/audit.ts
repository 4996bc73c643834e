/** An audit tells what it would have refused, and lets it pass. */
import type { LimitRefusal } from "../../limits/limit-refusal.ts";
import { cells } from "../../observe/cells.ts";
import type { RelayContext, Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import { countLimit } from "./counts.ts";
import { refusedByLimit } from "./refusal.ts";

export function isAudited(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  failure: Failure,
): boolean {
  if (settings.config.policy.mode !== "audit") return false;
  tellAudited(context, exchange, failure);
  return true;
}

/** It passes, and would not. */
export function tellAudited({ counters }: RelayContext, exchange: Exchange, failure: Failure): void {
  if (failure.refusal !== undefined) counters.add(cells.refusals[failure.refusal.reason]);
  // The first that would have refused it is the one that would have been told.
  if (!exchange.wouldDeny) exchange.refusedBy(failure);
  exchange.wouldDeny = true;
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
