/** The sum of the files stays below what is configured, whatever is stored. */
import { afterAll, expect, test } from "bun:test";
import { DiskCells } from "../../../src/store/disk/disk-shared.ts";
import { ObjectTable } from "../../../src/store/disk/object-table.ts";
import {
  bodyOf,
  bytesOnDisk,
  draftFiles,
  entry,
  load,
  MIB,
  objectFiles,
  openDisk,
  removeFolders,
  store,
  until,
} from "./disk.ts";

afterAll(removeFolders);

test("more than there is room for: what leaves makes room for what comes", async () => {
  const size = 8 * MIB;
  const disk = await openDisk({ size });
  const tiers = [disk.tier(0), disk.tier(1)];
  let [stored, most] = [0, 0];

  for (let round = 0; round < 60; round++) {
    const lengths = [100, 5_000, 70_000, 300_000, round % 10 === 0 ? 2 * MIB : 4_000];
    const storing = lengths.map((length, index) =>
      store(tiers[index % 2]!, entry(`example.com/${round}/${index}`, bodyOf(length)), {
        isKnown: index % 2 === 0,
      }),
    );
    stored += (await Promise.all(storing)).filter((isStored) => isStored).length;
    most = Math.max(most, disk.keeper.stats().bytes, bytesOnDisk(disk.path));
  }

  expect(most).toBeLessThanOrEqual(size);
  expect(most).toBeGreaterThan(size / 2);
  expect(stored).toBeGreaterThan(250);
  expect(disk.keeper.stats().evictions).toBeGreaterThan(50);
  await disk.keeper.close();
  expect(objectFiles(disk.path)).toHaveLength(disk.keeper.stats().entries);
  expect(draftFiles(disk.path)).toEqual([]);
});

test("what is used stays longer than what is not", async () => {
  const disk = await openDisk({ size: 8 * MIB });
  const tier = disk.tier();
  const favourites = ["example.com/one", "example.com/two", "example.com/three"];
  for (const key of favourites) await store(tier, entry(key, bodyOf(100_000)));

  for (let index = 0; index < 150; index++) {
    await store(tier, entry(`example.com/${index}`, bodyOf(100_000)));
    for (const key of favourites) expect(await load(tier, key)).toEqual(bodyOf(100_000));
  }

  expect(disk.keeper.stats().evictions).toBeGreaterThan(60);
  await disk.keeper.close();
});

test("what was used is known after a restart", async () => {
  const first = await openDisk({ size: 8 * MIB });
  const keys = Array.from({ length: 40 }, (_, index) => `example.com/${index}`);
  for (const key of keys) await store(first.tier(), entry(key, bodyOf(50_000)));
  const table = new ObjectTable(new DiskCells(first.keeper.shared.index));
  // All have been passed by the hand once, and ten were used since.
  const { cells } = new DiskCells(first.keeper.shared.index);
  for (let at = 512 + 32; at < cells.length; at += 64) {
    for (let way = 0; way < 16; way++) cells[at + way]! &= ~(3 << 17);
  }
  expect(table.usedIds()).toHaveLength(0);
  for (const key of keys.slice(0, 10)) await load(first.tier(), key);
  await first.keeper.close();

  const second = await openDisk({ path: first.path, size: 4 * MIB });
  await store(second.tier(), entry("example.com/new", bodyOf(1.5 * MIB)));
  await store(second.tier(), entry("example.com/new2", bodyOf(1.5 * MIB)));
  await until(() => second.keeper.stats().evictions > 0);
  expect(second.keeper.stats().evictions).toBeGreaterThan(0);
  expect(second.keeper.stats().evictions).toBeLessThanOrEqual(30);
  for (const key of keys.slice(0, 10)) expect(await load(second.tier(), key)).toEqual(bodyOf(50_000));
  await second.keeper.close();
});

test("a disk that was made smaller is emptied until it fits", async () => {
  const first = await openDisk({ size: 16 * MIB });
  for (let index = 0; index < 100; index++)
    await store(first.tier(), entry(`example.com/${index}`, bodyOf(100_000)));
  await first.keeper.close();

  const second = await openDisk({ path: first.path, size: 4 * MIB });

  expect(await until(() => second.keeper.stats().bytes <= 4 * MIB)).toBe(true);
  expect(bytesOnDisk(first.path)).toBeLessThanOrEqual(4 * MIB);
  expect(second.keeper.stats().entries).toBeGreaterThan(10);
  expect(await store(second.tier(), entry("example.com/new", bodyOf(MIB)))).toBe(true);
  await second.keeper.close();
});

test("what is too large for the disk is not begun, or is given up when it shows", async () => {
  const disk = await openDisk({ size: 8 * MIB });
  const tier = disk.tier();
  await store(tier, entry("example.com/kept", bodyOf(100)));
  const { body: _, ...head } = entry("example.com/large", bodyOf(0));

  expect(tier.begin(head, 5 * MIB)).toBeUndefined();
  const writer = tier.begin(head, undefined);
  const piece = bodyOf(100_000);
  for (let at = 0; at < 5 * MIB && !writer!.failed; at += piece.length) {
    writer!.write(Buffer.from(piece));
    await Bun.sleep(1);
  }

  expect(writer!.failed).toBe(true);
  expect(await writer!.commit()).toBe(false);
  expect(await until(() => draftFiles(disk.path).length === 0)).toBe(true);
  expect(await load(tier, "example.com/kept")).toEqual(bodyOf(100));
  expect(disk.messages).toEqual([]);
  await disk.keeper.close();
});

test("when its bucket in the table is full, something else leaves it", async () => {
  const disk = await openDisk({ size: 4 * MIB });
  const tier = disk.tier();
  // As many variants as a bucket has slots, and some more.
  for (let index = 0; index < 24; index++) {
    await store(tier, entry("example.com/a", bodyOf(10, index), { varyNames: "x", varyKey: `${index}` }));
  }

  expect(disk.keeper.stats().entries).toBe(16);
  const newest = await tier.open("example.com/a", () => "23");
  expect(newest).toBeDefined();
  await disk.keeper.close();
  expect(objectFiles(disk.path)).toHaveLength(16);
});
