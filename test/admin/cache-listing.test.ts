import { expect, test } from "bun:test";
import { listStored } from "../../src/admin/cache-listing.ts";
import { stored } from "../../src/cache/facts.ts";
import { listingOf, NOON } from "./fake-cache.ts";

type Changes = Parameters<typeof listingOf>[0];

test("an entry tells all that is known of it", () => {
  const listing = listingOf({
    tier: "disk",
    facts: { flags: stored.mustRevalidate | stored.varies },
    lines: 'Cache-Control: s-maxage=60\r\netag:  W/"a"\r\nLAST-MODIFIED: Thu, 01 Jan 2026 00:00:00 GMT\r\n',
    tags: "news front",
    varyNames: "accept,accept-language",
    varyKey: "*/*\nen",
  });

  expect(listStored([listing], NOON + 20_500)).toEqual([
    {
      tier: "disk",
      status: 200,
      storedAt: "2026-01-01T12:00:00.000Z",
      ageSeconds: 30,
      freshSeconds: 30,
      lifetimeSeconds: 60,
      heuristic: false,
      ruled: false,
      mustRevalidate: true,
      markedStale: false,
      vary: { names: ["accept", "accept-language"], key: "*/*\nen" },
      etag: 'W/"a"',
      lastModified: "Thu, 01 Jan 2026 00:00:00 GMT",
      tags: ["news", "front"],
      bytes: 1024,
      range: null,
      peer: "192.0.2.80",
      why: "Fresh: 30.5s old, and its lifetime is 1m00s (s-maxage=60)",
    },
  ]);
});

test("what an entry does not have is null or empty", () => {
  expect(listStored([listingOf({ lines: "Date: Thu, 01 Jan 2026 12:00:00 GMT\r\n" })], NOON)).toMatchObject([
    { etag: null, lastModified: null, tags: [], vary: { names: [], key: "" }, range: null },
  ]);
});

// Each row: what it shows | the bytes of the whole | the range.
const ranges = [
  ["a part of what is known", 5000, { first: 1000, last: 2023, whole: 5000 }],
  ["a part of nobody knows how much", -1, { first: 1000, last: 2023, whole: null }],
] as const;

test.each(ranges)("%s says where it lies", (_, wholeBytes, range) => {
  const facts = { status: 206, flags: stored.partial, rangeFirst: 1000, wholeBytes };

  expect(listStored([listingOf({ facts })], NOON)).toMatchObject([{ status: 206, bytes: 1024, range }]);
});

// Each row: milliseconds since it was stored | its age | its freshness.
const moments = [
  [0, 10, 50],
  [999, 10, 50],
  [49_999, 59, 1],
  [50_000, 60, 0],
  [50_999, 60, 0],
  [51_000, 61, -1],
] as const;

test.each(moments)("age and freshness add up to the lifetime after %d ms", (ms, ageSeconds, freshSeconds) => {
  const [entry] = listStored([listingOf()], NOON + ms);

  expect([entry?.ageSeconds, entry?.freshSeconds]).toEqual([ageSeconds, freshSeconds]);
});

// Each row: what it shows | the entry | seconds since it was stored | why.
const reasons: [string, Changes, number, string][] = [
  [
    "RFC 9111 §5.2.2.1, max-age",
    { lines: 'Cache-Control: public, max-age="60"\r\n' },
    20,
    "Fresh: 30.0s old, and its lifetime is 1m00s (max-age=60)",
  ],
  [
    "RFC 9111 §5.2.2.10, s-maxage before max-age",
    { lines: "cache-control: max-age=60\r\nCache-Control: S-MaxAge=60\r\n" },
    20,
    "Fresh: 30.0s old, and its lifetime is 1m00s (s-maxage=60)",
  ],
  [
    "RFC 9111 §4.2.1, the max-age that counts of two",
    { lines: "Cache-Control: max-age=5, max-age=60\r\n" },
    20,
    "Fresh: 30.0s old, and its lifetime is 1m00s (max-age=60)",
  ],
  [
    "RFC 9213 §2.2, a field for caches like this",
    { lines: "Cache-Control: max-age=60\r\nCDN-Cache-Control: max-age=60\r\n" },
    20,
    "Fresh: 30.0s old, and its lifetime is 1m00s (CDN-Cache-Control: max-age=60)",
  ],
  [
    "RFC 9213 §2.1, such a field that breaks its grammar",
    { lines: "Cache-Control: max-age=60\r\nCDN-Cache-Control: max-age=60, &\r\n" },
    20,
    "Fresh: 30.0s old, and its lifetime is 1m00s (max-age=60)",
  ],
  [
    "RFC 9213 §2.2, such a field that tells no lifetime",
    { facts: { lifetimeMs: 0 }, lines: "Cache-Control: max-age=60\r\nCDN-Cache-Control: public\r\n" },
    0,
    "Stale: 10.0s old, and its lifetime is 0s (CDN-Cache-Control: public)",
  ],
  [
    "RFC 9111 §5.3, Expires",
    { lines: "Date: Thu, 01 Jan 2026 12:00:00 GMT\r\nExpires: Thu, 01 Jan 2026 12:01:00 GMT\r\n" },
    60,
    "Stale: 1m10s old, and its lifetime is 1m00s (Expires: Thu, 01 Jan 2026 12:01:00 GMT)",
  ],
  [
    "RFC 9111 §5.3, an Expires that is no date",
    { facts: { lifetimeMs: 0 }, lines: "Expires: 0\r\n" },
    0,
    "Stale: 10.0s old, and its lifetime is 0s (Expires: 0)",
  ],
  [
    "RFC 9111 §4.2.1, a max-age that is no number",
    { facts: { lifetimeMs: 0 }, lines: "Cache-Control: max-age=1.5\r\n" },
    0,
    "Stale: 10.0s old, and its lifetime is 0s (max-age=1.5)",
  ],
  [
    "RFC 9111 §4.2.2, a heuristic",
    { facts: { flags: stored.heuristic }, lines: "Last-Modified: Thu, 01 Jan 2026 11:50:00 GMT\r\n" },
    0,
    "Fresh: 10.0s old, and its lifetime is 1m00s (heuristic: 10 % of the time between Last-Modified and Date, a day at most)",
  ],
  [
    "a rule, whatever the origin says",
    { facts: { flags: stored.ruled }, lines: "Cache-Control: max-age=60\r\n" },
    0,
    "Fresh: 10.0s old, and its lifetime is 1m00s (a rule of cache.rules)",
  ],
  [
    "nothing at all",
    { facts: { lifetimeMs: 0 }, lines: "ETag: a\r\n" },
    0,
    "Stale: 10.0s old, and its lifetime is 0s (nothing tells one)",
  ],
  [
    "RFC 9111 §5.2.2.4, no-cache",
    { facts: { flags: stored.noCache }, lines: "Cache-Control: no-cache, max-age=60\r\n" },
    0,
    "Never used without being validated: no-cache",
  ],
  [
    "RFC 9111 §5.2.2.2, must-revalidate",
    { facts: { flags: stored.mustRevalidate, staleIfErrorMs: 60_000 } },
    60,
    "Stale: 1m10s old, and its lifetime is 1m00s (max-age=60); it must be validated before it is used again",
  ],
  [
    "RFC 5861 §3, stale-while-revalidate",
    { facts: { staleWhileRevalidateMs: 30_000 } },
    60,
    "Stale: 1m10s old, and its lifetime is 1m00s (max-age=60); it may be used up to 30.0s past that while it is validated",
  ],
  [
    "RFC 5861, both",
    { facts: { staleWhileRevalidateMs: 30_000, staleIfErrorMs: 3_600_000 } },
    60,
    "Stale: 1m10s old, and its lifetime is 1m00s (max-age=60); it may be used up to 30.0s past that while it is validated and up to 1h00m past that after an error",
  ],
  [
    "a mark",
    { isMarkedStale: true },
    0,
    "Stale: marked so by a purge or an invalidation, whatever its lifetime of 1m00s (max-age=60)",
  ],
];

test.each(reasons)("why: %s", (_, changes, seconds, why) => {
  expect(listStored([listingOf(changes)], NOON + seconds * 1000)[0]?.why).toBe(why);
});

test("a hundred variants are listed, the newest ones", () => {
  const listings = Array.from({ length: 300 }, (_, at) => listingOf({ facts: { storedMs: NOON + at } }));

  const entries = listStored(listings, NOON + 1000);

  expect(entries).toHaveLength(100);
  expect(entries[0]?.storedAt).toBe("2026-01-01T12:00:00.299Z");
});
