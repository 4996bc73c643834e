/** The entries of GET /cache/entry: what is stored for one URL, each with its age and why it is fresh or stale. */
import { type StoredFacts, stored } from "../cache/facts.ts";
import { firstValue } from "../cache/field-lines.ts";
import { ageMs, freshMs } from "../cache/using.ts";
import type { StoredListing } from "./cache-admin.ts";
import { explainFreshness } from "./cache-why.ts";

/** What there is not is null. Fields as they stand in the stored answer. */
export interface EntryReport {
  readonly tier: "memory" | "disk";
  readonly status: number;
  /** RFC 3339: when its head came from the upstream, or the last validation did. */
  readonly storedAt: string;
  /** As `Age` tells it (RFC 9111 §4.2.3). */
  readonly ageSeconds: number;
  /** Negative when it is stale. */
  readonly freshSeconds: number;
  readonly lifetimeSeconds: number;
  readonly heuristic: boolean;
  /** A rule of the config has overruled the origin. */
  readonly ruled: boolean;
  readonly mustRevalidate: boolean;
  readonly markedStale: boolean;
  readonly vary: { readonly names: readonly string[]; readonly key: string };
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly tags: readonly string[];
  /** Of its body, as far as it is stored. */
  readonly bytes: number;
  /** Of a part: its first and its last byte, and how many the whole has. */
  readonly range: { readonly first: number; readonly last: number; readonly whole: number | null } | null;
  readonly peer: string;
  readonly why: string;
}

/** Variants are as many as clients make them. */
const LISTED_MAX = 100;

/** The newest first. */
export function listStored(listings: readonly StoredListing[], nowMs: number): EntryReport[] {
  return listings
    .toSorted((one, other) => other.facts.storedMs - one.facts.storedMs)
    .slice(0, LISTED_MAX)
    .map((listing) => reportEntry(listing, nowMs));
}

function reportEntry(listing: StoredListing, nowMs: number): EntryReport {
  const { tier, facts, isMarkedStale, lines, tags, varyNames, varyKey, peer } = listing;
  const { flags } = facts;
  // Rounded so that age and freshness add up to a lifetime of whole seconds; + 0 makes 0 of -0.
  return {
    tier,
    status: facts.status,
    storedAt: new Date(facts.storedMs).toISOString(),
    ageSeconds: Math.floor(ageMs(facts, nowMs) / 1000),
    freshSeconds: Math.ceil(freshMs(facts, isMarkedStale, nowMs) / 1000) + 0,
    lifetimeSeconds: Math.round(facts.lifetimeMs / 1000),
    heuristic: (flags & stored.heuristic) !== 0,
    ruled: (flags & stored.ruled) !== 0,
    mustRevalidate: (flags & stored.mustRevalidate) !== 0,
    markedStale: isMarkedStale,
    vary: { names: split(varyNames, ","), key: varyKey },
    etag: firstValue(lines, "etag") ?? null,
    lastModified: firstValue(lines, "last-modified") ?? null,
    tags: split(tags, " "),
    bytes: facts.bodyBytes,
    range: (flags & stored.partial) === 0 ? null : rangeOf(facts),
    peer,
    why: explainFreshness(listing, nowMs),
  };
}

function rangeOf({ rangeFirst, bodyBytes, wholeBytes }: StoredFacts): EntryReport["range"] {
  return {
    first: rangeFirst,
    last: rangeFirst + bodyBytes - 1,
    whole: wholeBytes < 0 ? null : wholeBytes,
  };
}

/** None of what is joined is empty. */
function split(joined: string, separator: string): string[] {
  return joined === "" ? [] : joined.split(separator);
}
