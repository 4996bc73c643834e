import { describe, expect, test } from "bun:test";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import type { Verdict } from "../../../src/store/memory/visit.ts";
import { answer, findFault, NOW } from "./answers.ts";

const MIB = 2 ** 20;
const SEED = 4_711;
const KEY = "http://origin.example/one";

const all = (store: MemoryStore, verdict: Verdict) => {
  store.bumpSequences();
  return visitAll(store, () => verdict);
};

// Each row: what purges | what it does to what is stored | how many it says.
const purges: readonly [string, (store: MemoryStore) => number, "removed" | "stale" | "kept", number][] = [
  ["removing the key", (store) => store.remove(KEY), "removed", 2],
  ["marking the key", (store) => store.markStale(KEY), "stale", 2],
  ["removing what a scan finds", (store) => all(store, "remove"), "removed", 3],
  ["marking what a scan finds", (store) => all(store, "stale"), "stale", 3],
  ["a scan that wants nothing", (store) => all(store, undefined), "kept", 0],
];

describe.each(purges)("%s", (_, purge, outcome, changed) => {
  test("holds for all threads at once, and for all variants", () => {
    const [one, other] = twoStores();
    for (const varyKey of ["a", "b"]) put(one, answer(KEY, 100, { varyNames: "n", varyKey }));
    put(one, answer(`${KEY}/other`, 100));

    expect(purge(one)).toBe(changed);
    for (const varyKey of ["a", "b"]) {
      const found = other.find(KEY, () => varyKey);
      expect(found === undefined).toBe(outcome === "removed");
      if (found !== undefined) expect(found.isMarkedStale).toBe(outcome === "stale");
    }
    expect(other.find(`${KEY}/other`, () => "")?.isMarkedStale).toBe(
      changed === 2 ? false : outcome === "kept" ? false : outcome === "stale" ? true : undefined,
    );
  });

  test("keeps out what was being fetched, and nothing that is fetched afterwards", () => {
    const [one, other] = twoStores();
    const since = one.sequence(KEY);
    purge(other);

    expect(one.put(answer(KEY, 100), since)).toBe("purged");
    expect(one.find(KEY, () => "")).toBeUndefined();
    expect(put(one, answer(KEY, 100))).toBe("stored");
  });
});

test("a purge of one key keeps out hardly any other that is being fetched", () => {
  const [store] = twoStores();
  const keys = Array.from({ length: 200 }, (_, index) => `${KEY}/${index}`);
  const before = keys.map((key) => store.sequence(key));
  store.remove(KEY);

  const same = keys.filter((key, index) => store.sequence(key) === before[index]);
  expect(same.length).toBeGreaterThan(195);
});

test("a replaced answer that was marked stale is fresh", () => {
  const [store] = twoStores();
  put(store, answer(KEY, 100));
  store.markStale(KEY);
  put(store, answer(KEY, 100));

  expect(store.find(KEY, () => "")!.isMarkedStale).toBe(false);
});

describe("a visit", () => {
  test("shows every entry once, with all that is known of it", () => {
    const [store] = twoStores();
    const keys = Array.from({ length: 900 }, (_, index) => `${KEY}/${index}`);
    for (const key of keys) put(store, answer(key, 10, { tags: `tag-${key}` }));
    const shown: string[] = [];

    const steps = store.visit((entry) => {
      expect(findFault(entry, entry.key())).toBeUndefined();
      expect(entry.tags()).toBe(`tag-${entry.key()}`);
      expect(entry.entryBytes % 16).toBe(0);
      shown.push(entry.key());
      return undefined;
    });
    const counts = [...steps];
    expect(shown.sort()).toEqual(keys.sort());
    expect(counts.reduce((sum, count) => sum + count)).toBe(900);
    expect(Math.max(...counts)).toBeLessThan(300);
    expect(counts.length).toBeGreaterThan(2);
  });

  test("does to each what the visitor says", () => {
    const [store] = twoStores();
    for (const word of ["a", "b", "c"]) put(store, answer(`${KEY}/${word}`, 10, { tags: word }));

    const verdicts: Record<string, Verdict> = { a: "remove", b: "stale", c: undefined };
    expect(visitAll(store, (tags) => verdicts[tags])).toBe(2);
    expect(store.find(`${KEY}/a`, () => "")).toBeUndefined();
    expect(store.find(`${KEY}/b`, () => "")!.isMarkedStale).toBe(true);
    expect(store.find(`${KEY}/c`, () => "")!.isMarkedStale).toBe(false);
  });

  test("shows from its new place what moves while it is looked at", () => {
    const [store, other] = twoStores();
    put(store, answer(KEY, 3_000, { tags: "wanted" }));
    store.find(KEY, () => "");
    let looks = 0;

    const changed = visitAll(store, (_, entry) => {
      // Behind the visitor's back it goes on to the main ring, and the small one is written over.
      if (entry.key() === KEY && looks++ === 0) {
        for (let index = 0; index < 60; index++) put(other, answer(`${KEY}/${index}`, 3_000));
      }
      return entry.tags() === "wanted" ? "remove" : undefined;
    });
    expect(looks).toBe(2);
    expect(changed).toBe(1);
    expect(other.find(KEY, () => "")).toBeUndefined();
  });

  test("of one key shows its variants, and counts as no use", () => {
    const [store] = twoStores();
    for (const varyKey of ["a", "b"]) put(store, answer(KEY, 100, { varyNames: "n", varyKey }));
    put(store, answer(`${KEY}/other`, 100));
    const shown: string[] = [];

    store.visitKey(KEY, (entry) => {
      shown.push(entry.varyKey());
      return undefined;
    });
    expect(shown.sort()).toEqual(["a", "b"]);
    expect(store.visitKey(KEY, (entry) => (entry.varyKey() === "a" ? "remove" : undefined))).toBe(1);
    expect(store.find(KEY, () => "b")).toBeDefined();
  });
});

test("statistics count what is there", () => {
  const [store, other] = twoStores();
  expect(store.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 0, stored: 0, oldestMs: undefined });

  put(store, answer(KEY, 1_000, { storedMs: NOW }));
  put(other, answer(`${KEY}/2`, 1_000, { storedMs: NOW - 5 }));
  put(store, answer(`${KEY}/3`, 1_000, { storedMs: NOW - 9 }));
  store.remove(`${KEY}/3`);
  const { bytes, capacityBytes, ...rest } = other.stats();
  expect(rest).toEqual({ entries: 2, evictions: 0, stored: 3, oldestMs: NOW - 5 });
  expect(bytes).toBeGreaterThan(2_000);
  expect(bytes).toBeLessThan(3_000);
  expect(capacityBytes).toBeGreaterThan(0.95 * MIB);
  expect(capacityBytes).toBeLessThan(MIB);
});

function twoStores(): [MemoryStore, MemoryStore] {
  const buffer = memoryBuffer(MIB);
  return [new MemoryStore(buffer, 0, SEED), new MemoryStore(buffer, 1, SEED)];
}

function put(store: MemoryStore, entry: ReturnType<typeof answer>): string {
  return store.put(entry, store.sequence(entry.key));
}

/** How many were changed. */
function visitAll(
  store: MemoryStore,
  visitor: (tags: string, entry: Parameters<Parameters<MemoryStore["visit"]>[0]>[0]) => Verdict,
): number {
  const steps = store.visit((entry) => visitor(entry.tags(), entry));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
