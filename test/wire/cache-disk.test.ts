/** The cache on disk: what is too large for memory, and what has left it; served by all workers, and after a restart. */
import { describe, expect, test } from "bun:test";
import { bytesBelow, kill, storeOnDisk, untilStoredOnDisk, withDisk } from "../support/cache-disk.ts";
import { curl } from "../support/curl.ts";
import { askEach, connectAll, HttpClient } from "../support/http-client.ts";
import { untilMetric } from "../support/metrics.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { makeFolder, testWith } from "../support/tools.ts";
import { until } from "../support/until.ts";

/** Too much for a memory of 1 MiB. */
const LARGE = 3_000_000;
const CLIENTS = 12;

/** `/large/…` is too large for memory, `/small/…` is not. */
function byPath({ path, count }: { path: string; count: number }): Response {
  return fresh(checkedBody(path, count, path.startsWith("/large") ? LARGE : 10_000), { etag: `"${count}"` });
}

describe("what is too large for memory", () => {
  test("is stored on disk, and served by all workers, with a word of its own", async () => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(`${folder.path}/cache`);
    using origin = startOrigin(byPath);
    using client = await HttpClient.connect(proxy.port);

    const first = await client.get(origin.authority, "/large/1");
    expect(first.field("cache-status")).toMatch(/^headgate; fwd=uri-miss; ttl=\d+; stored$/);
    await untilStoredOnDisk(proxy, 1);
    using clients = await connectAll(proxy.port, CLIENTS);
    for (const answer of await askEach(clients.all, origin.authority, "/large/1")) {
      expect(answer.field("cache-status")).toStartWith("headgate; hit");
      expect(readChecked(answer.body)).toEqual({ path: "/large/1", version: 1 });
    }

    expect(origin.asked("/large/1")).toBe(1);
    await untilMetric(proxy, 'headgate_cache_requests_total{result="hit_disk"}', CLIENTS);
    await until("it is logged", () => proxy.accessLog().length === CLIENTS + 1);
    const words = proxy.accessLog().map((line) => line["cache"]);
    expect(words.filter((word) => word === "hit_disk").length).toBe(CLIENTS);
    expect(words.filter((word) => word === "miss").length).toBe(1);
    expect(await proxy.metric('headgate_cache_entries{tier="disk"}')).toBe(1);
  });

  test("is fetched once for many who ask at once, whether its length is known or not", async () => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(`${folder.path}/cache`);
    const gates = new Map<string, PromiseWithResolvers<void>>();
    using origin = startOrigin(async ({ path }) => {
      await gates.get(path)?.promise;
      const body = checkedBody(path, 1, LARGE);
      return fresh(path.endsWith("known") ? body : (inPieces(body) as never));
    });
    using clients = await connectAll(proxy.port, CLIENTS);

    for (const path of ["/large/known", "/large/streamed"]) {
      const gate = Promise.withResolvers<void>();
      gates.set(path, gate);
      const asked = askEach(clients.all, origin.authority, path);
      await untilMetric(proxy, "headgate_exchanges_in_flight", CLIENTS);
      gate.resolve();
      for (const { body } of await asked) expect(readChecked(body)).toEqual({ path, version: 1 });
      expect(origin.asked(path)).toBe(1);
    }
    await untilStoredOnDisk(proxy, 2);
  });

  testWith(["curl"], "answers ranges, conditions and HEAD", async () => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(`${folder.path}/cache`);
    using origin = startOrigin(byPath);
    await storeOnDisk(proxy, origin.authority, ["/large/1"]);
    const url = `http://${origin.authority}/large/1`;
    const whole = checkedBody("/large/1", 1, LARGE);
    using client = await HttpClient.connect(proxy.port);

    for (const [first, last] of [
      [0, 9],
      [262_140, 262_150],
      [1_000_000, 2_500_000],
      [LARGE - 5, LARGE - 1],
    ] as const) {
      const fields = `Range: bytes=${first}-${last}\r\n`;
      const { status, body, field } = await client.get(origin.authority, "/large/1", { fields });
      expect([status, field("content-range")]).toEqual([206, `bytes ${first}-${last}/${LARGE}`]);
      expect(body.equals(whole.subarray(first, last + 1))).toBe(true);
    }
    const beyond = await client.get(origin.authority, "/large/1", { fields: `Range: bytes=${LARGE}-\r\n` });
    expect(beyond.status).toBe(416);
    const parts = await client.get(origin.authority, "/large/1", {
      fields: "Range: bytes=0-9,500000-500009\r\n",
    });
    expect(parts.status).toBe(206);
    expect(parts.body.includes(whole.subarray(500_000, 500_010))).toBe(true);
    const known = await client.get(origin.authority, "/large/1", { fields: 'If-None-Match: "1"\r\n' });
    expect(known.status).toBe(304);
    const head = await curl(proxy.url, "-I", url);
    expect(head.status).toBe(200);
    expect(head.heads).toContain(`Content-Length: ${LARGE}\r\n`);
    expect(head.heads).toContain("Cache-Status: headgate; hit");
    expect(origin.heard).toEqual(["GET /large/1"]);
  });

  test("is validated, purged and forgotten as what is in memory", async () => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(`${folder.path}/cache`);
    using origin = startOrigin(({ path, count, headers }) =>
      headers.get("if-none-match") === '"e"'
        ? new Response(null, { status: 304, headers: { etag: '"e"', "cache-control": "max-age=3600" } })
        : fresh(checkedBody(path, count, LARGE), {
            etag: '"e"',
            "cache-tag": "big",
            ...(path === "/large/old" && { "cache-control": "max-age=10", age: "30" }),
          }),
    );
    const paths = ["/large/old", "/large/url", "/large/tag", "/large/put", "/large/soft"];
    await storeOnDisk(proxy, origin.authority, paths);
    using client = await HttpClient.connect(proxy.port);
    const ask = async (path: string) => (await client.get(origin.authority, path)).field("cache-status");

    expect(await ask("/large/old")).toStartWith("headgate; fwd=stale; fwd-status=304");
    await until("it is fresh", async () => (await ask("/large/old"))?.startsWith("headgate; hit"));

    const method = { method: "PURGE" };
    expect((await client.get(origin.authority, "/large/url", method)).status).toBe(200);
    expect(await ask("/large/url")).toStartWith("headgate; fwd=uri-miss");
    await client.get(origin.authority, "/large/put", { method: "PUT", fields: "Content-Length: 0\r\n" });
    expect(await ask("/large/put")).toStartWith("headgate; fwd=uri-miss");
    expect(await purge(proxy.admin, { url: `http://${origin.authority}/large/soft`, soft: true })).toBe(1);
    expect(await ask("/large/soft")).toStartWith("headgate; fwd=stale; fwd-status=304");
    await untilMetric(proxy, 'headgate_cache_entries{tier="disk"}', paths.length);
    expect(await purge(proxy.admin, { tag: "big" })).toBe(paths.length);
    expect(await ask("/large/tag")).toStartWith("headgate; fwd=uri-miss");
  });

  test("is told by GET /cache and GET /cache/entry", async () => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(`${folder.path}/cache`);
    using origin = startOrigin(byPath);
    await storeOnDisk(proxy, origin.authority, ["/large/1", "/large/2"]);

    const report = await (await fetch(`${proxy.admin}/cache`, { proxy: false })).json();
    expect(report).toMatchObject({
      disk: { entries: 2, stored: 2, evictions: 0, path: `${folder.path}/cache` },
    });
    const url = encodeURIComponent(`http://${origin.authority}/large/1`);
    const entry = await (await fetch(`${proxy.admin}/cache/entry?url=${url}`, { proxy: false })).json();
    expect(entry).toMatchObject({ entries: [{ tier: "disk", status: 200, bytes: LARGE, etag: '"1"' }] });
  });
});

describe("after a restart", () => {
  const ways = [
    ["that was asked for", async (proxy: { stop(): Promise<number> }) => void (await proxy.stop())],
    ["by kill -9", kill],
  ] as const;

  test.each(ways)("%s, what was stored is served", async (_, end) => {
    await using folder = await makeFolder();
    using origin = startOrigin(byPath);
    const paths = ["/large/1", "/large/2", "/large/3"];
    await using proxy = await withDisk(`${folder.path}/cache`);
    await storeOnDisk(proxy, origin.authority, paths);
    await end(proxy as never);

    await using again = await withDisk(`${folder.path}/cache`);
    using client = await HttpClient.connect(again.port);
    for (const path of paths) {
      const answer = await client.get(origin.authority, path);
      expect(answer.field("cache-status")).toStartWith("headgate; hit");
      expect(readChecked(answer.body)).toEqual({ path, version: 1 });
    }
    expect(origin.askedInAll()).toBe(paths.length);
    expect(again.stderr()).not.toContain("without a disk");
  });

  test("what was purged does not come back", async () => {
    await using folder = await makeFolder();
    using origin = startOrigin(byPath);
    await using proxy = await withDisk(`${folder.path}/cache`);
    await storeOnDisk(proxy, origin.authority, ["/large/1", "/large/2"]);
    await purge(proxy.admin, { url: `http://${origin.authority}/large/1` });
    await kill(proxy);

    await using again = await withDisk(`${folder.path}/cache`);
    using client = await HttpClient.connect(again.port);
    expect(readChecked((await client.get(origin.authority, "/large/1")).body).version).toBe(2);
    expect(readChecked((await client.get(origin.authority, "/large/2")).body).version).toBe(1);
  });
});

test("what leaves memory after it was used comes back from disk", async () => {
  await using folder = await makeFolder();
  await using proxy = await withDisk(`${folder.path}/cache`);
  using origin = startOrigin(byPath);
  using client = await HttpClient.connect(proxy.port);
  const paths = Array.from({ length: 200 }, (_, at) => `/small/${at}`);
  for (const path of paths) for (const _ of [1, 2, 3]) await client.get(origin.authority, path);
  await until(
    "some are on disk",
    async () => (await proxy.metric('headgate_cache_entries{tier="disk"}')) > 50,
  );

  for (const path of paths) {
    expect(readChecked((await client.get(origin.authority, path)).body).path).toBe(path);
  }
  await until("some came from there", async () => {
    return (await proxy.metric('headgate_cache_requests_total{result="hit_disk"}')) > 0;
  });
});

test("the disk stays within its size, whatever comes", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/cache`;
  await using proxy = await withDisk(path);
  using origin = startOrigin(byPath);
  using clients = await connectAll(proxy.port, 4);

  await Promise.all(
    clients.all.map(async (client, number) => {
      for (let at = 0; at < 10; at++) {
        await client.get(origin.authority, `/large/${number}/${at}`);
        expect(await bytesBelow(path)).toBeLessThanOrEqual(64 * 2 ** 20);
      }
    }),
  );

  await until("some left", async () => (await proxy.metric('headgate_cache_evicted_total{tier="disk"}')) > 0);
});

async function purge(admin: string | undefined, body: Record<string, unknown>): Promise<number> {
  const answer = await fetch(`${admin}/cache/purge`, {
    method: "POST",
    body: JSON.stringify(body),
    proxy: false,
  });
  return ((await answer.json()) as { purged: number }).purged;
}

async function* inPieces(body: Buffer): AsyncGenerator<Uint8Array> {
  const step = Math.ceil(body.length / 20);
  for (let at = 0; at < body.length; at += step) {
    yield body.subarray(at, at + step);
    await Bun.sleep(1);
  }
}
