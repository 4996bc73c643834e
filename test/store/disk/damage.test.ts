/** Files that are not what was written: never a wrong answer, never a stop. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { BLOCK_BYTES, tableBytes } from "../../../src/store/disk/block-sums.ts";
import { decodeHead } from "../../../src/store/disk/object-head.ts";
import {
  bodyOf,
  entry,
  facts,
  load,
  MIB,
  noVary,
  objectFiles,
  openDisk,
  readAll,
  removeFolders,
  store,
  until,
} from "./disk.ts";

const KEY = "example.com/file";
const SMALL = 5_000;
const LARGE = 3 * BLOCK_BYTES + 1_000;

afterAll(removeFolders);

/** A disk with one object in it, and what is done to its file. */
async function damaged(length: number, isKnown: boolean, damage: (file: string) => void) {
  const disk = await openDisk();
  await store(disk.tier(), entry(KEY, bodyOf(length)), { isKnown });
  const [file = ""] = objectFiles(disk.path);
  damage(file);
  return disk;
}

/** Its copy is gone, the log says so once, its room is free, and it can be stored again. */
async function expectDropped(disk: Awaited<ReturnType<typeof damaged>>): Promise<void> {
  expect(await until(() => objectFiles(disk.path).length === 0)).toBe(true);
  expect(disk.messages).toHaveLength(1);
  expect(disk.messages[0]).toStartWith(`The cache's copy of ${KEY} is dropped: `);
  expect(disk.tier().mayHave(KEY)).toBe(false);
  expect(disk.keeper.stats().entries).toBe(0);
  expect(await store(disk.tier(), entry(KEY, bodyOf(10, 2)))).toBe(true);
  expect(await load(disk.tier(), KEY)).toEqual(bodyOf(10, 2));
  await disk.keeper.close();
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 0x10;
  writeFileSync(file, bytes);
}

function headIn(file: string) {
  return decodeHead(readFileSync(file))!;
}

/** Where a bit is flipped, counted by what lies there. */
const places: [string, (file: string) => number][] = [
  ["the first head's checksum", () => 0],
  ["its magic number", () => 8],
  ["its length", () => 12],
  ["the room of a head", () => 16],
  ["which head it is", () => 20],
  ["the checksum of the checksums", () => 24],
  ["its number", () => 32 + 6],
  ["where the body is", () => 40 + 5],
  ["where the checksums are", () => 48 + 5],
  ["the status", () => 56 + 6],
  ["the flags", () => 64 + 6],
  ["how long it is fresh", () => 88 + 3],
  ["the length of the body", () => 120 + 5],
  ["the length of a text", () => 144],
  ["the key", (file) => readFileSync(file).indexOf(KEY) + 3],
  ["a field line", (file) => readFileSync(file).indexOf("Content-Type") + 3],
  ["the first checksum", (file) => headIn(file).sumsAt],
  ["the last checksum", (file) => headIn(file).sumsAt + tableBytes(headIn(file).facts.bodyBytes) - 1],
  ["the first byte of the body", (file) => headIn(file).bodyAt],
];

describe.each([
  ["a small object", SMALL, true],
  ["a small object of a length not known before", SMALL, false],
  ["a large object", LARGE, true],
  ["a large object of a length not known before", LARGE, false],
])("%s with a flipped bit is not served", (_, length, isKnown) => {
  test.each(places)("in %s", async (_, place) => {
    const disk = await damaged(length, isKnown, (file) => flip(file, place(file)));

    const opened = await disk.tier().open(KEY, noVary);
    if (opened !== undefined) expect(await readAll(opened)).toBeUndefined();
    opened?.close();

    await expectDropped(disk);
  });

  test("in the last byte of the body", async () => {
    const place = (file: string) => headIn(file).bodyAt + length - 1;
    const disk = await damaged(length, isKnown, (file) => flip(file, place(file)));

    expect(await load(disk.tier(), KEY)).toBeUndefined();

    await expectDropped(disk);
  });
});

test("what lies before the altered block is handed out, and nothing of that block", async () => {
  const disk = await damaged(LARGE, true, (file) => flip(file, headIn(file).bodyAt + 2 * BLOCK_BYTES + 77));
  const opened = await disk.tier().open(KEY, noVary);
  const into = Buffer.alloc(8 * BLOCK_BYTES);

  expect(await opened!.read(0, into)).toBe(2 * BLOCK_BYTES);
  expect(into.subarray(0, 2 * BLOCK_BYTES).equals(bodyOf(LARGE).subarray(0, 2 * BLOCK_BYTES))).toBe(true);
  expect(await opened!.read(2 * BLOCK_BYTES, into)).toBe(-1);
  expect(await opened!.read(2 * BLOCK_BYTES + 100, into.subarray(0, 10))).toBe(-1);
  expect(await opened!.read(3 * BLOCK_BYTES, into)).toBe(1_000);
  opened!.close();

  await expectDropped(disk);
});

test("what is altered while it is open is found when it is read", async () => {
  const disk = await damaged(LARGE, false, () => undefined);
  const opened = await disk.tier().open(KEY, noVary);
  const [file = ""] = objectFiles(disk.path);

  expect(await opened!.read(0, Buffer.alloc(BLOCK_BYTES))).toBe(BLOCK_BYTES);
  const { bodyAt } = headIn(file);
  truncateSync(file, bodyAt + 2 * BLOCK_BYTES);

  expect(await opened!.read(BLOCK_BYTES, Buffer.alloc(2 * BLOCK_BYTES))).toBe(BLOCK_BYTES);
  expect(await opened!.read(2 * BLOCK_BYTES, Buffer.alloc(BLOCK_BYTES))).toBe(-1);
  opened!.close();
  await expectDropped(disk);
});

describe("what was verified can be sent from its file", () => {
  /** Stored some time ago: its times are no more those of just now. */
  async function verified(bytes = LARGE) {
    const disk = await damaged(LARGE, true, (file) => utimesSync(file, 1, 1));
    await Bun.sleep(150);
    const tier = disk.tier();
    const opened = await tier.open(KEY, noVary);
    expect(opened!.placeOf(0, 1)).toBeUndefined();
    for (let at = 0; at < bytes; ) at += await opened!.read(at, Buffer.alloc(BLOCK_BYTES));
    return { disk, tier, opened: opened!, file: objectFiles(disk.path)[0]! };
  }

  test("by whoever has it open, and those who open it later, in this worker", async () => {
    const { disk, tier, opened, file } = await verified();
    const { bodyAt } = headIn(file);
    opened.close();
    expect(opened.placeOf(0, 1)).toBeUndefined();

    const again = await tier.open(KEY, noVary);
    const place = again!.placeOf(700_000, LARGE);
    expect(place!.at).toBe(bodyAt + 700_000);
    const sent = Buffer.alloc(LARGE - 700_000);
    readSync(place!.file, sent, 0, sent.length, place!.at);
    expect(sent.equals(bodyOf(LARGE).subarray(700_000))).toBe(true);
    expect((await disk.tier().open(KEY, noVary))!.placeOf(0, 1)).toBeUndefined();
    again!.close();
    await disk.keeper.close();
  });

  test("only as far as it was read", async () => {
    const { disk, opened } = await verified(2 * BLOCK_BYTES);

    expect(opened.placeOf(10, 2 * BLOCK_BYTES)).toBeDefined();
    expect(opened.placeOf(10, 2 * BLOCK_BYTES + 1)).toBeUndefined();
    opened.close();
    await disk.keeper.close();
  });

  test("not any more when the file has changed", async () => {
    const { disk, opened, file } = await verified();
    const { bodyAt } = headIn(file);
    expect(opened.placeOf(0, LARGE)).toBeDefined();

    const handle = openSync(file, "r+");
    writeSync(handle, Buffer.from([0x55]), 0, 1, bodyAt + 5);
    closeSync(handle);

    expect(opened.placeOf(0, LARGE)).toBeUndefined();
    expect(await opened.read(0, Buffer.alloc(BLOCK_BYTES))).toBe(-1);
    opened.close();
    await expectDropped(disk);
  });

  test("not when it was stored just now", async () => {
    const justNow = Date.now() / 1_000 + 60;
    const disk = await damaged(LARGE, true, (file) => utimesSync(file, justNow, justNow));
    const opened = await disk.tier().open(KEY, noVary);
    await opened!.read(0, Buffer.alloc(MIB));

    expect(opened!.placeOf(0, 1)).toBeUndefined();
    opened!.close();
    await disk.keeper.close();
  });
});

describe.each([
  ["a small object", SMALL, true],
  ["a small object of a length not known before", SMALL, false],
  ["a large object", LARGE, true],
  ["a large object of a length not known before", LARGE, false],
])("%s of another length is not served", (_, length, isKnown) => {
  test.each<[string, (file: string) => number]>([
    ["nothing at all", () => 0],
    ["a byte", () => 1],
    ["less than the numbers of a head", () => 100],
    ["less than a head", (file) => headIn(file).roomBytes - 1],
    ["one head", (file) => headIn(file).roomBytes],
    ["both heads", (file) => headIn(file).roomBytes * 2],
    ["up to its body", (file) => headIn(file).bodyAt],
    ["half of its body", (file) => headIn(file).bodyAt + length / 2],
    ["all but one byte", (file) => readFileSync(file).length - 1],
    ["one byte more", (file) => readFileSync(file).length + 1],
  ])("%s", async (_, lengthOf) => {
    const disk = await damaged(length, isKnown, (file) => truncateSync(file, lengthOf(file)));

    expect(await disk.tier().open(KEY, noVary)).toBeUndefined();

    await expectDropped(disk);
  });
});

test("a file that is gone is a miss", async () => {
  const disk = await damaged(SMALL, true, (file) => rmSync(file));

  expect(await disk.tier().open(KEY, noVary)).toBeUndefined();

  await expectDropped(disk);
});

test("a file in the place of another is a miss, though it is a good one", async () => {
  const disk = await openDisk();
  await store(disk.tier(), entry("example.com/other", bodyOf(SMALL, 3)));
  const [other = ""] = objectFiles(disk.path);
  await store(disk.tier(), entry(KEY, bodyOf(SMALL)));
  const file = objectFiles(disk.path).find((found) => found !== other) ?? "";

  writeFileSync(file, readFileSync(other));

  expect(await load(disk.tier(), KEY)).toBeUndefined();
  expect(await load(disk.tier(), "example.com/other")).toEqual(bodyOf(SMALL, 3));
  expect(disk.messages).toEqual([`The cache's copy of ${KEY} is dropped: it is another's file`]);
  await disk.keeper.close();
});

test("a validation that was cut short leaves what there was before", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  await store(tier, entry(KEY, bodyOf(SMALL)));
  const opened = await tier.open(KEY, noVary);
  await tier.freshen(opened!, facts({ lifetimeMs: 1 }), "X: 1\r\n");
  const [file = ""] = objectFiles(disk.path);
  expect((await tier.open(KEY, noVary))!.lines).toBe("X: 1\r\n");

  flip(file, headIn(file).roomBytes + 150);

  const again = await tier.open(KEY, noVary);
  expect(again!.lines).toBe(opened!.lines);
  expect(await readAll(again!)).toEqual(bodyOf(SMALL));
  expect(disk.messages).toEqual([]);
  await disk.keeper.close();
});

test("what does not say what it is, is dropped on somebody's word", async () => {
  const disk = await damaged(LARGE, true, () => undefined);
  const opened = await disk.tier().open(KEY, noVary);

  opened!.markBroken();
  opened!.markBroken();
  opened!.close();

  await expectDropped(disk);
});
