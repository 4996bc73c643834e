/** What the cache tells of itself: the status port, the metrics, the log's word, and `headgate cache` with its exit codes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { EntryReport } from "../../src/admin/cache-listing.ts";
import type { CacheReport } from "../../src/admin/cache-report.ts";
import { HttpClient, type Question } from "../support/http-client.ts";
import { unusedPort } from "../support/port.ts";
import { EXECUTABLE, type RunningProxy, startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, type Origin, startOrigin } from "../support/servers/origin.ts";
import { run } from "../support/tools.ts";
import { until } from "../support/until.ts";

const MINE = { fields: "Accept-Language: de\r\n" };

describe("each way an answer can take has a word, in the log, in /metrics and in GET /cache:", () => {
  let proxy: RunningProxy;
  let origin: Origin;
  beforeAll(async () => {
    proxy = await startProxy({ workers: 1 });
    origin = startOrigin(answer);
  });
  afterAll(async () => {
    await proxy.stop();
    origin.stop();
  });

  // The word | whether it was asked for before | the path | how it is asked for.
  const words: readonly (readonly [string, boolean, string, Question])[] = [
    ["miss", false, "/fresh/1", {}],
    ["hit", true, "/fresh/2", {}],
    ["stale", true, "/swr", {}],
    ["revalidated", true, "/old", {}],
    ["bypass", false, "/fresh/3", { method: "OPTIONS" }],
    ["missing", false, "/fresh/4", { fields: "Cache-Control: only-if-cached\r\n" }],
  ];

  test.each(words)("%s", async (word, isStored, path, question) => {
    const counted = () => proxy.metric(`headgate_cache_requests_total{result="${word}"}`);
    using client = await HttpClient.connect(proxy.port);
    if (isStored) await client.get(origin.authority, path);
    const before = await counted();

    await client.get(origin.authority, path, question);

    const lines = await until("it is logged", () => {
      const log = proxy.accessLog().filter(({ target }) => String(target).endsWith(path));
      return log.length === (isStored ? 2 : 1) && log;
    });
    expect(lines.at(-1)?.["cache"]).toBe(word);
    expect(await counted()).toBe(before + 1);
    expect((await cacheOf(proxy)).requests).toMatchObject({ [word]: before + 1 });
  });
});

test("GET /cache counts what is kept, and what it was worth", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using origin = startOrigin(answer);
  const clients = await Promise.all(Array.from({ length: 8 }, () => HttpClient.connect(proxy.port)));
  for (const client of clients) {
    await client.get(origin.authority, "/fresh");
    client[Symbol.dispose]();
  }

  const report = await cacheOf(proxy);

  const bytes = checkedBody("/fresh", 1, 2_000).length;
  expect(report).toMatchObject({
    enabled: true,
    offline: false,
    disk: null,
    requests: { hit: 7, miss: 1, bypass: 0, collapsed: 0 },
    hitRatio: 7 / 8,
    byteHitRatio: 7 / 8,
    bytesSaved: 7 * bytes,
    bytesFetched: bytes,
    purged: 0,
  });
  expect(report.memory).toMatchObject({ entries: 1, stored: 1, evictions: 0 });
  expect(report.memory?.bytes).toBeWithin(bytes, 3 * bytes);
  expect(report.memory?.capacityBytes).toBeWithin(60 * 2 ** 20, 64 * 2 ** 20 + 1);
  expect(await proxy.metric('headgate_cache_entries{tier="memory"}')).toBe(1);
  expect(await proxy.metric('headgate_cache_stored_total{tier="memory"}')).toBe(1);
  expect(await proxy.metric("headgate_cache_saved_bytes_total")).toBe(7 * bytes);
  expect((await proxy.status()).cache).toMatchObject({ hitRatio: 7 / 8 });
});

test("GET /cache/entry tells of each variant how fresh it is, and why", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using origin = startOrigin(answer);
  using client = await HttpClient.connect(proxy.port);
  for (const question of [{}, MINE]) await client.get(origin.authority, "/varied?x=1", question);
  // As somebody might write it.
  const url = `HTTP://${origin.authority}/varied?x=1`;

  const asked = await fetch(`${proxy.admin}/cache/entry?url=${encodeURIComponent(url)}`, { proxy: false });
  const { entries } = (await asked.json()) as { entries: EntryReport[] };

  expect(entries.length).toBe(2);
  expect(entries.map(({ vary }) => vary.names)).toEqual([["accept-language"], ["accept-language"]]);
  expect(entries[0]).toMatchObject({
    tier: "memory",
    status: 200,
    lifetimeSeconds: 3600,
    heuristic: false,
    ruled: false,
    markedStale: false,
    etag: '"v"',
    tags: ["one", "two"],
    range: null,
    peer: origin.authority,
  });
  expect(entries[0]?.why).toEndWith("its lifetime is 1h00m (max-age=3600)");
  expect(entries[0]?.freshSeconds).toBeWithin(3_500, 3_601);

  const other = await fetch(`${proxy.admin}/cache/entry?url=http://${origin.authority}/other`, {
    proxy: false,
  });
  expect(other.status).toBe(404);
});

test("PURGE is obeyed for the clients that may, and others get 403", async () => {
  await using proxy = await startProxy({ workers: 1, cache: { purge: ["192.0.2.0/24"] } });
  await using open = await startProxy({ workers: 1 });
  using origin = startOrigin(answer);
  for (const [each, status] of [
    [proxy, 403],
    [open, 200],
  ] as const) {
    using client = await HttpClient.connect(each.port);
    await client.get(origin.authority, "/fresh");
    expect((await client.get(origin.authority, "/fresh", { method: "PURGE" })).status).toBe(status);
    const after = await client.get(origin.authority, "/fresh");
    expect(after.field("cache-status")).toContain(status === 200 ? "fwd=uri-miss" : "hit");
    if (status === 200) {
      expect((await client.get(origin.authority, "/never", { method: "PURGE" })).status).toBe(404);
    }
  }
  expect(origin.heard.some((line) => line.startsWith("PURGE"))).toBe(false);
});

describe("headgate cache", () => {
  test("stats, show and purge do what they say, with 0", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(answer);
    using client = await HttpClient.connect(proxy.port);
    const url = `http://${origin.authority}/varied`;
    const store = async () => {
      await client.get(origin.authority, "/varied");
      await client.get(origin.authority, "/varied", MINE);
    };
    await store();

    const stats = await cache(proxy, "stats");
    expect(stats.code).toBe(0);
    expect(stats.stdout).toMatch(/^Cache, on\n/);
    expect(stats.stdout).toMatch(/^memory +2 /m);
    expect(JSON.parse((await cache(proxy, "stats", "--json")).stdout)).toMatchObject({ enabled: true });

    const shown = await cache(proxy, "show", url);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toStartWith(`${url}\n`);
    expect(shown.stdout.match(/^why +Fresh: /gm)?.length).toBe(2);
    expect(shown.stdout).toContain("accept-language (");

    const soft = await cache(proxy, "purge", url, "--soft");
    expect([soft.code, soft.stdout]).toEqual([0, "2 marked as stale\n"]);
    expect((await cache(proxy, "show", url)).stdout).toContain("Stale: marked so by a purge");

    const ways = [
      [url],
      ["--host", origin.authority],
      ["--prefix", `http://${origin.authority}/v`],
      ["--tag", "two"],
    ];
    for (const way of ways) {
      await store();
      const purged = await cache(proxy, "purge", ...way);
      expect([way, purged.code, purged.stdout]).toEqual([way, 0, "2 purged\n"]);
    }
    expect((await cache(proxy, "purge", "--tag", "two")).stdout).toBe("0 purged\n");
  });

  // The words | the code | what stderr says.
  const refused = [
    ["show http://example.com/never", 1, "nothing is stored for http://example.com/never"],
    ["show", 2, "cache show: Expected a URL"],
    ["show example.com", 2, "cache show: Expected a URL"],
    ["purge", 2, "found nothing"],
    ["purge --host a --tag b", 2, "found --host and --tag"],
    ["purge http://", 2, ""],
    ["purge --prefix http://example.com", 2, "at least through the slash"],
    ["stat", 2, 'did you mean "stats"?'],
    ["stats --soft", 2, "--soft: Not a flag of cache stats"],
  ] as const;

  test("what is refused has its code, and one line that says why", async () => {
    await using proxy = await startProxy({ workers: 1 });
    for (const [words, code, said] of refused) {
      const asked = await cache(proxy, ...words.split(" "));
      expect([words, asked.code, asked.stdout]).toEqual([words, code, ""]);
      expect(asked.stderr).toContain(said);
      expect(asked.stderr).not.toContain("    at ");
    }
  });

  test("where nobody listens it ends with 1", async () => {
    const asked = await run([EXECUTABLE, "cache", "stats", "--url", `http://127.0.0.1:${unusedPort()}`]);

    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain("Cannot ask http://127.0.0.1:");
  });

  test("where there is no cache, stats says so with 0 and the rest ends with 1", async () => {
    await using proxy = await startProxy({ workers: 1, cache: { memory: "off" } });

    const stats = await cache(proxy, "stats");
    expect([stats.code, stats.stdout]).toEqual([0, "There is no cache: cache.memory is off\n"]);
    for (const words of [
      ["show", "http://example.com/"],
      ["purge", "http://example.com/"],
    ]) {
      const asked = await cache(proxy, ...words);
      expect(asked.code).toBe(1);
      expect(asked.stderr).toContain("there is no cache");
    }
  });

  test("a status port with a token is asked with it", async () => {
    const token = "a-token-of-some-length";
    await using proxy = await startProxy({ workers: 1, admin: { address: "127.0.0.1:0", token } });

    expect((await cache(proxy, "stats")).code).toBe(1);
    expect((await cache(proxy, "stats", "--token", token)).code).toBe(0);
  });
});

function answer({ path, headers }: { path: string; headers: Headers }): Response {
  const old = { "cache-control": "max-age=10", age: "30", etag: '"v"' };
  const isHeld = headers.get("if-none-match") === '"v"';
  switch (path.replace(/\?.*/, "")) {
    case "/swr":
      return fresh(checkedBody(path, 1), {
        ...old,
        "cache-control": "max-age=10, stale-while-revalidate=1000",
      });
    case "/old":
      return isHeld
        ? new Response(null, { status: 304, headers: { etag: '"v"', "cache-control": "max-age=60" } })
        : fresh(checkedBody(path, 1), old);
    case "/varied":
      return fresh(checkedBody(path, 1), { vary: "Accept-Language", etag: '"v"', "cache-tag": "one, two" });
    default:
      return fresh(checkedBody(path, 1, 2_000));
  }
}

async function cacheOf(proxy: RunningProxy): Promise<CacheReport> {
  return (await (await fetch(`${proxy.admin}/cache`, { proxy: false })).json()) as CacheReport;
}

function cache(proxy: RunningProxy, ...words: string[]) {
  return run([EXECUTABLE, "cache", ...words, "--url", proxy.admin ?? ""]);
}
