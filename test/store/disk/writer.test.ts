import { afterAll, describe, expect, test } from "bun:test";
import { stored } from "../../../src/cache/facts.ts";
import { type FileCalls, fileCalls } from "../../../src/store/disk/file-calls.ts";
import {
  bodyOf,
  draftFiles,
  entry,
  facts,
  MIB,
  noVary,
  objectFiles,
  openDisk,
  readAll,
  removeFolders,
  until,
} from "./disk.ts";

const KEY = "example.com/file";

afterAll(removeFolders);

test("a slow reader is given what was written so far, from the file and from what waits", async () => {
  const disk = await openDisk();
  const body = bodyOf(3 * MIB + 1_000);
  const { body: _, ...head } = entry(KEY, body);
  const writer = disk.tier().begin(head, undefined);
  const into = Buffer.alloc(400_000);
  let readSoFar = 0;
  const catchUp = async (to: number) => {
    while (readSoFar < to) {
      const count = await writer!.read(readSoFar, into);
      expect(into.subarray(0, count).equals(body.subarray(readSoFar, readSoFar + count))).toBe(true);
      if (count <= 0) break;
      readSoFar += count;
    }
    return readSoFar;
  };

  expect(await writer!.read(0, into)).toBe(0);
  for (let at = 0; at < body.length; at += 150_000) {
    writer!.write(body.subarray(at, at + 150_000));
    const written = Math.min(at + 150_000, body.length);
    if (at % 300_000 === 0) expect(await catchUp(written - 70_000)).toBeGreaterThanOrEqual(written - 70_000);
  }
  const isStored = writer!.commit();
  expect(await catchUp(body.length)).toBe(body.length);
  expect(await isStored).toBe(true);
  readSoFar = 0;
  expect(await catchUp(body.length)).toBe(body.length);
  writer!.close();
  await disk.keeper.close();
});

describe("nothing is stored, and nothing left", () => {
  test.each<[string, number, number | undefined, boolean]>([
    ["when it is given up", 400_000, undefined, true],
    ["when it is given up before anything came", 0, undefined, true],
    ["when less came than was said", 400_000, 400_001, false],
    ["when more came than was said", 400_000, 399_999, false],
  ])("%s", async (_, length, bodyBytes, isAborted) => {
    const disk = await openDisk();
    const before = disk.keeper.stats().bytes;
    const { body: _body, ...head } = entry(KEY, bodyOf(length));
    const writer = disk.tier().begin(head, bodyBytes);
    writer!.write(bodyOf(length));
    await Bun.sleep(5);

    if (isAborted) writer!.abort();
    expect(await writer!.commit()).toBe(false);

    expect(await until(() => disk.keeper.stats().bytes === before)).toBe(true);
    expect(draftFiles(disk.path)).toEqual([]);
    expect(objectFiles(disk.path)).toEqual([]);
    expect(disk.tier().mayHave(KEY)).toBe(false);
    await disk.keeper.close();
  });
});

test("given up while its file is being opened, it leaves none open", async () => {
  const opening = Promise.withResolvers<void>();
  const open = new Set<number>();
  let opened = 0;
  const calls: FileCalls = {
    ...fileCalls,
    async open(path, mode) {
      await opening.promise;
      const file = await fileCalls.open(path, mode);
      open.add(file);
      opened++;
      return file;
    },
    close(file) {
      open.delete(file);
      return fileCalls.close(file);
    },
  };
  const disk = await openDisk();
  const { body: _, ...head } = entry(KEY, bodyOf(0));
  const writer = disk.tier(0, calls).begin(head, 3 * MIB);
  writer!.write(bodyOf(2 * MIB));
  await Bun.sleep(1);
  writer!.abort();
  opening.resolve();

  expect(await until(() => opened === 1 && open.size === 0)).toBe(true);
  expect(await until(() => draftFiles(disk.path).length === 0)).toBe(true);
  await disk.keeper.close();
});

test("what turns out to be a part is stored as one", async () => {
  const disk = await openDisk();
  const { body: _, ...head } = entry(KEY, bodyOf(0));
  const writer = disk.tier().begin(head, 10_000);
  writer!.write(bodyOf(4_000));

  const part = facts({ flags: stored.partial, wholeBytes: 10_000 });
  expect(await writer!.commit(part)).toBe(true);

  const opened = await disk.tier().open(KEY, noVary);
  expect(opened!.facts).toEqual({ ...part, bodyBytes: 4_000 });
  expect(await readAll(opened!)).toEqual(bodyOf(4_000));
  await disk.keeper.close();
});
