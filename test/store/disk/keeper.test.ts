import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type IndexChange, IndexDb } from "../../../src/store/disk/index-db.ts";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
import { DiskTier } from "../../../src/store/disk/tier.ts";
import {
  bodyOf,
  bytesOnDisk,
  draftFiles,
  entry,
  facts,
  load,
  MIB,
  NOW,
  newFolder,
  noVary,
  objectFiles,
  openDisk,
  removeFolders,
  store,
  until,
} from "./disk.ts";

const KEY = "example.com/file";

afterAll(removeFolders);

test("what was stored is there after a restart, with what was marked stale", async () => {
  const first = await openDisk();
  for (let index = 0; index < 20; index++)
    await store(first.tier(), entry(`${KEY}/${index}`, bodyOf(index * 1_000, index)));
  first.tier().markStale(`${KEY}/7`);
  await store(first.tier(), entry(KEY, bodyOf(MIB), { varyNames: "accept", varyKey: "a" }));
  await first.keeper.close();

  const second = await openDisk({ path: first.path });
  const tier = second.tier();
  for (let index = 0; index < 20; index++) {
    expect(await load(tier, `${KEY}/${index}`)).toEqual(bodyOf(index * 1_000, index));
    const opened = await tier.open(`${KEY}/${index}`, noVary);
    expect(opened!.isMarkedStale).toBe(index === 7);
  }
  expect(await tier.open(KEY, () => "b")).toBeUndefined();
  const variant = await tier.open(KEY, () => "a");
  expect(variant!.facts.bodyBytes).toBe(MIB);
  variant!.close();
  expect(second.keeper.stats()).toMatchObject({ entries: 21, stored: 0, oldestMs: NOW });
  expect(second.keeper.stats().bytes).toBe(bytesOnDisk(first.path));
  // What is stored now replaces what was stored then.
  await store(
    tier,
    entry(KEY, bodyOf(5, 5), { varyNames: "accept", varyKey: "a", facts: facts({ storedMs: NOW + 1 }) }),
  );
  expect(second.keeper.stats().entries).toBe(21);
  expect(await until(() => objectFiles(first.path).length === 21)).toBe(true);
  await second.keeper.close();
});

test("an index of twenty thousand rows is read while others have their turn, and what is read can be found", async () => {
  const first = await openDisk({ size: 1024 * MIB });
  await store(first.tier(), entry(KEY, bodyOf(10)));
  await first.keeper.close();
  const index = IndexDb.open(first.path, 1024 * MIB);
  const change = (id: number): IndexChange => ({
    do: "insert",
    row: {
      id,
      a: Math.imul(id, 0x9e3779b1) | 1,
      b: Math.imul(id, 0x85ebca6b),
      variant: 0,
      version: 1,
      units: 3,
      storedMs: NOW + id,
      isSmall: true,
      isMarkedStale: id % 2 === 0,
    },
    key: `example.org/${id}`,
    tags: "",
  });
  for (let id = 1; id <= 20_000; id += 1_000) {
    index.apply(Array.from({ length: 1_000 }, (_, more) => change(id + more)));
  }
  index.close();

  const opened = await DiskKeeper.open({ path: first.path, size: 1024 * MIB }, () => undefined);
  if (!opened.ok) throw new Error(opened.problem);
  const { keeper } = opened;
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const tier = new DiskTier(keeper.shared, 0, (report) => keeper.onReport(report));
  expect(tier.mayHave(KEY)).toBe(false);
  expect(tier.begin(entry(KEY, bodyOf(1)), 1)).toBeUndefined();
  await keeper.loaded;
  clearInterval(counting);

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

test("two of us do not share a path, and the next one gets it when the first has gone", async () => {
  const first = await openDisk();

  const second = await DiskKeeper.open({ path: first.path, size: MIB }, () => undefined);
  expect(second).toEqual({ ok: false, problem: `Cannot use ${first.path}: another Headgate is using it` });
  expect(await store(first.tier(), entry(KEY, bodyOf(5)))).toBe(true);

  await first.keeper.close();
  const third = await openDisk({ path: first.path });
  expect(await load(third.tier(), KEY)).toEqual(bodyOf(5));
  await third.keeper.close();
});

test("a path that can't be used is a problem, and no more", async () => {
  const path = join(newFolder(), "file");
  writeFileSync(path, "");

  expect(await DiskKeeper.open({ path, size: MIB }, () => undefined)).toEqual({
    ok: false,
    problem: expect.stringMatching(/^Cannot use .*\/file: (?:ENOTDIR|EEXIST)$/),
  });
});

test("drafts of the last time go, and files that no row knows, and what is not ours stays", async () => {
  const first = await openDisk();
  await store(first.tier(), entry(KEY, bodyOf(100)));
  await first.keeper.close();
  const ours = [join("tmp", "0000000000ab-3"), join("objects", "ab", "0000000000ab")];
  const others = [
    join("tmp", "notes"),
    join("objects", "ab", "notes.txt"),
    join("objects", "notes"),
    "notes",
  ];
  mkdirSync(join(first.path, "objects", "ab"), { recursive: true });
  for (const name of [...ours, ...others]) writeFileSync(join(first.path, name), "x");

  const second = await openDisk({ path: first.path });

  for (const name of ours) expect(existsSync(join(first.path, name))).toBe(false);
  for (const name of others) expect(existsSync(join(first.path, name))).toBe(true);
  expect(await load(second.tier(), KEY)).toEqual(bodyOf(100));
  expect(second.messages).toEqual([]);
  await second.keeper.close();
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

test("what a dead worker has left is tidied up, and what it had finished stays", async () => {
  const disk = await openDisk();
  const [dead, other] = [disk.tier(1), disk.tier(2)];
  const before = disk.keeper.stats().bytes;
  const { body: _, ...head } = entry(KEY, bodyOf(0));
  for (const tier of [dead, other]) tier.begin(head, undefined)!.write(bodyOf(MIB));
  await until(() => draftFiles(disk.path).length === 2);
  const finished = store(dead, entry("example.com/finished", bodyOf(10)));

  disk.keeper.clearDeadWorker(1);

  expect(await until(() => draftFiles(disk.path).every((name) => name.endsWith("-2")))).toBe(true);
  expect(await finished).toBe(true);
  expect(await load(other, "example.com/finished")).toEqual(bodyOf(10));
  expect(disk.keeper.stats().bytes - before).toBeLessThan(4 * MIB);
  await disk.keeper.close();
});

test("a thousand lines of one kind are one line, and a count in the next", async () => {
  const disk = await openDisk();
  for (let index = 0; index < 100; index++)
    disk.keeper.onReport({ disk: "failed", doing: "read", code: "EACCES" });

  expect(disk.messages).toEqual(["Cannot read on the cache's disk: EACCES"]);
  expect(disk.keeper.stats().failures).toBe(100);
  await disk.keeper.close();
});

test("what is stored under a URL is listed, whatever it is kept apart by", async () => {
  const disk = await openDisk();
  await store(disk.tier(), entry(KEY, bodyOf(10), { tags: "a b" }));
  await store(disk.tier(), entry(`@api ${KEY}`, bodyOf(MIB), { varyNames: "accept", varyKey: "x" }));
  await store(disk.tier(), entry(`${KEY}2`, bodyOf(10)));
  disk.tier().markStale(KEY);

  const listings = await disk.keeper.find(`http://${KEY}`);

  expect(
    listings
      .map(({ key, isMarkedStale, tags, varyKey, facts: { bodyBytes } }) => [
        key,
        isMarkedStale,
        tags,
        varyKey,
        bodyBytes,
      ])
      .sort(),
  ).toEqual([
    [`@api ${KEY}`, false, "", "x", MIB],
    [KEY, true, "a b", "", 10],
  ]);
  expect(await disk.keeper.find("http://example.com/none")).toEqual([]);
  await disk.keeper.close();
});
