import { describe, expect, test } from "bun:test";
import { stored } from "../../src/cache/facts.ts";
import { readCacheRequest } from "../../src/cache/request.ts";
import { decideStoring } from "../../src/cache/storing.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 0, 0, 250);
const DATE = "Date: Thu, 01 Jan 2026 00:00:00 GMT";
const LM = "Last-Modified: Wed, 31 Dec 2025 00:00:00 GMT";
const TARGET = "http://a.example:80/x";

describe("is stored:", () => {
  // Each row: what it shows | method | the request's line | status | the answer's lines.
  const rows = [
    ["GET with max-age (RFC 9111 §3)", "GET", "", 200, "Cache-Control: max-age=60"],
    ["a status that is not known, with explicit freshness", "GET", "", 599, "Cache-Control: max-age=60"],
    ["a redirect with explicit freshness", "GET", "", 302, "Cache-Control: max-age=60"],
    ["an error with explicit freshness", "GET", "", 500, "Cache-Control: max-age=60"],
    ["what is always validated (§5.2.2.4)", "GET", "", 200, "Cache-Control: no-cache|ETag: a"],
    ["what is stale at once and can be validated", "GET", "", 200, "Cache-Control: max-age=0|ETag: a"],
    ["what has a validator alone", "GET", "", 200, "ETag: a"],
    ["a redirect with public and a validator (§3)", "GET", "", 302, "Cache-Control: public|ETag: a"],
    [
      "what may be served stale (RFC 5861 §3)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=0, stale-while-revalidate=9",
    ],
    [
      "what may be served on error (RFC 5861 §4)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=0, stale-if-error=9",
    ],
    ["what came stale, for max-stale", "GET", "", 200, "Cache-Control: max-age=60|Age: 90"],
    ["private for some fields (§5.2.2.7)", "GET", "", 200, 'Cache-Control: max-age=60, private="X"'],
    [
      "must-understand with a status that is known (§5.2.2.3)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=60, no-store, must-understand",
    ],
    [
      "no-store in Cache-Control where CDN-Cache-Control rules (RFC 9213 §2.2)",
      "GET",
      "",
      200,
      "Cache-Control: no-store|CDN-Cache-Control: max-age=60",
    ],
    ["Authorization and public (§3.5)", "GET", "Authorization: a", 200, "Cache-Control: max-age=60, public"],
    ["Authorization and s-maxage (§3.5)", "GET", "Authorization: a", 200, "Cache-Control: s-maxage=60"],
    [
      "Authorization and must-revalidate (§3.5)",
      "GET",
      "Authorization: a",
      200,
      "Cache-Control: max-age=60, must-revalidate",
    ],
    [
      "Set-Cookie with explicit freshness (§7.3)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=60|Set-Cookie: a=b",
    ],
    ["Set-Cookie with public", "GET", "", 200, `Cache-Control: public|Set-Cookie: a=b|${LM}`],
    ["Cookie with explicit freshness", "GET", "Cookie: a=b", 200, "Expires: Thu, 01 Jan 2026 01:00:00 GMT"],
    [
      "POST that names its target (RFC 9110 §9.3.3)",
      "POST",
      "",
      200,
      "Cache-Control: max-age=60|Content-Location: /x",
    ],
    ["a part (§3.3)", "GET", "Range: bytes=0-1", 206, "Cache-Control: max-age=60|Content-Range: bytes 0-1/9"],
    [
      "a request with max-age, which is about what is stored",
      "GET",
      "Cache-Control: max-age=0",
      200,
      "Cache-Control: max-age=60",
    ],
  ] as const;

  test.each(rows)("%s", (_, method, request, status, lines) => {
    expect(decide(method, request, status, `${DATE}|${lines}`)).toMatchObject({ store: true });
  });
});

describe("is not stored:", () => {
  // Each row: what it shows | method | the request's line | status | the answer's lines | why.
  const rows = [
    ["HEAD (RFC 9111 §3)", "HEAD", "", 200, "Cache-Control: max-age=60", "method HEAD"],
    ["PUT", "PUT", "", 200, "Cache-Control: max-age=60|Content-Location: /x", "method PUT"],
    [
      "POST that names nothing (RFC 9110 §9.3.3)",
      "POST",
      "",
      200,
      "Cache-Control: max-age=60",
      "method POST",
    ],
    [
      "POST that names another",
      "POST",
      "",
      200,
      "Cache-Control: max-age=60|Content-Location: /y",
      "method POST",
    ],
    [
      "POST with a guess",
      "POST",
      "",
      200,
      `Content-Location: /x|${LM}`,
      "method POST without explicit freshness",
    ],
    [
      "no-store in the request (§5.2.1.5)",
      "GET",
      "Cache-Control: no-store",
      200,
      "Cache-Control: max-age=60",
      "no-store in the request",
    ],
    ["an interim status (§3)", "GET", "", 103, "Cache-Control: max-age=60", "status 103"],
    ["304", "GET", "", 304, "Cache-Control: max-age=60", "status 304"],
    ["407, which is for one connection", "GET", "", 407, "Cache-Control: max-age=60", "status 407"],
    ["412, which answers a condition", "GET", "", 412, "Cache-Control: max-age=60", "status 412"],
    ["416, which answers a range", "GET", "", 416, "Cache-Control: max-age=60", "status 416"],
    ["428 (RFC 6585 §3)", "GET", "", 428, "Cache-Control: max-age=60", "status 428"],
    ["429 (RFC 6585 §4)", "GET", "", 429, "Cache-Control: max-age=60", "status 429"],
    ["431 (RFC 6585 §5)", "GET", "", 431, "Cache-Control: max-age=60", "status 431"],
    ["511 (RFC 6585 §6)", "GET", "", 511, "Cache-Control: max-age=60", "status 511"],
    [
      "a part of several ranges (§3.3)",
      "GET",
      "Range: bytes=0-1,3-4",
      206,
      "Cache-Control: max-age=60|Content-Type: multipart/byteranges; boundary=a",
      "a part without its place",
    ],
    [
      "a part in another unit (§3.3)",
      "GET",
      "Range: a=0-1",
      206,
      "Cache-Control: max-age=60|Content-Range: a 0-1/9",
      "a part without its place",
    ],
    ["Vary: * (§4.1)", "GET", "", 200, "Cache-Control: max-age=60|Vary: A|Vary: *", "Vary: *"],
    ["no-store (§5.2.2.5)", "GET", "", 200, "Cache-Control: max-age=60, No-StOrE", "no-store"],
    [
      "no-store in CDN-Cache-Control (RFC 9213 §2.2)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=60|CDN-Cache-Control: no-store",
      "no-store",
    ],
    [
      "no-store where CDN-Cache-Control is malformed (RFC 9213 §2.1)",
      "GET",
      "",
      200,
      "Cache-Control: no-store|CDN-Cache-Control: max-age=60, &&",
      "no-store",
    ],
    [
      "must-understand with a status that is not known (§5.2.2.3)",
      "GET",
      "",
      599,
      "Cache-Control: max-age=60, no-store, must-understand",
      "must-understand, and status 599 is not known",
    ],
    [
      "must-understand without no-store, too",
      "GET",
      "",
      599,
      "Cache-Control: max-age=60, must-understand",
      "must-understand, and status 599 is not known",
    ],
    ["private (§5.2.2.7)", "GET", "", 200, "Cache-Control: max-age=60, private", "private"],
    [
      "private in CDN-Cache-Control",
      "GET",
      "",
      200,
      "Cache-Control: max-age=60|CDN-Cache-Control: private",
      "private",
    ],
    ["private, and s-maxage", "GET", "", 200, "Cache-Control: s-maxage=60, private", "private"],
    [
      "Authorization (§3.5)",
      "GET",
      "Authorization: FOO",
      200,
      "Cache-Control: max-age=60",
      "Authorization in the request",
    ],
    [
      "Authorization and proxy-revalidate (§3.5)",
      "GET",
      "Authorization: a",
      200,
      "Cache-Control: max-age=60, proxy-revalidate",
      "Authorization in the request",
    ],
    [
      "Set-Cookie with a guess",
      "GET",
      "",
      200,
      `Set-Cookie: a=b|${LM}`,
      "Set-Cookie without explicit freshness",
    ],
    ["Cookie with a guess", "GET", "Cookie: a", 200, LM, "Cookie in the request without explicit freshness"],
    ["nothing to go by", "GET", "", 200, "", "neither fresh nor with a validator"],
    [
      "max-age=0 without a validator",
      "GET",
      "",
      200,
      "Cache-Control: max-age=0",
      "neither fresh nor with a validator",
    ],
    [
      "no-cache without a validator (§5.2.2.4)",
      "GET",
      "",
      200,
      "Cache-Control: max-age=60, no-cache",
      "no-cache without a validator",
    ],
    [
      "a status that wants explicit freshness (§3)",
      "GET",
      "",
      500,
      `${LM}|ETag: a`,
      "status 500 without explicit freshness",
    ],
    [
      "a redirect that is always validated (§3)",
      "GET",
      "",
      302,
      "Cache-Control: no-cache|ETag: a",
      "status 302 without explicit freshness",
    ],
    [
      "stale-while-revalidate beside s-maxage (§5.2.2.10)",
      "GET",
      "",
      200,
      "Cache-Control: s-maxage=0, stale-while-revalidate=9",
      "neither fresh nor with a validator",
    ],
  ] as const;

  test.each(rows)("%s", (_, method, request, status, lines, because) => {
    expect(decide(method, request, status, `${DATE}|${lines}`)).toEqual({ store: false, because });
  });

  test("POST when nobody says what its target was", () => {
    const answer = { status: 200, lines: "Cache-Control: max-age=60\r\nContent-Location: /x\r\n" };

    expect(
      decideStoring("POST", readCacheRequest(""), answer, { requestMs: NOW, responseMs: NOW }, undefined),
    ).toEqual({
      store: false,
      because: "method POST",
    });
  });
});

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

function decide(
  method: string,
  request: string,
  status: number,
  lines: string,
  rule?: Parameters<typeof decideStoring>[4],
) {
  const asked = readCacheRequest(request === "" ? "" : `${request}\r\n`);
  const answer = { status, lines: `${lines}|`.replaceAll(/\|+/g, "\r\n") };
  return decideStoring(method, asked, answer, { requestMs: NOW, responseMs: NOW }, rule, TARGET);
}

function keep(lines: string) {
  const storing = decide("GET", "", 200, lines);
  if (!storing.store) throw new Error(storing.because);
  return storing;
}
