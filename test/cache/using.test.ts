import { describe, expect, test } from "bun:test";
import { type StoredFacts, stored } from "../../src/cache/facts.ts";
import { readCacheRequest } from "../../src/cache/request.ts";
import { ageMs, decideUse, freshMs, mayServeOnError } from "../../src/cache/using.ts";

const T0 = Date.UTC(2026, 0, 1);
const { noCache, mustRevalidate, immutable, heuristic } = stored;

describe("current_age (RFC 9111 §4.2.3)", () => {
  // Each row: what it shows | corrected_initial_age | now | the age; all in seconds, now since it was stored.
  test.each([
    ["nothing at once", 0, 0, 0],
    ["what it came with", 30, 0, 30],
    ["the time since", 0, 5.5, 5.5],
    ["both", 30, 3, 33],
    ["no less when the clock was set back", 30, -100, 30],
    ["a century", 2_147_483_648, 1, 2_147_483_649],
  ])("%s", (_, initial, now, age) => {
    expect(ageMs(facts({ initialAgeMs: initial * 1_000 }), T0 + now * 1_000)).toBe(age * 1_000);
  });
});

test("what stays of a lifetime, and nothing of one that was marked stale", () => {
  const answer = facts({ lifetimeMs: 10_000 });

  expect([freshMs(answer, false, T0 + 4_000), freshMs(answer, false, T0 + 12_000)]).toEqual([6_000, -2_000]);
  expect([freshMs(answer, true, T0 + 4_000), freshMs(answer, true, T0 + 12_000)]).toEqual([0, -2_000]);
});

describe("use of an answer that is fresh for 10 s", () => {
  // Each row: what it shows | flags | stale-while-revalidate | the request's Cache-Control | now | the use.
  const rows = [
    ["fresh (RFC 9111 §4.2)", 0, 0, "", 9.999, "fresh"],
    ["stale at the end of its lifetime (RFC 9111 §4.2)", 0, 0, "", 10, "validate"],
    ["a guess is a lifetime too (RFC 9111 §4.2.2)", heuristic, 0, "", 9, "fresh"],
    ["no-cache of the answer (RFC 9111 §5.2.2.4)", noCache, 0, "", 1, "validate"],
    ["no-cache of the answer, and max-stale", noCache, 0, "max-stale", 1, "validate"],
    ["no-cache of the request (RFC 9111 §5.2.1.4)", 0, 0, "no-cache", 1, "validate"],
    ["no-cache of the request, and immutable (RFC 8246 §2)", immutable, 0, "no-cache", 1, "validate"],
    ["no-store of the request: of what it brings alone (RFC 9111 §5.2.1.5)", 0, 0, "no-store", 1, "fresh"],
    ["must-revalidate while fresh (RFC 9111 §5.2.2.2)", mustRevalidate, 0, "", 9, "fresh"],
    ["must-revalidate once stale (RFC 9111 §5.2.2.2)", mustRevalidate, 0, "", 11, "validate"],
    ["must-revalidate, and max-stale (RFC 9111 §5.2.1.2)", mustRevalidate, 0, "max-stale=99", 11, "validate"],
    ["max-age that it meets (RFC 9111 §5.2.1.1)", 0, 0, "max-age=5", 5, "fresh"],
    ["max-age that it does not meet (RFC 9111 §5.2.1.1)", 0, 0, "max-age=5", 5.001, "validate"],
    ["max-age=0 at once", 0, 0, "max-age=0", 0, "fresh"],
    ["max-age=0 later", 0, 0, "max-age=0", 0.001, "validate"],
    ["max-age longer than its lifetime", 0, 0, "max-age=99", 11, "validate"],
    ["max-age, and it is immutable (RFC 8246 §2)", immutable, 0, "max-age=0", 9, "fresh"],
    ["max-age, and it is no longer fresh (RFC 8246 §2)", immutable, 0, "max-age=0", 10, "validate"],
    ["max-age with max-stale, met (RFC 9111 §5.2.1.1)", 0, 0, "max-age=20, max-stale=20", 15, "stale"],
    ["max-age with max-stale, not met", 0, 0, "max-age=12, max-stale=20", 15, "validate"],
    ["min-fresh that it meets (RFC 9111 §5.2.1.3)", 0, 0, "min-fresh=5", 5, "fresh"],
    ["min-fresh that it does not meet (RFC 9111 §5.2.1.3)", 0, 0, "min-fresh=5", 5.001, "validate"],
    ["min-fresh beside max-stale", 0, 0, "min-fresh=5, max-stale", 6, "validate"],
    ["max-stale that it meets (RFC 9111 §5.2.1.2)", 0, 0, "max-stale=5", 15, "stale"],
    ["max-stale that it does not meet (RFC 9111 §5.2.1.2)", 0, 0, "max-stale=5", 15.001, "validate"],
    ["max-stale without a number (RFC 9111 §5.2.1.2)", 0, 0, "max-stale", 1e9, "stale"],
    ["max-stale while fresh", 0, 0, "max-stale", 9, "fresh"],
    ["stale-while-revalidate (RFC 5861 §3)", 0, 5, "", 14.999, "revalidating"],
    ["stale-while-revalidate while fresh (RFC 5861 §3)", 0, 5, "", 9, "fresh"],
    ["stale-while-revalidate that is over (RFC 5861 §3)", 0, 5, "", 15, "validate"],
    ["stale-while-revalidate, and max-age (RFC 9111 §5.2.1.1)", 0, 5, "max-age=99", 11, "validate"],
    ["stale-while-revalidate, and no-cache", 0, 5, "no-cache", 11, "validate"],
    ["max-stale before stale-while-revalidate", 0, 5, "max-stale=5", 11, "stale"],
    ["only-if-cached alone changes nothing (RFC 9111 §5.2.1.7)", 0, 0, "only-if-cached", 11, "validate"],
  ] as const;

  test.each(rows)("%s", (_, flags, swr, control, now, use) => {
    const answer = facts({ flags, lifetimeMs: 10_000, staleWhileRevalidateMs: swr * 1_000 });

    expect(decideUse(answer, false, asking(control), T0 + now * 1_000)).toBe(use);
  });
});

describe("use of an answer that was marked stale within its 10 s", () => {
  test.each([
    ["it is not fresh", 0, "", 1, "validate"],
    ["max-stale still allows it", 0, "max-stale=5", 1, "stale"],
    ["stale-while-revalidate still allows it", 5, "", 1, "revalidating"],
    ["stale-while-revalidate is over when it would have been", 5, "", 15, "validate"],
  ] as const)("%s", (_, swr, control, now, use) => {
    const answer = facts({ lifetimeMs: 10_000, staleWhileRevalidateMs: swr * 1_000 });

    expect(decideUse(answer, true, asking(control), T0 + now * 1_000)).toBe(use);
  });
});

describe("use after a fetch that failed, of an answer that was fresh for 10 s", () => {
  // Each row: what it shows | flags | stale-if-error | the request's Cache-Control | now | unreachable | error.
  const rows = [
    ["nothing said (RFC 9111 §4.2.4)", 0, 0, "", 20, true, false],
    ["stale-if-error (RFC 5861 §4)", 0, 10, "", 20, true, true],
    ["stale-if-error that is over (RFC 5861 §4)", 0, 10, "", 20.001, false, false],
    ["stale-if-error of the request (RFC 5861 §4)", 0, 0, "stale-if-error=10", 20, true, true],
    ["stale-if-error of the request that is over", 0, 0, "stale-if-error=10", 21, false, false],
    ["the longer of both", 0, 5, "stale-if-error=15", 25, true, true],
    ["must-revalidate (RFC 9111 §5.2.2.2)", mustRevalidate, 0, "", 20, false, false],
    [
      "must-revalidate, and the request's stale-if-error",
      mustRevalidate,
      0,
      "stale-if-error=99",
      20,
      false,
      false,
    ],
    ["no-cache (RFC 9111 §5.2.2.4)", noCache, 0, "", 5, false, false],
    ["no-cache of the request (RFC 9111 §5.2.1.4)", 0, 10, "no-cache", 5, false, false],
    ["max-age of the request that it meets", 0, 10, "max-age=30", 20, true, true],
    ["max-age of the request that it does not meet", 0, 10, "max-age=15", 20, false, false],
    ["min-fresh of the request (RFC 9111 §5.2.1.3)", 0, 10, "min-fresh=1", 20, false, false],
    ["still fresh", mustRevalidate, 0, "", 5, true, true],
  ] as const;

  test.each(rows)("%s", (_, flags, sie, control, now, unreachable, error) => {
    const answer = facts({ flags, lifetimeMs: 10_000, staleIfErrorMs: sie * 1_000 });
    const may = (cause: "unreachable" | "error") =>
      mayServeOnError(answer, false, asking(control), cause, T0 + now * 1_000);

    expect([may("unreachable"), may("error")]).toEqual([unreachable, error]);
  });

  test("what was marked stale is not taken for fresh", () => {
    const answer = facts({ flags: mustRevalidate, lifetimeMs: 10_000 });

    expect(mayServeOnError(answer, true, asking(""), "unreachable", T0)).toBe(false);
  });
});

function asking(control: string) {
  return readCacheRequest(control === "" ? "" : `Cache-Control: ${control}\r\n`);
}

function facts(some: Partial<StoredFacts>): StoredFacts {
  return {
    status: 200,
    flags: 0,
    storedMs: T0,
    initialAgeMs: 0,
    lifetimeMs: 0,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    lastModifiedMs: Number.NaN,
    bodyBytes: 10,
    rangeFirst: 0,
    wholeBytes: 10,
    ...some,
  };
}
