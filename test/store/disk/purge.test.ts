import { afterAll, describe, expect, test } from "bun:test";
import { matchesPurge, type PurgeMatches } from "../../../src/store/disk/purge-matches.ts";
import {
  bodyOf,
  entry,
  load,
  MIB,
  noVary,
  objectFiles,
  openDisk,
  removeFolders,
  store,
  until,
} from "./disk.ts";

/** Keys with their tags. */
const stored: [string, string][] = [
  ["example.com/", "front"],
  ["example.com/a", "a everything"],
  ["example.com/a?b", "everything"],
  ["example.com/a/b", ""],
  ["example.com:8080/a", "everything"],
  ["@api example.com/a", ""],
  ["1x2y@api example.com/a", ""],
  ["example.com.evil.example/a", "every"],
  ["sub.example.com/a", ""],
  ["[2001:db8::1]/a", ""],
  ["[2001:db8::1]:8080/a", ""],
  ["example.com/\xe9", "\xe9"],
];

// Each row: what is purged | which keys, by their place in the list.
const rows: [PurgeMatches, number[]][] = [
  [{ url: "http://example.com/a" }, [1, 5, 6]],
  [{ url: "https://example.com/a" }, [1, 5, 6]],
  [{ url: "example.com/a?b" }, [2]],
  [{ url: "http://example.com/none" }, []],
  [{ url: "http://example.com/\xe9" }, [11]],
  [{ host: "example.com" }, [0, 1, 2, 3, 4, 5, 6, 11]],
  [{ host: "example.com:8080" }, [4]],
  [{ host: "example.com:80" }, [0, 1, 2, 3, 5, 6, 11]],
  [{ host: "[2001:db8::1]" }, [9, 10]],
  [{ host: "[2001:db8::1]:8080" }, [10]],
  [{ host: "com" }, []],
  [{ prefix: "http://example.com/" }, [0, 1, 2, 3, 5, 6, 11]],
  [{ prefix: "http://example.com/a" }, [1, 2, 3, 5, 6]],
  [{ prefix: "http://example.com/a/" }, [3]],
  [{ prefix: "http://example.com/_" }, []],
  [{ tag: "everything" }, [1, 2, 4]],
  [{ tag: "every" }, [7]],
  [{ tag: "\xe9" }, [11]],
  [{ tag: "none" }, []],
];

afterAll(removeFolders);

describe("a purge", () => {
  test.each(rows)("of %j means what it says", async (matches, wanted) => {
    expect(indexesOf(([key, tags]) => matchesPurge(key, tags, matches))).toEqual(wanted);

    const disk = await openDisk();
    const tier = disk.tier();
    for (const [key, tags] of stored) await store(tier, entry(key, bodyOf(10), { tags }));

    expect(await disk.keeper.purge(matches, true)).toBe(wanted.length);
    for (const [index, [key]] of stored.entries()) {
      const opened = await tier.open(key, noVary);
      expect([key, opened!.isMarkedStale]).toEqual([key, wanted.includes(index)]);
    }

    expect(await disk.keeper.purge(matches, false)).toBe(wanted.length);
    expect(indexesOf(([key]) => !tier.mayHave(key))).toEqual(wanted);
    expect(objectFiles(disk.path)).toHaveLength(stored.length - wanted.length);
    await disk.keeper.close();

    const again = await openDisk({ path: disk.path });
    expect(indexesOf(([key]) => !again.tier().mayHave(key))).toEqual(wanted);
    await again.keeper.close();
  });
});

test("what is marked stale stays so over a restart, until it is validated", async () => {
  const first = await openDisk();
  await store(first.tier(), entry("example.com/a", bodyOf(10)));
  await first.keeper.purge({ host: "example.com" }, true);
  await first.keeper.close();

  const second = await openDisk({ path: first.path });
  const opened = await second.tier().open("example.com/a", noVary);
  expect(opened!.isMarkedStale).toBe(true);
  await second.keeper.close();
});

describe("what was being fetched when the purge came", () => {
  test.each([
    ["is not stored", false, undefined],
    ["is stored as stale by a soft one", true, true],
  ])("%s", async (_, soft, isMarkedStale) => {
    const disk = await openDisk();
    const tier = disk.tier();
    const since = tier.sequence;
    await disk.keeper.purge({ host: "example.com" }, soft);

    const { body, ...head } = entry("example.com/a", bodyOf(MIB));
    const writer = tier.begin(head, MIB, since);
    for (const piece of body) writer!.write(piece);
    const isStored = writer!.commit();
    await store(tier, entry("example.org/a", bodyOf(10)));
    await store(tier, entry("example.com/b", bodyOf(10)));

    if (soft) expect(await isStored).toBe(true);
    const opened = await tier.open("example.com/a", noVary);
    expect(opened?.isMarkedStale).toBe(isMarkedStale as boolean);
    opened?.close();
    expect(await load(tier, "example.org/a")).toEqual(bodyOf(10));
    expect(await load(tier, "example.com/b")).toEqual(bodyOf(10));
    await disk.keeper.close();
    expect(objectFiles(disk.path)).toHaveLength(soft ? 3 : 2);
  });
});

test("what is being written, indexed and named while purges come is gone when they are over", async () => {
  const disk = await openDisk();
  const tiers = [disk.tier(0), disk.tier(1)];
  const key = (round: number, index: number) => `example.com/${round}/${index}`;

  for (let round = 0; round < 10; round++) {
    const storing = Array.from({ length: 40 }, (_, index) =>
      store(tiers[index % 2]!, entry(key(round, index), bodyOf(100))),
    );
    await Bun.sleep(round);
    await disk.keeper.purge({ prefix: `http://example.com/${round}/` }, false);
    await Promise.race([Promise.all(storing), Bun.sleep(100)]);
    for (let index = 0; index < 40; index++) expect(tiers[0]!.mayHave(key(round, index))).toBe(false);
  }

  expect(await until(() => objectFiles(disk.path).length === 0)).toBe(true);
  expect(disk.keeper.stats().entries).toBe(0);
  await disk.keeper.close();
});

describe("what a worker invalidates", () => {
  test("is stale for all others at once", async () => {
    const disk = await openDisk();
    const [one, other] = [disk.tier(0), disk.tier(1)];
    await store(one, entry("example.com/a", bodyOf(10)));

    expect(one.markStale("example.com/a")).toBe(1);
    expect(one.markStale("example.com/b")).toBe(0);

    const opened = await other.open("example.com/a", noVary);
    expect(opened!.isMarkedStale).toBe(true);
    await disk.keeper.close();
  });

  test("is gone for all others at once, and from the disk a little later", async () => {
    const disk = await openDisk();
    const [one, other] = [disk.tier(0), disk.tier(1)];
    const since = one.sequence;
    await store(one, entry("example.com/a", bodyOf(10)));

    expect(one.remove("example.com/a")).toBe(1);

    expect(other.mayHave("example.com/a")).toBe(false);
    expect(await until(() => objectFiles(disk.path).length === 0)).toBe(true);
    const { body, ...head } = entry("example.com/a", bodyOf(10));
    const writer = one.begin(head, 10, since);
    for (const piece of body) writer!.write(piece);
    expect(await writer!.commit()).toBe(false);
    expect(other.mayHave("example.com/a")).toBe(false);
    await disk.keeper.close();
  });
});

test("a purge of very many lets others have their turn", async () => {
  const disk = await openDisk();
  const tier = disk.tier();
  const keys = Array.from({ length: 2_000 }, (_, index) => `example.com/${index}`);
  await Promise.all(keys.map((key) => tier.spill(entry(key, bodyOf(10)))));
  const entries = disk.keeper.stats().entries;
  let turns = 0;
  const counting = setInterval(() => turns++, 1);

  expect(await disk.keeper.purge({ host: "example.com" }, false)).toBe(entries);

  clearInterval(counting);
  expect(turns).toBeGreaterThan(3);
  expect(objectFiles(disk.path)).toEqual([]);
  await disk.keeper.close();
});

function indexesOf(isWanted: (row: [string, string]) => boolean): number[] {
  return stored.flatMap((row, index) => (isWanted(row) ? [index] : []));
}
