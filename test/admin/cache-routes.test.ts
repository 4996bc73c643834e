import { expect, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import { cells } from "../../src/observe/cells.ts";
import { listingOf, NOON, tierStats } from "./fake-cache.ts";
import { FakeDeps } from "./fake-deps.ts";

const URL_OF = "http://example.com/a?b=c&d=e";

test("GET /cache tells what is stored where, and what it was worth", async () => {
  const { call, deps } = running();
  deps.fakeCache.memoryStats = tierStats({
    entries: 3,
    bytes: 4096,
    evictions: 2,
    stored: 5,
    oldestMs: Date.now() - 3_600_000,
  });
  deps.fakeCache.diskStats = { ...tierStats({ entries: 1, bytes: 10 }), path: "/var/cache/headgate" };
  deps.counters(0).add(cells.cacheRequests.hit, 3);
  deps.counters(1).add(cells.cacheRequests.miss, 1);
  deps.counters(1).add(cells.cacheBytesSaved, 900);
  deps.counters(0).add(cells.cacheBytesFetched, 100);
  deps.counters(0).add(cells.cachePurged, 7);
  deps.counters(0).add(cells.cacheInvalidated, 8);
  deps.counters(0).add(cells.cacheRefreshes, 9);

  const report = await bodyOf(await call("GET /cache"));

  expect(report).toEqual({
    enabled: true,
    offline: false,
    memory: {
      entries: 3,
      bytes: 4096,
      capacityBytes: 67_108_864,
      evictions: 2,
      stored: 5,
      oldestSeconds: expect.any(Number),
    },
    disk: {
      entries: 1,
      bytes: 10,
      capacityBytes: 67_108_864,
      evictions: 0,
      stored: 0,
      oldestSeconds: null,
      path: "/var/cache/headgate",
    },
    requests: { hit: 3, hit_disk: 0, stale: 0, revalidated: 0, collapsed: 0, miss: 1, bypass: 0, missing: 0 },
    hitRatio: 0.75,
    byteHitRatio: 0.9,
    bytesSaved: 900,
    bytesFetched: 100,
    purged: 7,
    invalidated: 8,
    refreshes: 9,
  });
  expect((await bodyOf(await call("GET /status")))["cache"]).toMatchObject({ enabled: true, hitRatio: 0.75 });
});

test("GET /cache/entry tells of everything that is stored for a URL, the newest first", async () => {
  const { call, deps } = running();
  const older = { storedMs: NOON - 1000 };
  deps.fakeCache.listings = [listingOf({ facts: older, tier: "disk", varyKey: "en" }), listingOf()];

  const { url, entries } = await bodyOf(await call(`GET /cache/entry?url=${encodeURIComponent(URL_OF)}`));

  expect(url).toBe(URL_OF);
  expect(entries).toMatchObject([
    { tier: "memory", status: 200, storedAt: "2026-01-01T12:00:00.000Z" },
    { tier: "disk", status: 200, storedAt: "2026-01-01T11:59:59.000Z", vary: { key: "en" } },
  ]);
  expect(deps.log).toEqual([`find ${URL_OF}`]);
});

// Each row: how the URL is written in the query | what is looked for.
const written = [
  ["url=http%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3De", URL_OF],
  ["url=http%3A//example.com/a%3Fb%3Dc%26d%3De", URL_OF],
  ["url=http://example.com/a?b=c&d=e", URL_OF],
  ["url=http://example.com/a%20b+c", "http://example.com/a%20b+c"],
  ["url=http%3A%2F%2Fexample.com%2Fa%2520b%2Bc", "http://example.com/a%20b+c"],
  ["url=HTTPS://EXAMPLE.com", "HTTPS://EXAMPLE.com"],
  ["url=http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"],
] as const;

test.each(written)("?%s is %s", async (query, url) => {
  const { call, deps } = running();

  const response = await call(`GET /cache/entry?${query}`);

  expect(deps.log).toEqual([`find ${url}`]);
  expect(response.status).toBe(404);
  expect(await bodyOf(response)).toEqual({
    error: `Cannot show what is stored: nothing is stored for ${url}`,
  });
});

const noUrls = [
  "",
  "?url=",
  "?uri=http://example.com/",
  "?url=/a",
  "?url=example.com",
  "?url=http://",
  "?url=http:///a",
  "?url=ftp://example.com/",
  "?url=http://user@example.com/",
  "?url=http://example.com:99999/",
  "?url=http%3A%2F%2Fexample.com%2Fa%20b",
  "?url=http%3A%2F%2Fexample.com%2F%0d%0a",
  "?url=http%3A%2F%2Fexample.com%2F%23fragment",
  "?url=http%3A%2F%2Fexample.com%5C%2F",
  `?url=http://example.com/${"x".repeat(16 * 1024)}`,
];

test.each(noUrls)("/cache/entry%s names no URL", async (query) => {
  const { call, deps } = running();

  const response = await call(`GET /cache/entry${query}`);

  expect(response.status).toBe(400);
  expect(await bodyOf(response)).toMatchObject({
    error: "Cannot show what is stored",
    problems: [expect.stringMatching(/^url: Expected an absolute URL of http or https, .*, found /)],
  });
  expect(deps.log).toEqual([]);
});

test("offline is switched, and tells what was missing", async () => {
  const { call, deps } = running();
  deps.fakeCache.missingUrls = [{ url: "http://example.com/a", count: 2 }];
  const missing = [{ url: "http://example.com/a", count: 2 }];

  expect(await bodyOf(await call("GET /cache/offline"))).toEqual({ offline: false, missing });
  expect(await bodyOf(await call('POST /cache/offline {"offline":true}'))).toEqual({
    offline: true,
    missing,
  });
  expect(await bodyOf(await call("GET /cache/offline"))).toEqual({ offline: true, missing });
  expect((await bodyOf(await call("GET /cache")))["offline"]).toBe(true);
  await call('POST /cache/offline {"offline":false}');

  expect(deps.log).toEqual(["offline true", "offline false"]);
});

// Each row: what it shows | the request | the status | the error.
const refused: [string, string, number, string][] = [
  ["a switch to nothing", "POST /cache/offline {}", 400, "Cannot switch offline mode"],
  ["a switch to a number", 'POST /cache/offline {"offline":1}', 400, "Cannot switch offline mode"],
  [
    "a switch with a field unknown",
    'POST /cache/offline {"offline":true,"for":"1h"}',
    400,
    "Cannot switch offline mode",
  ],
  ["a switch that is no group", "POST /cache/offline true", 400, "Cannot switch offline mode"],
  [
    "a switch of more than 64 KiB",
    `POST /cache/offline {"offline":"${"x".repeat(64 * 1024)}"}`,
    413,
    "Cannot switch offline mode: the body has more than 65536 bytes",
  ],
];

test.each(refused)("%s is refused", async (_, line, status, error) => {
  const { call, deps } = running();

  const response = await call(line);

  expect([response.status, (await bodyOf(response))["error"]]).toEqual([status, error]);
  expect(deps.log).toEqual([]);
});

test("where there is no cache, only GET /cache answers", async () => {
  const { call, deps } = running();
  deps.fakeCache.isOn = false;
  deps.fakeCache.memoryStats = undefined;

  expect(await bodyOf(await call("GET /cache"))).toMatchObject({
    enabled: false,
    offline: false,
    memory: null,
    disk: null,
    hitRatio: null,
    byteHitRatio: null,
    bytesSaved: 0,
  });
  for (const [line, error] of [
    [`GET /cache/entry?url=${URL_OF}`, "Cannot show what is stored: there is no cache"],
    ['POST /cache/purge {"tag":"a"}', "Cannot purge: there is no cache"],
    ["GET /cache/offline", "Cannot tell what is missing: there is no cache"],
    ['POST /cache/offline {"offline":true}', "Cannot switch offline mode: there is no cache"],
  ] as const) {
    const response = await call(line);
    expect([line, response.status, await bodyOf(response)]).toEqual([line, 409, { error }]);
  }
  expect(deps.log).toEqual([]);
});

const orders = [
  "GET /cache",
  `GET /cache/entry?url=${URL_OF}`,
  'POST /cache/purge {"tag":"a"}',
  "GET /cache/offline",
  'POST /cache/offline {"offline":true}',
];

test.each(orders)("%s needs the token where there is one", async (line) => {
  const { call, deps } = running("correct-horse-battery");

  expect((await call(line)).status).toBe(401);
  expect(deps.log).toEqual([]);
});

test.each(orders)("%s is not for a web page of another site", async (line) => {
  const { call, deps } = running();

  expect((await call(line, { Origin: "https://evil.example" })).status).toBe(403);
  expect((await call(line, { Host: "evil.example" })).status).toBe(403);
  expect(deps.log).toEqual([]);
});

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

function running(token?: string) {
  const deps = new FakeDeps(token);
  const app = createAdminApp(deps);
  const call = (line: string, headers: Record<string, string> = {}) => {
    const [, method = "", path = "", body] = /^(\S+) (\S+)(?: (.*))?$/.exec(line) ?? [];
    return app.request(path, {
      method,
      headers: { Host: "127.0.0.1:8889", ...headers },
      ...(body && { body }),
    });
  };
  return { deps, call };
}
