import { describe, expect, test } from "bun:test";
import { readCacheRequest } from "../../src/cache/request.ts";
import { decideStoring } from "../../src/cache/storing.ts";
import { DATE, decide, LM, NOW } from "./storing-of.ts";

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
      "POST that failed (RFC 9110 §8.7)",
      "POST",
      "",
      503,
      "Cache-Control: max-age=60|Content-Location: /x",
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
