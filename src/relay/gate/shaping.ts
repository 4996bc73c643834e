/** Limits on bytes, at work: what has passed is charged, and its sender is held as long as they say. */
import type { Grant } from "../../limits/grant.ts";
import type { Link } from "../../net/link.ts";
import { epochNow, type RelayContext, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import { refusedByLimit } from "./refusal.ts";

/** Milliseconds that `from` is held; -1: a budget is used up, and the exchange has to end. */
export function charge(
  context: RelayContext,
  grant: Grant,
  direction: "up" | "down",
  from: Link,
  byteCount: number,
): number {
  touch(context);
  const holdMs = grant.charge(direction, byteCount, epochNow(context));
  if (holdMs > 0) context.held.hold(from, context.now + holdMs);
  return holdMs;
}

export function budgetUsedUp(grant: Grant, nowMs: number): Failure {
  return refusedByLimit(grant.exhausted(nowMs));
}
