/** The index over a restart, and when it is damaged. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type IndexChange, IndexDb } from "../../../src/store/disk/index-db.ts";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
import { DiskTier } from "../../../src/store/disk/tier.ts";
import {
  bodyOf,
  bytesOnDisk,
  entry,
  facts,
  load,
  MIB,
  NOW,
  newFolder,
  objectFiles,
  openDisk,
  removeFolders,
  store,
  until,
} from "./disk.ts";

const KEY = "example.com/file";

afterAll(removeFolders);

test("an index of twenty thousand rows is read while others have their turn, and what is read can be found", async () => {
  const first = await openDisk({ size: 1024 * MIB });
  await store(first.tier(), entry(KEY, bodyOf(10)));
  await first.keeper.close();
  const index = IndexDb.open(first.path, 1024 * MIB);
  for (let id = 1; id <= 20_000; id += 1_000) {
    index.apply(Array.from({ length: 1_000 }, (_, more) => rowOf(id + more)));
  }
  index.close();

  const opened = await DiskKeeper.open({ path: first.path, size: 1024 * MIB }, () => undefined);
  if (!opened.ok) throw new Error(opened.problem);
  const { keeper } = opened;
  let turns = 0;
  let isCounting = true;
  const count = () => {
    turns++;
    if (isCounting) setImmediate(count);
  };
  count();
  const tier = new DiskTier(keeper.shared, 0, (report) => keeper.onReport(report));
  expect(tier.mayHave(KEY)).toBe(false);
  expect(tier.begin(entry(KEY, bodyOf(1)), 1)).toBeUndefined();
  await keeper.loaded;
  isCounting = false;

  expect(turns).toBeGreaterThan(3);
  expect(keeper.stats()).toMatchObject({ entries: 20_001, oldestMs: NOW });
  expect(await load(tier, KEY)).toEqual(bodyOf(10));
  expect(await keeper.purge({ host: "example.org" }, true)).toBe(20_000);
  await keeper.close();
});

test("of two of a variant that the index knows, the newer one is loaded", async () => {
  const first = await openDisk();
  const tier = first.tier();
  await store(tier, entry(KEY, bodyOf(10, 1), { facts: facts({ storedMs: NOW, bodyBytes: 10 }) }));
  const [older = ""] = objectFiles(first.path);
  const bytes = readFileSync(older);
  const index = readFileSync(join(first.path, "index.db"));
  await first.keeper.close();
  expect(index.length).toBeGreaterThan(0);

  // As after kill -9 between the new row and the removal of the old one.
  const second = await openDisk({ path: first.path });
  const { Database } = await import("bun:sqlite");
  await store(
    second.tier(),
    entry(KEY, bodyOf(10, 2), { facts: facts({ storedMs: NOW + 1, bodyBytes: 10 }) }),
  );
  await until(() => !existsSync(older));
  await second.keeper.close();
  writeFileSync(older, bytes);
  const database = new Database(join(first.path, "index.db"));
  const id = Number.parseInt(older.slice(-12), 16);
  database.run("INSERT INTO slots SELECT ?, a, b, variant, version, units, stored - 1, flags FROM slots", [
    id,
  ]);
  database.run("INSERT INTO names SELECT ?, key, name FROM names", [id]);
  database.close();

  const third = await openDisk({ path: first.path });
  expect(await load(third.tier(), KEY)).toEqual(bodyOf(10, 2));
  expect(await until(() => objectFiles(first.path).length === 1)).toBe(true);
  expect(third.keeper.stats().entries).toBe(1);
  await third.keeper.close();
});

describe("an index that can't be read is set aside, and all begins anew", () => {
  const damages: [string, (index: Buffer) => Buffer][] = [
    ["noise", (index) => bodyOf(index.length)],
    ["text", () => Buffer.from("no database at all")],
    ["altered at its beginning", (index) => Buffer.concat([Buffer.alloc(16), index.subarray(16)])],
    ["cut short", (index) => index.subarray(0, 5_000)],
    [
      "with noise in its schema",
      (index) => Buffer.concat([index.subarray(0, 100), bodyOf(3_996), index.subarray(4_096)]),
    ],
    [
      "of another version",
      (index) => Buffer.concat([index.subarray(0, 60), Buffer.from([0, 0, 9, 9]), index.subarray(64)]),
    ],
  ];
  test.each(damages)("%s", async (_, damage) => {
    const first = await openDisk();
    for (let index = 0; index < 30; index++)
      await store(first.tier(), entry(`${KEY}/${index}`, bodyOf(3_000)));
    await first.keeper.close();
    const file = join(first.path, "index.db");
    writeFileSync(file, damage(readFileSync(file)));

    const second = await openDisk({ path: first.path });

    expect(second.messages).toHaveLength(1);
    expect(second.messages[0]).toContain("begins anew: its index can't be read");
    expect(existsSync(join(first.path, "index.broken"))).toBe(true);
    expect(objectFiles(first.path)).toEqual([]);
    expect(await load(second.tier(), `${KEY}/1`)).toBeUndefined();
    expect(await store(second.tier(), entry(KEY, bodyOf(5)))).toBe(true);
    expect(second.keeper.stats().bytes).toBe(bytesOnDisk(first.path));
    await second.keeper.close();
  });

  test("pages full of noise behind its schema", async () => {
    const first = await openDisk();
    for (let index = 0; index < 300; index++) await store(first.tier(), entry(`${KEY}/${index}`, bodyOf(10)));
    await first.keeper.close();
    const file = join(first.path, "index.db");
    const bytes = readFileSync(file);
    for (let at = 8 * 4_096; at < bytes.length; at += 4_096) bodyOf(4_096, at).copy(bytes, at);
    writeFileSync(file, bytes);

    const second = await openDisk({ path: first.path });
    const tier = second.tier();
    for (let index = 0; index < 300; index++) {
      const found = await load(tier, `${KEY}/${index}`);
      if (found !== undefined) expect(found).toEqual(bodyOf(10));
      await store(tier, entry(`other.example/${index}`, bodyOf(10)));
    }
    await second.keeper.purge({ host: "example.com" }, false);
    await second.keeper.tidied;

    expect(second.messages[0]).toContain("begins anew");
    expect(await store(tier, entry(KEY, bodyOf(5)))).toBe(true);
    expect(await load(tier, KEY)).toEqual(bodyOf(5));
    await second.keeper.close();
  });
});

test("the files of an index that is gone count until they are gone", async () => {
  const first = await openDisk({ size: 4 * MIB });
  await store(first.tier(), entry(KEY, bodyOf(MIB)));
  await first.keeper.close();
  rmSync(join(first.path, "index.db"));

  const opened = await DiskKeeper.open({ path: first.path, size: 4 * MIB }, () => undefined);
  if (!opened.ok) throw new Error(opened.problem);
  await opened.keeper.loaded;
  expect(opened.keeper.stats().bytes).toBe(4 * MIB);
  await opened.keeper.tidied;
  expect(opened.keeper.stats().bytes).toBe(bytesOnDisk(first.path));
  await opened.keeper.close();
});

test("noise in any page of the index is a start from nothing at the most", async () => {
  const first = await openDisk();
  await store(first.tier(), entry(KEY, bodyOf(10)));
  await first.keeper.close();
  const index = IndexDb.open(first.path, 64 * MIB);
  index.apply(Array.from({ length: 3_000 }, (_, id) => rowOf(id + 1)));
  index.close();
  const good = readFileSync(join(first.path, "index.db"));
  let [found, anew] = [0, 0];

  for (let at = 4_096; at < good.length; at += 3 * 4_096) {
    const path = newFolder();
    cpSync(first.path, path, { recursive: true });
    writeFileSync(
      join(path, "index.db"),
      Buffer.concat([good.subarray(0, at), bodyOf(4_096, at), good.subarray(at + 4_096)]),
    );
    const disk = await openDisk({ path });
    await disk.keeper.purge({ host: "example.org" }, true);
    const body = await load(disk.tier(), KEY);
    if (body !== undefined) expect(body).toEqual(bodyOf(10));
    await disk.keeper.tidied;
    await disk.keeper.close();
    found += body === undefined ? 0 : 1;
    anew += disk.messages.some((message) => message.includes("begins anew")) ? 1 : 0;

    const next = await openDisk({ path });
    // A page that nothing looked at is found when something is written to it.
    const isStored = await store(next.tier(), entry(KEY, bodyOf(20)));
    expect(next.messages.length).toBeLessThanOrEqual(isStored ? 0 : 1);
    await next.keeper.tidied;
    expect(isStored || (await store(next.tier(), entry(KEY, bodyOf(20))))).toBe(true);
    await next.keeper.close();
  }

  expect(found).toBeGreaterThan(0);
  expect(anew).toBeGreaterThan(10);
}, 30_000);

test("when not even a new index can be made, nothing is stored and all else goes on", async () => {
  const first = await openDisk();
  await store(first.tier(), entry(KEY, bodyOf(10)));
  await first.keeper.close();
  const index = IndexDb.open(first.path, 64 * MIB);
  index.apply(Array.from({ length: 3_000 }, (_, id) => rowOf(id + 1)));
  index.close();
  const file = join(first.path, "index.db");
  const good = readFileSync(file);
  // What it would be renamed to is a folder, with something in it.
  mkdirSync(join(first.path, "index.broken", "folder"), { recursive: true });
  let given = 0;

  for (let at = 4_096; at < good.length && given === 0; at += 4_096) {
    writeFileSync(file, Buffer.concat([good.subarray(0, at), bodyOf(4_096, at), good.subarray(at + 4_096)]));
    const opened = await DiskKeeper.open({ path: first.path, size: 64 * MIB }, (message) => {
      if (message.startsWith("The cache goes on without its disk: ")) given++;
    });
    if (!opened.ok) continue;
    const { keeper } = opened;
    await keeper.tidied;
    const tier = new DiskTier(keeper.shared, 0, (report) => keeper.onReport(report));
    if (given > 0) {
      expect(tier.mayHave(KEY)).toBe(false);
      expect(tier.begin(entry(KEY, bodyOf(1)), 1)).toBeUndefined();
      expect(await keeper.purge({ host: "example.com" }, false)).toBe(0);
      expect(await keeper.find(KEY)).toEqual([]);
      expect(keeper.stats().entries).toBe(0);
    }
    await keeper.close();
  }

  expect(given).toBe(1);
});

/** Of an object that has no file. */
function rowOf(id: number): IndexChange {
  const row = {
    id,
    a: Math.imul(id, 0x9e3779b1) | 1,
    b: Math.imul(id, 0x85ebca6b),
    variant: 0,
    version: 1,
    units: 3,
    storedMs: NOW + id,
    isSmall: true,
    isMarkedStale: id % 2 === 0,
  };
  return { do: "insert", row, key: `example.org/${id}`, tags: "" };
}
