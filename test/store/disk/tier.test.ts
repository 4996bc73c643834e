import { afterAll, describe, expect, test } from "bun:test";
import { stored } from "../../../src/cache/facts.ts";
import { hashKey } from "../../../src/limits/key-hash.ts";
import { BLOCK_BYTES } from "../../../src/store/disk/block-sums.ts";
import { DiskCells } from "../../../src/store/disk/disk-shared.ts";
import { SMALL_BYTES } from "../../../src/store/disk/open-object.ts";
import { SlotFinder } from "../../../src/store/disk/slot-finder.ts";
import { HIGH, LOW, VERSION } from "../../../src/store/disk/slot-layout.ts";
import {
  bodyOf,
  bytesOnDisk,
  draftFiles,
  entry,
  facts,
  load,
  MIB,
  NOW,
  noVary,
  objectFiles,
  openDisk,
  readAll,
  removeFolders,
  store,
} from "./disk.ts";

const KEY = "example.com/file";

afterAll(removeFolders);

const sizes = [
  ["nothing", 0],
  ["a byte", 1],
  ["what is small", 60_000],
  ["the last that is small", SMALL_BYTES],
  ["the first that is not", SMALL_BYTES + 1],
  ["a byte less than a block", BLOCK_BYTES - 1],
  ["a block", BLOCK_BYTES],
  ["a byte more than a block", BLOCK_BYTES + 1],
  ["several blocks", 5 * BLOCK_BYTES],
  ["several blocks and a bit", 5 * BLOCK_BYTES + 12_345],
] as const;

describe.each([
  ["of a length known in advance", true],
  ["of a length that shows at its end", false],
])("a body %s", (_, isKnown) => {
  test.each(sizes)("comes back as it was: %s", async (_, length) => {
    const disk = await openDisk();
    const body = bodyOf(length);

    expect(disk.tier().mayHave(KEY)).toBe(false);
    expect(await store(disk.tier(0), entry(KEY, body), { isKnown })).toBe(true);

    const tier = disk.tier(1);
    expect(tier.mayHave(KEY)).toBe(true);
    for (const stepBytes of [MIB, BLOCK_BYTES, 77_777]) {
      const opened = await tier.open(KEY, noVary);
      expect(await readAll(opened!, stepBytes)).toEqual(body);
      expect(await opened!.read(length, Buffer.alloc(10))).toBe(0);
      opened!.close();
    }
    expect(draftFiles(disk.path)).toEqual([]);
    expect(disk.messages).toEqual([]);
    await disk.keeper.close();
  });
});

test("all that was known of an answer comes back with it, whatever its characters", async () => {
  const disk = await openDisk();
  const head = {
    facts: facts({
      status: 206,
      flags: stored.partial | stored.hasEtag | stored.varies,
      initialAgeMs: 1.5,
      lifetimeMs: 2 ** 40,
      staleWhileRevalidateMs: 3,
      staleIfErrorMs: 4,
      lastModifiedMs: NOW - 5,
      bodyBytes: 10,
      rangeFirst: 2 ** 33,
      wholeBytes: -1,
    }),
    varyNames: "accept-language",
    varyKey: "accept-language:d\xe9",
    tags: "one tw\xf6",
    peer: "2001:db8::1",
    reason: "Tr\xe8s bien",
    lines: 'X: \xff\r\nEtag: "1"\r\n',
  };

  await store(disk.tier(), entry(KEY, bodyOf(10), head));

  const opened = await disk.tier(1).open(KEY, () => "accept-language:d\xe9");
  const { varyNames, varyKey, tags, peer, reason, lines } = opened!;
  expect({ facts: opened!.facts, varyNames, varyKey, tags, peer, reason, lines }).toEqual(head);
  expect(opened!.isMarkedStale).toBe(false);
  await disk.keeper.close();
});

test("of the variants under a key the one that the request selects is opened, and of several the newest", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  const variant = (varyKey: string, storedMs: number, seed: number) =>
    entry(KEY, bodyOf(20, seed), {
      varyNames: varyKey === "" ? "" : "accept",
      varyKey,
      facts: facts({ storedMs, bodyBytes: 20, wholeBytes: 20 }),
    });
  for (const one of [
    variant("a", NOW, 1),
    variant("b", NOW, 2),
    variant("", NOW - 1, 3),
    variant("b", NOW + 1, 4),
  ]) {
    await store(tier, one);
  }

  const found = async (varyKey: string) => {
    const opened = await tier.open(KEY, () => varyKey);
    return readAll(opened!);
  };
  expect(await found("a")).toEqual(bodyOf(20, 1));
  expect(await found("b")).toEqual(bodyOf(20, 4));
  expect(await found("c")).toEqual(bodyOf(20, 3));
  expect(disk.keeper.stats().entries).toBe(3);
  await disk.keeper.close();
});

test("what is stored anew takes the place of the old, and gives its room back", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  await store(tier, entry(KEY, bodyOf(2 * MIB, 1)));
  const opened = await tier.open(KEY, noVary);

  await store(tier, entry(KEY, bodyOf(1 * MIB, 2)));

  expect(await load(tier, KEY)).toEqual(bodyOf(MIB, 2));
  // Who has the old one open reads it to its end.
  expect(await readAll(opened!)).toEqual(bodyOf(2 * MIB, 1));
  opened!.close();
  await disk.keeper.close();
  expect(objectFiles(disk.path)).toHaveLength(1);
});

test("a validation changes facts and lines, and not the body", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  await store(tier, entry(KEY, bodyOf(MIB)));
  await disk.keeper.purge({ url: `http://${KEY}` }, true);
  const before = await tier.open(KEY, noVary);
  expect(before!.isMarkedStale).toBe(true);

  const fresh = facts({ storedMs: NOW + 5, lifetimeMs: 7 });
  expect(await tier.freshen(before!, fresh, "Date: later\r\n")).toBe(true);

  const after = await tier.open(KEY, noVary);
  expect(after!.facts).toEqual({ ...fresh, bodyBytes: MIB, wholeBytes: MIB });
  expect(after!.lines).toBe("Date: later\r\n");
  expect(after!.isMarkedStale).toBe(false);
  expect(await readAll(after!)).toEqual(bodyOf(MIB));
  expect(await tier.freshen(after!, fresh, `X: ${"x".repeat(1_000)}\r\n`)).toBe(false);
  await disk.keeper.close();

  const again = await openDisk({ path: disk.path });
  const reopened = await again.tier().open(KEY, noVary);
  expect(reopened!.lines).toBe("Date: later\r\n");
  expect(reopened!.isMarkedStale).toBe(false);
  await again.keeper.close();
});

test("what leaves memory is stored once, however often it leaves", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  const one = entry(KEY, bodyOf(100));

  expect(await tier.spill(one)).toBe(true);
  expect(await tier.spill(one)).toBe(true);
  expect(disk.keeper.stats().stored).toBe(1);
  const newer = { ...one, facts: { ...one.facts, storedMs: NOW + 1 } };
  expect(await tier.spill(newer)).toBe(true);

  expect(disk.keeper.stats().stored).toBe(2);
  expect(await load(tier, KEY)).toEqual(bodyOf(100));
  await disk.keeper.close();
});

test("what leaves memory faster than the disk takes it is let go", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  const body = bodyOf(MIB);

  const results = await Promise.all(
    Array.from({ length: 30 }, (_, index) => tier.spill(entry(`${KEY}/${index}`, body))),
  );

  expect(results.filter((isStored) => isStored).length).toBeGreaterThan(10);
  expect(results.filter((isStored) => !isStored).length).toBeGreaterThan(10);
  await disk.keeper.close();
});

test("two keys are told apart although they have the same hash", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  await store(tier, entry(KEY, bodyOf(100)));
  const { cells, seed } = new DiskCells(disk.keeper.shared.index);
  const finder = new SlotFinder(cells, seed);

  // As if another key had the same hash: its slot leads to the first one's file.
  const other = "example.com/other";
  const { a, b } = hashKey(other, seed);
  const [from, to] = [finder.find(KEY)[0]!.cell, finder.bucketOf(b)];
  for (const kind of [LOW, HIGH, VERSION]) cells[to + kind] = cells[from + kind]!;
  cells[to] = a;

  expect(tier.mayHave(other)).toBe(true);
  expect(await tier.open(other, noVary)).toBeUndefined();
  expect(await load(tier, KEY)).toEqual(bodyOf(100));
  expect(disk.messages).toEqual([]);
  await disk.keeper.close();
});

test("the room that is taken is that of the files", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  for (const [index, [, length]] of sizes.entries()) {
    await store(tier, entry(`${KEY}/${index}`, bodyOf(length)), { isKnown: index % 2 === 0 });
  }

  expect(disk.keeper.stats().bytes).toBe(bytesOnDisk(disk.path));
  expect(disk.keeper.stats()).toMatchObject({ entries: sizes.length, stored: sizes.length, oldestMs: NOW });
  await disk.keeper.close();
});
