/** What is said to whom a limit refuses. */
import type { LimitSpec } from "../policy/spec.ts";
import type { Budget, CompiledLimit, Most, RateLimit } from "./compiled-limit.ts";

export interface LimitRefusal {
  /** Its name. */
  readonly limit: string;
  readonly by: LimitSpec["by"];
  /** `exchanges` and `open` are numbers at once. */
  readonly what: "requests" | "connections" | "exchanges" | "open" | "budget";
  /** When it may be worth another try. */
  readonly retryMs: number;
  /** How much there is in a window; for numbers at once, at any time. */
  readonly quota: number;
  /** 0 for numbers at once. */
  readonly windowMs: number;
}

/** Nobody can know when the next exchange or connection ends. */
const GUESS_MS = 1_000;

export function refusedByRate(
  { name, by }: CompiledLimit,
  what: "requests" | "connections",
  { rate }: RateLimit,
  retryMs: number,
): LimitRefusal {
  return { limit: name, by, what, retryMs, quota: rate.count, windowMs: rate.per };
}

export function refusedByBudget({ name, by }: CompiledLimit, budget: Budget, retryMs: number): LimitRefusal {
  const { bytes, windowMs } = budget;
  return { limit: name, by, what: "budget", retryMs, quota: bytes, windowMs };
}

export function refusedByExchanges({ name, by }: CompiledLimit, { most }: Most): LimitRefusal {
  return { limit: name, by, what: "exchanges", retryMs: GUESS_MS, quota: most, windowMs: 0 };
}

export function refusedByOpen({ name, by }: CompiledLimit, open: number): LimitRefusal {
  return { limit: name, by, what: "open", retryMs: GUESS_MS, quota: open, windowMs: 0 };
}
