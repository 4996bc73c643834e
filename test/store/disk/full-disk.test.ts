/** A disk that is full, read-only, or does not do what it should: nothing stops. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DiskCells } from "../../../src/store/disk/disk-shared.ts";
import { type FileCalls, fileCalls } from "../../../src/store/disk/file-calls.ts";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
import {
  bodyOf,
  draftFiles,
  entry,
  load,
  MIB,
  newFolder,
  objectFiles,
  openDisk,
  removeFolders,
  store,
  until,
} from "./disk.ts";

const KEY = "example.com/file";

const mounted: string[] = [];

afterAll(() => {
  for (const path of mounted.toReversed()) Bun.spawnSync(["umount", "--lazy", path]);
  removeFolders();
});

/** Undefined where one may not. */
function mountSmall(options: string): string | undefined {
  const path = newFolder();
  const { success } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], {
    stderr: "ignore",
  });
  if (success) mounted.push(path);
  return success ? path : undefined;
}

/** From now on nothing can be opened there to be written to. */
function makeReadOnly(path: string): boolean {
  const { success } = Bun.spawnSync(["mount", "--bind", path, path], { stderr: "ignore" });
  if (success) mounted.push(path);
  return success && Bun.spawnSync(["mount", "-o", "remount,bind,ro", path], { stderr: "ignore" }).success;
}

/** Real file systems: one is smaller than what is configured. */
const small = process.platform === "linux" ? mountSmall("size=6m") : undefined;
const changing = process.platform === "linux" ? mountSmall("size=20m") : undefined;

test.skipIf(small === undefined)(
  "a full disk: what finds no room is not stored, the rest is served",
  async () => {
    const disk = await openDisk({ path: small!, size: 64 * MIB });
    const tier = disk.tier();
    const keys = Array.from({ length: 20 }, (_, index) => `${KEY}/${index}`);
    const stored: string[] = [];
    for (const key of keys) if (await store(tier, entry(key, bodyOf(700_000)))) stored.push(key);

    expect(stored.length).toBeGreaterThan(3);
    expect(stored.length).toBeLessThan(10);
    for (const key of keys) {
      expect(await load(tier, key)).toEqual(stored.includes(key) ? bodyOf(700_000) : undefined);
    }
    expect(await until(() => draftFiles(disk.path).length === 0)).toBe(true);
    expect(disk.messages[0]).toBe("Cannot write on the cache's disk: ENOSPC");
    expect(disk.messages.length).toBeLessThanOrEqual(4);
    expect(disk.keeper.stats().failures).toBeGreaterThanOrEqual(5);

    // It lets the disk be for a while, and takes up again what there is room for.
    const { body: _, ...head } = entry(KEY, bodyOf(10));
    expect(tier.begin(head, 10)).toBeUndefined();
    await disk.keeper.purge({ host: "example.com" }, false);
    new DiskCells(disk.keeper.shared.index).setPause(2, false);
    expect(await store(tier, entry(KEY, bodyOf(700_000)))).toBe(true);
    await disk.keeper.close();
  },
);

test.skipIf(changing === undefined)("a disk that becomes read-only: what is there is served", async () => {
  const disk = await openDisk({ path: changing!, size: 8 * MIB });
  const tier = disk.tier();
  for (let index = 0; index < 5; index++) await store(tier, entry(`${KEY}/${index}`, bodyOf(400_000)));
  expect(makeReadOnly(changing!)).toBe(true);

  for (let index = 5; index < 30; index++)
    expect(await store(tier, entry(`${KEY}/${index}`, bodyOf(400_000)))).toBe(false);
  expect(await store(tier, entry(KEY, bodyOf(10)))).toBe(false);
  for (let index = 0; index < 5; index++)
    expect(await load(tier, `${KEY}/${index}`)).toEqual(bodyOf(400_000));
  expect(await disk.keeper.purge({ prefix: `http://${KEY}/1` }, false)).toBe(1);
  expect(await disk.keeper.purge({ prefix: `http://${KEY}/2` }, true)).toBe(1);

  expect(tier.mayHave(`${KEY}/1`)).toBe(false);
  expect(disk.messages.every((message) => /EROFS|takes nothing new|SQLITE/.test(message))).toBe(true);
  expect(disk.messages.length).toBeGreaterThan(0);
  await disk.keeper.close();
  expect(await DiskKeeper.open({ path: changing!, size: 8 * MIB }, () => undefined)).toEqual({
    ok: false,
    problem: expect.stringContaining(`Cannot use ${changing}: `),
  });
});

/** Calls that fail as they are told to. */
function failing(): { calls: FileCalls; fail: (call: keyof FileCalls | undefined, code?: string) => void } {
  let [failed, failedCode] = [undefined as keyof FileCalls | undefined, "EIO"];
  const calls = { ...fileCalls };
  for (const name of Object.keys(fileCalls) as (keyof FileCalls)[]) {
    if (name === "state") continue;
    const call = fileCalls[name] as (...args: unknown[]) => Promise<never>;
    calls[name] = (async (...args: unknown[]) => {
      if (name !== failed) return call(...args);
      throw Object.assign(new Error(failedCode), { code: failedCode });
    }) as never;
  }
  return {
    calls,
    fail: (call, code = "EIO") => {
      [failed, failedCode] = [call, code];
    },
  };
}

describe("a call that fails while something is stored", () => {
  // Each row: which | with what | how long the body is.
  test.each<[keyof FileCalls, string, number]>([
    ["open", "EACCES", 2 * MIB],
    ["open", "EMFILE", 2 * MIB],
    ["write", "EIO", 2 * MIB],
    ["write", "ENOSPC", 300_000],
    ["writeWhole", "ENOSPC", 1_000],
    ["writeWhole", "EROFS", 1_000],
    ["rename", "EIO", 1_000],
    ["rename", "EIO", 2 * MIB],
  ])("%s with %s costs that object and nothing else (%d bytes)", async (call, code, length) => {
    const { calls, fail } = failing();
    const disk = await openDisk({ calls });
    const tier = disk.tier();
    await store(tier, entry("example.com/before", bodyOf(length, 1)));
    const { bytes } = disk.keeper.stats();

    fail(call, code);
    expect(await store(tier, entry(KEY, bodyOf(length, 2)))).toBe(false);
    fail(undefined);

    expect(await until(() => draftFiles(disk.path).length === 0)).toBe(true);
    expect(await until(() => Math.abs(disk.keeper.stats().bytes - bytes) < 100_000)).toBe(true);
    expect(disk.messages).toEqual([
      `Cannot ${call === "rename" ? "rename" : "write"} on the cache's disk: ${code}`,
    ]);
    expect(await load(tier, "example.com/before")).toEqual(bodyOf(length, 1));
    expect(await store(tier, entry(KEY, bodyOf(length, 3)))).toBe(true);
    expect(await load(tier, KEY)).toEqual(bodyOf(length, 3));
    await disk.keeper.close();
    expect(objectFiles(disk.path)).toHaveLength(2);
  });
});

describe("a call that fails while something is read", () => {
  test.each<[keyof FileCalls, string, number, boolean]>([
    ["readWhole", "EACCES", 1_000, true],
    ["readWhole", "EMFILE", 1_000, true],
    ["open", "EMFILE", MIB, true],
    // A bad sector: it is dropped.
    ["readWhole", "EIO", 1_000, false],
    ["read", "EIO", MIB, false],
  ])("%s with %s is a miss (%d bytes)", async (call, code, length, staysThere) => {
    const { calls, fail } = failing();
    const disk = await openDisk({ calls });
    const tier = disk.tier();
    await store(tier, entry(KEY, bodyOf(length)));

    fail(call, code);
    expect(await load(tier, KEY)).toBeUndefined();
    fail(undefined);

    expect(disk.messages).toHaveLength(1);
    expect(disk.messages[0]).toContain(code);
    expect(await load(tier, KEY)).toEqual(staysThere ? bodyOf(length) : undefined);
    await disk.keeper.close();
  });
});

test("a body that can't be read any more is cut, and its object dropped", async () => {
  const { calls, fail } = failing();
  const disk = await openDisk({ calls });
  await store(disk.tier(), entry(KEY, bodyOf(2 * MIB)));
  const opened = await disk.tier().open(KEY, () => "");

  fail("read");
  expect(await opened!.read(0, Buffer.alloc(MIB))).toBe(-1);
  fail(undefined);
  opened!.close();

  expect(await until(() => objectFiles(disk.path).length === 0)).toBe(true);
  expect(disk.messages).toEqual([`The cache's copy of ${KEY} is dropped: its body can't be read (EIO)`]);
  await disk.keeper.close();
});

test("what can't be removed keeps its room, and what was purged is not found", async () => {
  const { calls, fail } = failing();
  const disk = await openDisk({ calls });
  await store(disk.tier(), entry(KEY, bodyOf(MIB)));
  const { bytes } = disk.keeper.stats();

  fail("remove", "EACCES");
  expect(await disk.keeper.purge({ url: KEY }, false)).toBe(1);

  expect(disk.tier().mayHave(KEY)).toBe(false);
  expect(disk.keeper.stats().bytes).toBeGreaterThanOrEqual(bytes);
  expect(disk.messages).toEqual(["Cannot remove on the cache's disk: EACCES"]);
  await disk.keeper.close();
  expect(objectFiles(disk.path)).toHaveLength(1);

  // Its row is gone, so the next start takes it for a stray.
  const again = await openDisk({ path: disk.path });
  expect(again.tier().mayHave(KEY)).toBe(false);
  expect(objectFiles(disk.path)).toEqual([]);
  await again.keeper.close();
});

test("after some failures in a row nothing is begun for a while, and one success ends it", async () => {
  const { calls, fail } = failing();
  const disk = await openDisk({ calls });
  const tier = disk.tier();
  const { body: _, ...head } = entry(KEY, bodyOf(10));
  const cells = new DiskCells(disk.keeper.shared.index);
  fail("writeWhole", "EIO");

  for (let index = 0; index < 4; index++) await store(tier, entry(KEY, bodyOf(10)));
  expect(cells.pauses).toBe(0);
  await store(tier, entry(KEY, bodyOf(10)));
  expect(cells.pauses).not.toBe(0);
  expect(tier.begin(head, 10)).toBeUndefined();

  cells.setPause(cells.pauses, false);
  fail(undefined);
  expect(await store(tier, entry(KEY, bodyOf(10)))).toBe(true);
  fail("writeWhole", "EIO");
  for (let index = 0; index < 4; index++) await store(tier, entry(KEY, bodyOf(10)));
  expect(cells.pauses).toBe(0);
  await disk.keeper.close();
});

test("folders that vanish are made again", async () => {
  const disk = await openDisk();
  rmSync(join(disk.path, "objects"), { recursive: true });
  mkdirSync(join(disk.path, "objects"));
  writeFileSync(join(disk.path, "objects", "README"), "");

  expect(await store(disk.tier(), entry(KEY, bodyOf(10)))).toBe(true);

  expect(await load(disk.tier(), KEY)).toEqual(bodyOf(10));
  await disk.keeper.close();
});
