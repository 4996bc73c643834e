/**
 * Says in a sentence why a stored answer is fresh or stale, and where its lifetime
 * comes from. The rules were applied when it was stored; here the field is only
 * found that says as much, so that nothing is decided a second time.
 */
import { parseDeltaMs } from "../cache/control.ts";
import { eachDirective } from "../cache/directives.ts";
import { type StoredFacts, stored } from "../cache/facts.ts";
import { firstValue, joinedValue } from "../cache/field-lines.ts";
import { parseTargetedControl } from "../cache/targeted.ts";
import { ageMs, freshMs } from "../cache/using.ts";
import { formatDuration } from "../observe/terminal.ts";
import type { StoredListing } from "./cache-admin.ts";

/** The first that applies is why. */
export function explainFreshness(listing: StoredListing, nowMs: number): string {
  const { facts, isMarkedStale } = listing;
  const age = written(ageMs(facts, nowMs));
  const lifetime = `${written(facts.lifetimeMs)} (${explainLifetime(listing)})`;
  if (isMarkedStale) {
    return `Stale: marked so by a purge or an invalidation, whatever its lifetime of ${lifetime}${explainStale(facts)}`;
  }
  if ((facts.flags & stored.noCache) !== 0) {
    return "Never used without being validated: no-cache";
  }
  return freshMs(facts, isMarkedStale, nowMs) > 0
    ? `Fresh: ${age} old, and its lifetime is ${lifetime}`
    : `Stale: ${age} old, and its lifetime is ${lifetime}${explainStale(facts)}`;
}

/** What the origin says of using it although it is stale. */
function explainStale({ flags, staleWhileRevalidateMs, staleIfErrorMs }: StoredFacts): string {
  if ((flags & stored.mustRevalidate) !== 0) return "; it must be validated before it is used again";
  const uses = [
    [staleWhileRevalidateMs, "while it is validated"],
    [staleIfErrorMs, "after an error"],
  ] as const;
  const parts = uses.filter(([ms]) => ms > 0).map(([ms, when]) => `up to ${written(ms)} past that ${when}`);
  return parts.length === 0 ? "" : `; it may be used ${parts.join(" and ")}`;
}

/** RFC 9111 §4.2.1, in its order, but for what stands above it: the config, and a field for caches like this (RFC 9213). */
function explainLifetime({ facts, lines }: StoredListing): string {
  if ((facts.flags & stored.ruled) !== 0) return "a rule of cache.rules";
  if ((facts.flags & stored.heuristic) !== 0) {
    return "heuristic: 10 % of the time between Last-Modified and Date, a day at most";
  }
  const targeted = joinedValue(lines, "cdn-cache-control");
  if (targeted !== undefined && parseTargetedControl(targeted) !== undefined) {
    return `CDN-Cache-Control: ${directiveFor(facts.lifetimeMs, targeted) ?? targeted}`;
  }
  const directive = directiveFor(facts.lifetimeMs, joinedValue(lines, "cache-control") ?? "");
  if (directive !== undefined) return directive;
  const expires = firstValue(lines, "expires");
  return expires === undefined ? "nothing tells one" : `Expires: ${expires}`;
}

/** The directive that says this lifetime, as it stands there; that for shared caches before the other (RFC 9111 §5.2.2.10). */
function directiveFor(lifetimeMs: number, list: string): string | undefined {
  const found = new Map<string, string>();
  eachDirective(list, (name, argument) => {
    if ((parseDeltaMs(argument) ?? 0) !== lifetimeMs || found.has(name)) return;
    found.set(name, argument === undefined ? name : `${name}=${argument}`);
  });
  return found.get("s-maxage") ?? found.get("max-age");
}

/** Without a unit too small for HTTP. */
function written(ms: number): string {
  return ms < 1 ? "0s" : formatDuration(ms);
}
