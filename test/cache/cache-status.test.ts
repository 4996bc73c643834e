import { describe, expect, test } from "bun:test";
import { cacheStatusStart, forwardedLine, hitLine, unansweredLine } from "../../src/cache/cache-status.ts";

const START = cacheStatusStart("headgate");

// Each row: the rule | the line | what it says after the cache's name.
test.each([
  ["RFC 9211 §2.1: a hit", hitLine(START, 30_000), "hit; ttl=30"],
  ["RFC 9211 §2.4: a part of a second is none", hitLine(START, 999), "hit; ttl=0"],
  ["RFC 9211 §2.4: a stale hit", hitLine(START, -412_000), "hit; ttl=-412"],
  ["RFC 9211 §2.4: stale for less than a second", hitLine(START, -1), "hit; ttl=-1"],
  ["RFC 9211 §2.7: a hit by a rule of the config", hitLine(START, 0, "ruled"), "hit; ttl=0; detail=ruled"],
  ["RFC 9211 §2.2: nothing for the URI", forwardedLine(START, { fwd: "uri-miss" }), "fwd=uri-miss"],
  ["RFC 9211 §2.2: nothing for the fields", forwardedLine(START, { fwd: "vary-miss" }), "fwd=vary-miss"],
  ["RFC 9211 §2.2: nothing, nobody looked which", forwardedLine(START, { fwd: "miss" }), "fwd=miss"],
  ["RFC 9211 §2.2: not a cache's method", forwardedLine(START, { fwd: "method" }), "fwd=method"],
  ["RFC 9211 §2.2: not a cache's to answer", forwardedLine(START, { fwd: "bypass" }), "fwd=bypass"],
  ["RFC 9211 §2.2: the request wants it", forwardedLine(START, { fwd: "request" }), "fwd=request"],
  ["RFC 9211 §2.2: only a part", forwardedLine(START, { fwd: "partial" }), "fwd=partial"],
  [
    "RFC 9211 §2.3: stale, and validated",
    forwardedLine(START, { fwd: "stale", fwdStatus: 304, ttlMs: 60_000 }),
    "fwd=stale; fwd-status=304; ttl=60",
  ],
  [
    "RFC 9211 §2.5: stored",
    forwardedLine(START, { fwd: "uri-miss", stored: true, ttlMs: 5_500 }),
    "fwd=uri-miss; ttl=5; stored",
  ],
  [
    "RFC 9211 §2.5: not stored is told by silence",
    forwardedLine(START, { fwd: "uri-miss", stored: false, collapsed: false }),
    "fwd=uri-miss",
  ],
  [
    "RFC 9211 §2.6: another's answer",
    forwardedLine(START, { fwd: "uri-miss", collapsed: true }),
    "fwd=uri-miss; collapsed",
  ],
  [
    "RFC 9211 §2: all at once",
    forwardedLine(START, {
      fwd: "stale",
      fwdStatus: 200,
      ttlMs: -500,
      stored: true,
      collapsed: true,
      detail: "no-store",
    }),
    "fwd=stale; fwd-status=200; ttl=-1; stored; collapsed; detail=no-store",
  ],
  ["RFC 9211 §2.7: neither hit nor forwarded", unansweredLine(START, "offline"), "detail=offline"],
])("%s", (_rule, line, said) => {
  expect(line).toBe(`Cache-Status: headgate; ${said}\r\n`);
});

describe("a name, and a detail", () => {
  test.each([
    ["headgate", "headgate"],
    ["edge.example:8080/a", "edge.example:8080/a"],
    ["*", "*"],
    ["Vary: *", '"Vary: *"'],
    ["10.0.0.1", '"10.0.0.1"'],
    ["", '""'],
    ['a "b" \\c', '"a \\"b\\" \\\\c"'],
    ["a\r\nb: \u00fc", '"a??b: ?"'],
  ])("RFC 8941 §3.3.3, §3.3.4: %j is written %s", (text, written) => {
    expect(cacheStatusStart(text)).toBe(`Cache-Status: ${written}`);
    expect(unansweredLine(START, text)).toEndWith(`; detail=${written}\r\n`);
    expect(forwardedLine(START, { fwd: "miss", detail: text })).toEndWith(`; detail=${written}\r\n`);
    expect(hitLine(START, 0, text)).toEndWith(`; detail=${written}\r\n`);
  });
});
