/**
 * A disk that was cut off, altered, shared, full or read-only: it costs a miss and a
 * line on stderr, never a wrong answer, and never a stop.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, open, readdir, rm, truncate } from "node:fs/promises";
import {
  fileOf,
  kill,
  storedOnDisk,
  storeOnDisk,
  untilStoredOnDisk,
  withDisk,
} from "../support/cache-disk.ts";
import { connectAll, HttpClient } from "../support/http-client.ts";
import type { RunningProxy } from "../support/proxy.ts";
import { checkedBody, fresh, type Origin, readChecked, startOrigin } from "../support/servers/origin.ts";
import { type Folder, makeFolder, run, runOk } from "../support/tools.ts";
import { until } from "../support/until.ts";

const LARGE = 1_000_000;
const TMPFS_BYTES = 8 * 2 ** 20;

test("killed under load, again and again, it starts with whole objects alone", async () => {
  await using folder = await makeFolder();
  using origin = startLarge();
  const path = `${folder.path}/cache`;
  for (let round = 0; round < 4; round++) {
    const proxy = await withDisk(path, { log: { access: "off" } });
    // Right for what was stored in the rounds before; `ask` throws for what is not whole.
    const load = await connectAll(proxy.port, 6);
    let answers = 0;
    let hits = 0;
    const wrong: string[] = [];
    const asking = load.all.map(async (client, number) => {
      for (let at = number; ; at += 5) {
        const asked = `/large/${at % 40}`;
        const answer = await client.get(origin.authority, asked).catch(() => undefined);
        if (answer === undefined) return;
        if (readChecked(answer.body).path !== asked) wrong.push(asked);
        if (answer.field("cache-status")?.includes("; hit") === true) hits++;
        answers++;
      }
    });
    await until("the load is on", () => answers > 60);
    await kill(proxy);
    await Promise.all(asking);
    load[Symbol.dispose]();
    await proxy.stop();
    expect(wrong).toEqual([]);
    expect(hits).toBeGreaterThan(0);
    expect(proxy.stderr()).not.toContain("    at ");
  }

  await using proxy = await withDisk(path);
  using client = await HttpClient.connect(proxy.port);
  const before = origin.askedInAll();
  for (let at = 0; at < 40; at++) {
    expect(readChecked((await client.get(origin.authority, `/large/${at}`)).body).path).toBe(`/large/${at}`);
  }
  expect(origin.askedInAll() - before).toBeLessThan(40);
});

test("a worker that ends while it writes leaves no draft behind, and takes up no room", async () => {
  await using folder = await makeFolder();
  await using proxy = await withDisk(folder.path);
  using origin = startOrigin(({ path }) =>
    fresh(
      (async function* () {
        yield checkedBody(path, 1, LARGE);
        await new Promise(() => {});
      })() as never,
    ),
  );
  const taken = () => proxy.metric('headgate_cache_bytes{tier="disk"}');
  // The index is there already.
  const before = await taken();
  const drafts = async () => (await readdir(`${folder.path}/tmp`)).length;
  const clients = await connectAll(proxy.port, 8);
  for (const [at, client] of clients.all.entries()) {
    void client.get(origin.authority, `/large/${at}`).catch(() => undefined);
  }
  await until("all of them are being written", async () => (await drafts()) === 8);
  expect(await taken()).toBeGreaterThan(before + 8 * LARGE - 1);

  for (const worker of [0, 1]) {
    await fetch(`${proxy.admin}/workers/${worker}/restart`, { method: "POST", proxy: false });
  }

  await until("there are no drafts", async () => (await drafts()) === 0);
  await until("their room is free", async () => (await taken()) === before);
  clients[Symbol.dispose]();
});

describe("an object that was altered costs a miss and a line on stderr:", () => {
  let folder: Folder;
  let origin: Origin;
  let proxy: RunningProxy;
  beforeAll(async () => {
    folder = await makeFolder();
    origin = startLarge();
    proxy = await withDisk(folder.path);
  });
  afterAll(async () => {
    await proxy.stop();
    origin.stop();
    await folder[Symbol.asyncDispose]();
  });

  // What happens to its file | how | its path | why it is dropped, which is told once in a while for each reason.
  const ways: readonly (readonly [string, (file: string) => Promise<void>, string, string])[] = [
    [
      "a bit flipped at the start",
      (file) => flip(file, 20),
      "/large/start",
      "its head is not what was written",
    ],
    [
      "a bit flipped early in the body",
      (file) => flip(file, 40_000),
      "/large/early",
      "its body is not what was written",
    ],
    [
      "a bit flipped near the end",
      (file) => flip(file, Bun.file(file).size - 100),
      "/large/end",
      "its body is not what was written",
    ],
    [
      "cut in the middle",
      (file) => truncate(file, 500_000),
      "/large/cut",
      "its length is not what was written",
    ],
    ["cut to nothing", (file) => truncate(file, 0), "/large/nothing", "its head is not what was written"],
    ["removed", (file) => rm(file), "/large/removed", "its file is missing"],
  ];

  test.each(ways)("%s", async (_, harm, path, why) => {
    await storeOnDisk(proxy, origin.authority, [path]);
    const stored = await storedOnDisk(proxy);
    await harm(await fileOf(folder.path, `${origin.authority}${path}`));

    // What was sent before it was found is all that comes then; a wrong byte never does.
    const first = await askOnce(proxy, origin, path);
    if (path !== "/large/end") expect(first).toEqual({ path, version: 2 });
    await until("it is fetched anew", async () => {
      await askOnce(proxy, origin, path);
      return origin.asked(path) > 1;
    });
    await untilStoredOnDisk(proxy, stored + 1);
    const fetched = origin.asked(path);
    expect((await askOnce(proxy, origin, path))?.version).toBeWithin(2, fetched + 1);
    expect(origin.asked(path)).toBe(fetched);
    const line = new RegExp(
      `^headgate: The cache's copy of ${origin.authority}/large/\\w+ is dropped: ${why}$`,
      "m",
    );
    await until("it is told", () => line.test(proxy.stderr()));
    expect(proxy.stderr()).not.toContain("    at ");
  });
});

test("a second Headgate on the same path says so and runs without, and may have it when the first has gone", async () => {
  await using folder = await makeFolder();
  using origin = startLarge();
  const path = `${folder.path}/cache`;
  await using first = await withDisk(path);
  await storeOnDisk(first, origin.authority, ["/large/1"]);

  await using second = await withDisk(path);
  expect(second.stderr()).toContain(`Cannot use ${path}: another Headgate is using it`);
  expect((await askOnce(second, origin, "/large/1"))?.version).toBe(2);
  expect((await askOnce(first, origin, "/large/1"))?.version).toBe(1);
  const report = (await (await fetch(`${second.admin}/cache`, { proxy: false })).json()) as { disk: unknown };
  expect(report.disk).toBeNull();
  await second.stop();
  await first.stop();

  await using third = await withDisk(path);
  expect((await askOnce(third, origin, "/large/1"))?.version).toBe(1);
});

describe("a path that can't be used is told at the start, and the proxy runs without:", () => {
  test("one that is a file", async () => {
    await using folder = await makeFolder();
    await Bun.write(`${folder.path}/file`, "x");
    using origin = startLarge();
    await using proxy = await withDisk(`${folder.path}/file`);

    expect(proxy.stderr()).toContain(`Cannot use ${folder.path}/file`);
    expect((await askOnce(proxy, origin, "/large/1"))?.version).toBe(1);
  });

  test("an index that is no database is put aside, and a new one begun", async () => {
    await using folder = await makeFolder();
    using origin = startLarge();
    const path = `${folder.path}/cache`;
    const before = await withDisk(path);
    await storeOnDisk(before, origin.authority, ["/large/1"]);
    await before.stop();
    await Bun.write(`${path}/index.db`, "no database at all, but long enough to be read as one ".repeat(200));

    await using proxy = await withDisk(path);
    await storeOnDisk(proxy, origin.authority, ["/large/2"]);
    expect((await askOnce(proxy, origin, "/large/2"))?.version).toBe(1);
    expect(proxy.stderr()).toContain("index");
  });
});

const mayMount = await canMount();

describe(
  mayMount ? "on a file system of its own" : "on a file system of its own (skipped: may not mount one)",
  () => {
    const testMounted = mayMount ? test : test.skip;

    testMounted("a full disk costs storing and nothing else", async () => {
      await using folder = await makeFolder();
      await using disk = await mountTmpfs(folder);
      using origin = startLarge();
      await using proxy = await withDisk(`${disk.path}/cache`);

      for (const round of [1, 2]) {
        for (let at = 0; at < 20; at++) {
          expect([round, (await askOnce(proxy, origin, `/large/${at}`))?.path]).toEqual([
            round,
            `/large/${at}`,
          ]);
        }
      }
      await until("it is told", () => /ENOSPC|no space|full/i.test(proxy.stderr()));
      expect(proxy.stderr().split("\n").length).toBeLessThan(20);
      expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);
    });

    testMounted(
      "a disk that turns read-only serves what it has, and takes new objects when it is mended",
      async () => {
        await using folder = await makeFolder();
        await using disk = await mountTmpfs(folder);
        using origin = startLarge();
        const path = `${disk.path}/cache`;
        await using proxy = await withDisk(path);
        await storeOnDisk(proxy, origin.authority, ["/large/1"]);
        // Files that are open stay writable: what is not can't be opened or made any more.
        await runOk(["mount", "--bind", path, path]);
        await runOk(["mount", "-o", "remount,bind,ro", path]);

        expect((await askOnce(proxy, origin, "/large/1"))?.version).toBe(1);
        for (const version of [1, 2]) {
          expect((await askOnce(proxy, origin, "/large/2"))?.version).toBe(version);
        }
        await until("it is told", () => /EROFS|read-only/i.test(proxy.stderr()));
        expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);

        await runOk(["umount", "-l", path]);
        const before = await storedOnDisk(proxy);
        await until("it stores again", async () => {
          await askOnce(proxy, origin, "/large/3");
          return (await storedOnDisk(proxy)) > before;
        });
      },
    );

    testMounted("a disk that is read-only at the start is told, and the proxy runs without", async () => {
      await using folder = await makeFolder();
      await using disk = await mountTmpfs(folder);
      await runOk(["mount", "-o", "remount,ro", disk.path]);
      using origin = startLarge();
      await using proxy = await withDisk(`${disk.path}/cache`);

      expect(proxy.stderr()).toContain("Cannot use ");
      expect((await askOnce(proxy, origin, "/large/1"))?.version).toBe(1);
    });
  },
);

function startLarge(): Origin {
  return startOrigin(({ path, count }) => fresh(checkedBody(path, count, LARGE)));
}

/** What it says it is; undefined when it was cut short. Throws when it is wrong. */
async function askOnce(
  proxy: RunningProxy,
  origin: Origin,
  path: string,
): Promise<{ readonly path: string; readonly version: number } | undefined> {
  using client = await HttpClient.connect(proxy.port);
  const answer = await client.get(origin.authority, path).catch(() => undefined);
  return answer && readChecked(answer.body);
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  await file.write(byte, 0, 1, at);
  await file.close();
}

interface Mounted extends AsyncDisposable {
  readonly path: string;
}

async function canMount(): Promise<boolean> {
  await using folder = await makeFolder();
  try {
    await using _ = await mountTmpfs(folder);
    return true;
  } catch {
    return false;
  }
}

async function mountTmpfs(folder: Folder): Promise<Mounted> {
  const path = `${folder.path}/disk`;
  await mkdir(path);
  await runOk(["mount", "-t", "tmpfs", "-o", `size=${TMPFS_BYTES}`, "tmpfs", path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => void (await run(["umount", "-l", path])),
  };
}
