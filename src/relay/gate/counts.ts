/** What the gate decided, counted: by decision, rule, list, limit, user and tag. */
import type { LimitRefusal } from "../../limits/limit-refusal.ts";
import { cells } from "../../observe/cells.ts";
import type { Decision, Effects } from "../../policy/decision.ts";
import type { RelayContext, Settings } from "../context.ts";

const decisionCells = {
  allow: cells.decisions.allowed,
  deny: cells.decisions.denied,
  reset: cells.decisions.reset,
  redirect: cells.decisions.redirected,
  "log-in": cells.decisions.log_in,
} as const;

type Counted = Pick<Decision, "verdict" | "ruleIndex" | "list" | "wouldDeny">;

export function countDecision(context: RelayContext, settings: Settings, decision: Counted): void {
  const { counters } = context;
  const { places } = settings;
  // Undecided yet: `passage.ts` counts what is decided of the addresses.
  if (decision.verdict === "by-address") return;
  counters.add(decision.wouldDeny ? cells.decisions.would_deny : decisionCells[decision.verdict]);
  if (decision.wouldDeny) counters.add(decision.ruleIndex < 0 ? cells.refusals.default : cells.refusals.rule);
  // The default has no place, and a negative index would be looked for as a name.
  if (decision.ruleIndex < 0) return;
  const place = places.rules[decision.ruleIndex];
  if (place !== undefined) {
    counters.add(cells.ruleMatches + place);
    if (decision.wouldDeny) counters.add(cells.ruleWouldDeny + place);
  }
  if (decision.list === undefined) return;
  const list = places.lists.get(decision.list);
  if (list !== undefined) counters.add(cells.listHits + list);
}

export function countEffects({ counters }: RelayContext, { places }: Settings, effects: Effects): void {
  for (const index of effects.rules) {
    const place = places.rules[index];
    if (place !== undefined) counters.add(cells.ruleMatches + place);
  }
  for (const tag of effects.tags) {
    const place = places.tags.get(tag);
    if (place !== undefined) counters.add(cells.tagExchanges + place);
  }
}

export function countLimit({ counters }: RelayContext, { places }: Settings, { limit }: LimitRefusal): void {
  const place = places.limits.get(limit);
  if (place !== undefined) counters.add(cells.limitRefusals + place);
}

export function countUser({ counters }: RelayContext, { places }: Settings, user: string): void {
  const place = places.users.get(user);
  if (place !== undefined) counters.add(cells.userExchanges + place);
}
