/**
 * Answers byte for byte while a small cache is overwritten, purged and read by many
 * at once; and what was purged is not seen again, however old the fetch was.
 */
import { describe, expect, test } from "bun:test";
import { HttpClient } from "../support/http-client.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { until } from "../support/until.ts";

/** Some 3 MB in all, for a cache of one. */
const PATHS = Array.from({ length: 60 }, (_, at) => `/object/${at}`);
const SIZES = [0, 100, 3_000, 20_000, 60_000, 150_000];

const CLIENTS = 16;
const ANSWERS = 1_500;

/** What has been changed since, and what a purge has promised. */
interface World {
  readonly versions: Map<string, number>;
  /** Not before this may anybody be given it. */
  readonly floors: Map<string, number>;
}

type Purge = (proxy: RunningProxy, authority: string, path: string) => Promise<unknown>;

describe("no older version is served than was purged, whole and in its right place, under load and purges", () => {
  const ways: readonly (readonly [string, Purge])[] = [
    ["by PURGE", purgeByMethod],
    ["by url", (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}` })],
    [
      "by url, softly",
      (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}`, soft: true }),
    ],
    ["by host", (proxy, authority) => purge(proxy, { host: authority })],
    ["by host without its port, softly", (proxy) => purge(proxy, { host: "127.0.0.1", soft: true })],
    ["by prefix", (proxy, authority, path) => purge(proxy, { prefix: `http://${authority}${path}` })],
    ["by tag", (proxy, _, path) => purge(proxy, { tag: `tag:${path}` })],
    ["by a tag of all, softly", (proxy) => purge(proxy, { tag: "all", soft: true })],
  ];

  test.each(ways)("%s", async (_, purgeOne) => {
    await using proxy = await startProxy({ workers: 2, cache: { memory: "1MiB" }, log: { access: "off" } });
    const world: World = { versions: new Map(), floors: new Map() };
    using origin = startOrigin(({ path }) => versioned(world, path));
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => HttpClient.connect(proxy.port)));
    let answers = 0;
    let isOver = false;

    async function asks(client: HttpClient, seed: number): Promise<void> {
      for (let at = seed; !isOver; at++) {
        const path = pathAt(at * 7 + seed);
        const floor = world.floors.get(path) ?? 0;
        const { body, status } = await client.get(origin.authority, path);
        const told = readChecked(body);
        if (status !== 200 || told.path !== path || told.version < floor)
          throw new Error(`Cannot take ${status} ${told.path} ${told.version} for ${path} ${floor}`);
        answers++;
      }
    }

    async function purges(): Promise<void> {
      for (let at = 0; answers < ANSWERS; at += 5) {
        const path = pathAt(at);
        const version = (world.versions.get(path) ?? 0) + 1;
        world.versions.set(path, version);
        await purgeOne(proxy, origin.authority, path);
        world.floors.set(path, version);
      }
      isOver = true;
    }

    await Promise.all([...clients.map(asks), purges()]);
    for (const client of clients) client[Symbol.dispose]();

    expect(answers).toBeGreaterThanOrEqual(ANSWERS);
    expect(await proxy.metric('headgate_cache_requests_total{result="hit"}')).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_cache_purged_total")).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);
  });
});

describe("what is being fetched when it is purged is not given to who asks afterwards", () => {
  const ways: readonly (readonly [string, Purge])[] = [
    ["PURGE", purgeByMethod],
    ["a purge by url", (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}` })],
    [
      "a soft purge",
      (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}`, soft: true }),
    ],
    ["a purge by host", (proxy, authority) => purge(proxy, { host: authority })],
    ["a purge by tag", (proxy, _, path) => purge(proxy, { tag: `tag:${path}` })],
  ];

  test.each(ways)("%s", async (_, purgeOne) => {
    await using proxy = await startProxy({ workers: 2 });
    const old = Promise.withResolvers<void>();
    using origin = startOrigin(async ({ path, count }) => {
      if (count === 1) await old.promise;
      return tagged(path, count, 50_000);
    });
    using early = await HttpClient.connect(proxy.port);
    const first = early.get(origin.authority, "/under-way");
    await until("the origin is asked", () => origin.asked("/under-way") === 1);

    await purgeOne(proxy, origin.authority, "/under-way");
    const late = await Promise.all(Array.from({ length: 8 }, () => HttpClient.connect(proxy.port)));
    const second = Promise.all(late.map((client) => client.get(origin.authority, "/under-way")));
    await until("they wait, or some have been fetched for", async () => {
      return origin.asked("/under-way") > 1 || (await proxy.metric("headgate_exchanges_in_flight")) === 9;
    });
    old.resolve();

    expect(readChecked((await first).body).version).toBe(1);
    for (const { body } of await second) expect(readChecked(body).version).toBeGreaterThan(1);
    for (const client of late) {
      const { body } = await client.get(origin.authority, "/under-way");
      expect(readChecked(body).version).toBeGreaterThan(1);
    }
    for (const client of late) client[Symbol.dispose]();
  });
});

test("objects of all sizes are evicted and come again, never as another's", async () => {
  await using proxy = await startProxy({ workers: 2, cache: { memory: "1MiB" }, log: { access: "off" } });
  using origin = startOrigin(({ path, count }) => fresh(checkedBody(path, count, sizeOf(path))));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => HttpClient.connect(proxy.port)));
  const paths = Array.from({ length: 400 }, (_, at) => `/many/${at}`);

  await Promise.all(
    clients.map(async (client, number) => {
      for (let at = 0; at < 300; at++) {
        const path = paths[(at * at + number * 31) % paths.length] ?? "";
        expect(readChecked((await client.get(origin.authority, path)).body).path).toBe(path);
      }
    }),
  );
  for (const client of clients) client[Symbol.dispose]();

  const report = (await (await fetch(`${proxy.admin}/cache`, { proxy: false })).json()) as {
    memory: { bytes: number; capacityBytes: number; evictions: number };
  };
  // The index is in that mebibyte too.
  expect(report.memory.capacityBytes).toBeWithin(900_000, 1024 * 1024);
  expect(report.memory.bytes).toBeWithin(1, report.memory.capacityBytes + 1);
  expect(report.memory.evictions).toBeGreaterThan(0);
});

test("a POST, a PUT and a DELETE that succeed make what is stored invalid for all workers", async () => {
  await using proxy = await startProxy({ workers: 2 });
  let version = 1;
  using origin = startOrigin(({ method, path }) => {
    if (method !== "GET") version++;
    return fresh(checkedBody(path, version));
  });
  const clients = await Promise.all(Array.from({ length: 8 }, () => HttpClient.connect(proxy.port)));
  for (const method of ["POST", "PUT", "DELETE"]) {
    for (const client of clients) await client.get(origin.authority, "/changed");
    const before = version;
    await clients[0]?.get(origin.authority, "/changed", { method, fields: "Content-Length: 0\r\n" });
    for (const client of clients) {
      expect(readChecked((await client.get(origin.authority, "/changed")).body).version).toBe(before + 1);
    }
  }
  for (const client of clients) client[Symbol.dispose]();
});

function versioned({ versions }: World, path: string): Response {
  return tagged(path, versions.get(path) ?? 0, sizeOf(path));
}

function tagged(path: string, version: number, bytes: number): Response {
  return fresh(checkedBody(path, version, bytes), {
    etag: `"${path} ${version}"`,
    "cache-tag": `all, tag:${path}`,
  });
}

function sizeOf(path: string): number {
  return SIZES[Number(path.slice(path.lastIndexOf("/") + 1)) % SIZES.length] ?? 0;
}

function pathAt(at: number): string {
  return PATHS[at % PATHS.length] ?? "";
}

async function purgeByMethod(proxy: RunningProxy, authority: string, path: string): Promise<void> {
  using client = await HttpClient.connect(proxy.port);
  const { status } = await client.get(authority, path, { method: "PURGE" });
  if (status !== 200 && status !== 404) throw new Error(`Cannot purge ${path}: ${status}`);
}

async function purge(proxy: RunningProxy, body: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`${proxy.admin}/cache/purge`, {
    method: "POST",
    body: JSON.stringify(body),
    proxy: false,
  });
  if (answer.status !== 200) throw new Error(`Cannot purge: ${await answer.text()}`);
}
