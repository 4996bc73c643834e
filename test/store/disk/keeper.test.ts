import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
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
