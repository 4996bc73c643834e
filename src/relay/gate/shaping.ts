/**
 * Limits on bytes, at work: what comes is charged before it is passed on, and its
 * sender is held as long as they say. An audit charges too, and holds nobody.
 */
import type { Grant } from "../../limits/grant.ts";
import type { Link } from "../../net/link.ts";
import { epochNow, type RelayContext, type Settings, touch } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import { tellAudited } from "./audit.ts";
import { refusedByLimit } from "./refusal.ts";

/** Milliseconds that `from` is held; -1: a budget is used up, the exchange has to end, and this may not pass. */
export function charge(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  grant: Grant,
  direction: "up" | "down",
  from: Link,
  byteCount: number,
): number {
  const holdMs = chargeOnly(context, settings, exchange, grant, direction, byteCount);
  if (holdMs > 0) context.held.hold(from, context.now + holdMs);
  return holdMs;
}

/** The same where there is no link to hold: whoever has the bytes waits so long with the next. */
export function chargeOnly(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  grant: Grant,
  direction: "up" | "down",
  byteCount: number,
): number {
  touch(context);
  const holdMs = grant.charge(direction, byteCount, epochNow(context));
  if (settings.config.policy.mode !== "audit") return holdMs;
  if (holdMs < 0 && !exchange.wouldDeny) tellAudited(context, exchange, budgetUsedUp(context, grant));
  return 0;
}

export function budgetUsedUp(context: RelayContext, grant: Grant): Failure {
  return refusedByLimit(grant.exhausted(epochNow(context)));
}
