import { describe, expect, test } from "bun:test";
import { stored } from "../../src/cache/facts.ts";
import { DATE, decide, keep, LM, NOW } from "./storing-of.ts";

describe("the flags of", () => {
  // Each row: what it shows | the answer's lines | the flags.
  test.each([
    ["max-age", "Cache-Control: max-age=60", 0],
    ["a guess (§4.2.2)", LM, stored.heuristic | stored.hasLastModified],
    ["no-cache (§5.2.2.4)", "Cache-Control: no-cache|ETag: a", stored.noCache | stored.hasEtag],
    ["no-cache for some fields (§5.2.2.4)", 'Cache-Control: max-age=60, no-cache="x"', 0],
    ["must-revalidate (§5.2.2.2)", "Cache-Control: max-age=60, must-revalidate", stored.mustRevalidate],
    ["proxy-revalidate (§5.2.2.8)", "Cache-Control: max-age=60, proxy-revalidate", stored.mustRevalidate],
    ["s-maxage (§5.2.2.10)", "Cache-Control: s-maxage=60", stored.mustRevalidate],
    ["immutable (RFC 8246)", "Cache-Control: max-age=60, immutable", stored.immutable],
    ["Vary (§4.1)", "Cache-Control: max-age=60|Vary: a", stored.varies],
    ["an empty Vary", "Cache-Control: max-age=60|Vary:", 0],
    ["an ETag that is withheld", 'Cache-Control: max-age=60, private="ETag"|ETag: a', 0],
  ])("%s", (_, lines, flags) => {
    expect(keep(`${DATE}|${lines}`).facts.flags).toBe(flags);
  });
});

describe("times past the lifetime (RFC 5861) of", () => {
  test.each([
    ["both", "max-age=1, stale-while-revalidate=2, stale-if-error=3", 2_000, 3_000],
    ["neither", "max-age=1", 0, 0],
    [
      "both, with must-revalidate",
      "max-age=1, stale-while-revalidate=2, stale-if-error=3, must-revalidate",
      0,
      0,
    ],
    ["both, with s-maxage", "s-maxage=1, stale-while-revalidate=2, stale-if-error=3", 0, 0],
  ])("%s", (_, control, swr, sie) => {
    const { facts } = keep(`Cache-Control: ${control}`);

    expect([facts.staleWhileRevalidateMs, facts.staleIfErrorMs]).toEqual([swr, sie]);
  });
});

describe("the lines that are kept", () => {
  const CC = "Cache-Control: max-age=60";

  // Each row: what it shows | the answer's lines | those kept.
  test.each([
    ["all (§3.1)", `${DATE}|X: 1|${CC}|x: 2|Set-Cookie: a`, `${DATE}|X: 1|${CC}|x: 2|Set-Cookie: a`],
    ["no Age, which is worked out anew (§5.1)", `${DATE}|Age: 5|${CC}|age: 6`, `${DATE}|${CC}`],
    ["no length, which the store writes", `${DATE}|Content-Length: 5|${CC}`, `${DATE}|${CC}`],
    [
      "nothing that is for one hop (§3.1)",
      `${DATE}|Connection: a|Keep-Alive: a|Proxy-Authenticate: a|Proxy-Authentication-Info: a|Proxy-Connection: a|TE: a|Trailer: a|Transfer-Encoding: a|Upgrade: a|${CC}`,
      `${DATE}|${CC}`,
    ],
    [
      "no field that private names (§5.2.2.7)",
      `${DATE}|A: 1|B: 2|${CC}, private="a"`,
      `${DATE}|B: 2|${CC}, private="a"`,
    ],
    [
      "no field that no-cache names (§5.2.2.4)",
      `${DATE}|A: 1|B: 2|C: 3|Cache-Control: no-cache="a, b"|${CC}`,
      `${DATE}|C: 3|Cache-Control: no-cache="a, b"|${CC}`,
    ],
    ["with a Date where there was none (RFC 9110 §6.6.1)", CC, `${CC}|${DATE}`],
    ["with a Date for one that is malformed (RFC 9110 §6.6.1)", `Date: foo|${CC}`, `${CC}|${DATE}`],
    ["with the Date that it had", `Date: Thu, 01-Jan-26|${DATE}|${CC}`, `${CC}|${DATE}`],
    [
      "with CDN-Cache-Control",
      `${DATE}|CDN-Cache-Control: max-age=60`,
      `${DATE}|CDN-Cache-Control: max-age=60`,
    ],
  ])("%s", (_, lines, kept) => {
    expect(keep(lines).lines).toBe(`${kept}|`.replaceAll("|", "\r\n"));
  });
});

test("Vary counts although no-cache names it (§4.1, §5.2.2.4)", () => {
  expect(keep('Cache-Control: max-age=60, no-cache="vary"|Vary: B, a').varyNames).toBe("a,b");
});

test("tags are those of Cache-Tag and of Surrogate-Key, each once", () => {
  const CC = "Cache-Control: max-age=60";

  expect(keep(`${CC}|Cache-Tag: a, b|Surrogate-Key: c  b|Cache-Tag: d,a,`).tags).toBe("a b d c");
  expect(keep(CC).tags).toBe("");
});

test("a part knows its place (RFC 9111 §3.3)", () => {
  const storing = decide(
    "GET",
    "Range: bytes=4-",
    206,
    "Cache-Control: max-age=60|Content-Range: bytes 4-8/9",
  );

  expect(storing.store && storing.facts).toMatchObject({
    status: 206,
    flags: stored.partial,
    bodyBytes: 5,
    rangeFirst: 4,
    wholeBytes: 9,
  });
});

test("a whole answer has no length yet, and the times of its fetch", () => {
  expect(keep(`Cache-Control: max-age=60|${LM}`).facts).toMatchObject({
    bodyBytes: 0,
    rangeFirst: 0,
    wholeBytes: 0,
    storedMs: NOW,
    lastModifiedMs: Date.UTC(2025, 11, 31),
  });
  expect(keep("Cache-Control: max-age=60|Last-Modified: x").facts.lastModifiedMs).toBeNaN();
});
