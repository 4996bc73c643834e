/** What clients are told of what the cache did: lines of `Cache-Status` (RFC 9211), for each way an answer can take. */
import {
  cacheStatusStart,
  type Forward,
  forwardedLine,
  hitLine,
  unansweredLine,
} from "../../cache/cache-status.ts";
import { stored as flag, type StoredFacts } from "../../cache/facts.ts";
import { freshMs } from "../../cache/using.ts";
import type { Settings } from "../context.ts";
import type { Asked } from "./asked.ts";
import type { Ruling } from "./ruling.ts";

/** Why the upstream is asked in place of the cache. */
export type Because = Extract<Forward, "uri-miss" | "vary-miss" | "miss" | "stale" | "request" | "partial">;

/** A rule of the config has overruled the origin. */
const RULED = "ruled";

export function hit({ settings, nowMs }: Asked, facts: StoredFacts, isMarkedStale: boolean): string {
  const detail = (facts.flags & flag.ruled) === 0 ? undefined : RULED;
  return hitLine(startOf(settings), freshMs(facts, isMarkedStale, nowMs), detail);
}

/** A stored answer, after the upstream was asked about it. */
export function hitAfterAll(
  asked: Asked,
  fwd: Forward,
  facts: StoredFacts,
  because: "validated" | "unreachable" | "error",
  upstreamStatus: number | undefined,
): string {
  const { settings, nowMs } = asked;
  const ttlMs = freshMs(facts, false, nowMs);
  const detail = because === "validated" ? undefined : `stale-${because}`;
  const fwdStatus = because === "validated" ? 304 : upstreamStatus;
  return forwardedLine(startOf(settings), { fwd, fwdStatus, ttlMs, detail });
}

/** Stored by another worker, which was waited for. */
export function sharedHit({ settings, nowMs }: Asked, fwd: Forward, facts: StoredFacts): string {
  const ttlMs = freshMs(facts, false, nowMs);
  return forwardedLine(startOf(settings), { fwd, ttlMs, stored: true, collapsed: true });
}

/** `status`: as the client is told. */
export function fetched(
  { settings, nowMs }: Asked,
  fwd: Forward,
  ruling: Ruling,
  collapsed: boolean,
  status: number,
): string {
  const { storing, upstreamStatus } = ruling;
  const fwdStatus = upstreamStatus === status ? undefined : upstreamStatus;
  if (!storing.store) {
    return forwardedLine(startOf(settings), { fwd, fwdStatus, collapsed, detail: storing.because });
  }
  const ttlMs = freshMs(storing.facts, false, nowMs);
  const detail = (storing.facts.flags & flag.ruled) === 0 ? undefined : RULED;
  return forwardedLine(startOf(settings), { fwd, fwdStatus, ttlMs, stored: true, collapsed, detail });
}

/** As it is on the way to the upstream: nothing is known of the answer. */
export function forwarded(settings: Settings, fwd: Forward): string {
  return forwardedLine(startOf(settings), { fwd });
}

export function unanswered(settings: Settings, detail: "offline" | "only-if-cached"): string {
  return unansweredLine(startOf(settings), detail);
}

function startOf({ caching }: Settings): string {
  return caching?.statusStart ?? cacheStatusStart("headgate");
}
