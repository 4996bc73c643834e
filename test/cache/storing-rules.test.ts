import { describe, expect, test } from "bun:test";
import { stored } from "../../src/cache/facts.ts";
import { DATE, decide, LM } from "./storing-of.ts";

describe("a rule of the config", () => {
  const NONE = { ttlMs: undefined, ttlMinMs: undefined, ttlMaxMs: undefined, never: false, cookies: false };

  // Each row: what it shows | the rule | status | lines | the lifetime in ms, whether the rule overruled the origin.
  test.each([
    ["gives a time where there is none", { ttlMs: 9_000 }, 200, "", 9_000, true],
    ["gives a time where there is a guess", { ttlMs: 9_000 }, 200, LM, 9_000, true],
    ["gives no time where the origin does", { ttlMs: 9_000 }, 200, "Cache-Control: max-age=1", 1_000, false],
    [
      "gives no time to a status that wants its own",
      { ttlMs: 9_000 },
      500,
      "Cache-Control: public|ETag: a",
      0,
      false,
    ],
    ["raises", { ttlMinMs: 9_000 }, 200, "Cache-Control: max-age=1", 9_000, true],
    ["raises 0", { ttlMinMs: 9_000 }, 200, "Cache-Control: max-age=0", 9_000, true],
    ["raises no lifetime that is not there", { ttlMinMs: 9_000 }, 200, "ETag: a", 0, false],
    ["lowers", { ttlMaxMs: 500 }, 200, "Cache-Control: max-age=1", 500, true],
    ["lowers a guess", { ttlMaxMs: 500 }, 200, LM, 500, true],
    ["lowers what it gives", { ttlMs: 9_000, ttlMaxMs: 500 }, 200, "", 500, true],
    [
      "leaves what lies between",
      { ttlMinMs: 500, ttlMaxMs: 2_000 },
      200,
      "Cache-Control: max-age=1",
      1_000,
      false,
    ],
    ["lets cookies pass", { cookies: true }, 200, `Set-Cookie: a|${LM}`, 8_640_000, true],
    [
      "need not let cookies pass",
      { cookies: true },
      200,
      "Set-Cookie: a|Cache-Control: max-age=1",
      1_000,
      false,
    ],
  ])("%s", (_, rule, status, lines, lifetimeMs, isRuled) => {
    const storing = decide("GET", "", status, `${DATE}|${lines}`, { ...NONE, ...rule });
    if (!storing.store) throw new Error(storing.because);

    expect(storing.facts.lifetimeMs).toBe(lifetimeMs);
    expect((storing.facts.flags & stored.ruled) !== 0).toBe(isRuled);
  });

  test.each([
    ["says never", { never: true }, "", "Cache-Control: max-age=1", "a rule says never"],
    ["passes no no-store", { ttlMs: 9_000 }, "", "Cache-Control: no-store", "no-store"],
    ["passes no private", { ttlMs: 9_000, ttlMinMs: 9_000 }, "", "Cache-Control: private", "private"],
    ["passes no Authorization", { ttlMs: 9_000 }, "Authorization: a", "", "Authorization in the request"],
    [
      "passes no cookies by a time alone",
      { ttlMs: 9_000 },
      "",
      "Set-Cookie: a",
      "Set-Cookie without explicit freshness",
    ],
  ])("%s", (_, rule, request, lines, because) => {
    expect(decide("GET", request, 200, `${DATE}|${lines}`, { ...NONE, ...rule })).toEqual({
      store: false,
      because,
    });
  });
});
