/**
 * Answers byte for byte while a small cache is overwritten, purged and read by many
 * at once; and what was purged is not seen again, however old the fetch was.
 */
import { describe, expect, test } from "bun:test";
import { withDisk } from "../support/cache-disk.ts";
import { ChangingOrigin, purges, tagged } from "../support/cache-purging.ts";
import { HttpClient } from "../support/http-client.ts";
import { startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { makeFolder } from "../support/tools.ts";
import { until } from "../support/until.ts";

/** All of them are some 3 MB, for a cache of one. */
const SIZES = [0, 100, 3_000, 20_000, 60_000, 150_000];

/** Some are too large for memory. */
const SIZES_WITH_DISK = [100, 20_000, 300_000, 1_200_000];

const CLIENTS = 16;

/** One of each kind: for a key and for all, hard and soft. */
const SOME = purges.filter(([name]) =>
  ["by PURGE", "by url, softly", "by tag", "by a tag of all, softly"].includes(name),
);

describe("no older version is served than was purged, whole and in its right place", () => {
  test.each(purges)("from memory, %s", async (_, purge) => {
    await using proxy = await startProxy({ workers: 2, cache: { memory: "1MiB" }, log: { access: "off" } });
    using changing = new ChangingOrigin(SIZES);

    await changing.load(proxy, purge, { clients: CLIENTS, answers: 700 });

    expect(await proxy.metric('headgate_cache_requests_total{result="hit"}')).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_cache_purged_total")).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);
  });

  test.each(SOME)("from memory and disk, %s", async (_, purge) => {
    await using folder = await makeFolder();
    await using proxy = await withDisk(folder.path, { log: { access: "off" } });
    using changing = new ChangingOrigin(SIZES_WITH_DISK);

    await changing.load(proxy, purge, { clients: 6, answers: 250 });

    expect(await proxy.metric('headgate_cache_stored_total{tier="disk"}')).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_cache_purged_total")).toBeGreaterThan(0);
    expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);
  });
});

describe("what is being fetched when it is purged is not given to who asks afterwards", () => {
  test.each(SOME)("%s", async (_, purge) => {
    await using proxy = await startProxy({ workers: 2 });
    const old = Promise.withResolvers<void>();
    using origin = startOrigin(async ({ path, count }) => {
      if (count === 1) await old.promise;
      return tagged(path, count, 50_000);
    });
    using early = await HttpClient.connect(proxy.port);
    const first = early.get(origin.authority, "/under-way");
    await until("the origin is asked", () => origin.asked("/under-way") === 1);

    await purge(proxy, origin.authority, "/under-way");
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
  using origin = startOrigin(({ path, count }) =>
    fresh(checkedBody(path, count, SIZES[Number(path.slice(6)) % SIZES.length])),
  );
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => HttpClient.connect(proxy.port)));
  const paths = Array.from({ length: 400 }, (_, at) => `/many/${at}`);

  await Promise.all(
    clients.map(async (client, number) => {
      for (let at = 0; at < 200; at++) {
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
