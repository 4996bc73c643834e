import { describe, expect, test } from "bun:test";
import { hashOf } from "../../../src/store/memory/key.ts";
import { bucketOf, planLayout, WAYS } from "../../../src/store/memory/layout.ts";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import type { NewEntry } from "../../../src/store/new-entry.ts";
import { answer, findFault } from "./answers.ts";

const MIB = 2 ** 20;
const SEED = 4_711;

test("an empty arena is filled before anything has to go, though nothing was used", () => {
  const store = newStore();
  const keys = keysOf("once", 80);
  for (const key of keys) put(store, answer(key, 10_000));

  expect(store.stats()).toMatchObject({ entries: 80, evictions: 0 });
  for (const key of keys) expect(findFault(store.find(key, noVary)!, key)).toBeUndefined();
});

test("what is used stays while much more than fits passes by once", () => {
  const store = newStore();
  const used = keysOf("used", 20);
  for (const key of used) put(store, answer(key, 10_000));
  for (const [index, key] of keysOf("once", 1_000).entries()) {
    put(store, answer(key, 10_000));
    store.find(used[index % 20]!, noVary);
  }

  for (const key of used) expect(findFault(store.find(key, noVary)!, key)).toBeUndefined();
  expect(store.stats().evictions).toBeGreaterThan(900);
});

test("what is no longer used goes in the end", () => {
  const store = newStore();
  put(store, answer("http://a/used", 10_000));
  for (let use = 0; use < 10; use++) store.find("http://a/used", noVary);
  for (const key of keysOf("twice", 1_000)) {
    put(store, answer(key, 10_000));
    store.find(key, noVary);
  }

  expect(store.has("http://a/used")).toBe(false);
});

test("what comes back soon after it had to go stays longer than what comes the first time", () => {
  const store = newStore();
  // Nothing goes on for being there first.
  for (const key of keysOf("full", 100)) put(store, answer(key, 10_000));
  put(store, answer("http://a/back", 10_000));
  for (const key of keysOf("push", 20)) put(store, answer(key, 10_000));
  expect(store.has("http://a/back")).toBe(false);

  put(store, answer("http://a/back", 10_000));
  put(store, answer("http://a/first", 10_000));
  for (const key of keysOf("again", 20)) put(store, answer(key, 10_000));
  expect(store.has("http://a/back")).toBe(true);
  expect(store.has("http://a/first")).toBe(false);
});

test("a large answer that is used stays, too, however little room there is to move it", () => {
  const store = newStore();
  const large = "http://a/large";
  put(store, answer(large, store.objectBytesMax - 500));
  for (const key of keysOf("twice", 2_000)) {
    put(store, answer(key, 5_000));
    store.find(key, noVary);
    const found = store.find(large, noVary);
    if (found === undefined) put(store, answer(large, store.objectBytesMax - 500, { version: 2 }));
    else expect(findFault(found, large)).toBeUndefined();
  }

  expect(store.find(large, noVary)).toBeDefined();
  expect(store.stats().stored).toBe(2_000 + 1);
});

test("keys that share a bucket make room for each other, the unused first", () => {
  const store = newStore();
  const layout = planLayout(MIB);
  const wanted = bucketOf(layout, hashOf("http://a/0", SEED));
  const keys = keysOf("bucket", 20_000).filter((key) => bucketOf(layout, hashOf(key, SEED)) === wanted);
  const [used, ...others] = keys.slice(0, WAYS + 5);
  put(store, answer(used!, 100));
  store.find(used!, noVary);
  for (const key of others) put(store, answer(key, 100));

  expect(others.length).toBe(WAYS + 4);
  expect(store.stats()).toMatchObject({ entries: WAYS, evictions: 5 });
  expect(store.has(used!)).toBe(true);
  expect(store.has(others.at(-1)!)).toBe(true);
});

describe("what leaves", () => {
  test("is handed out whole if it was used, with the lock open", () => {
    const store = newStore();
    const left = new Map<string, NewEntry>();
    store.onEvict = (entry) => {
      left.set(entry.key, entry);
      expect(put(store, answer("http://a/from-the-listener", 10))).toBe("stored");
    };
    const key = "http://a/used";
    const entry = answer(key, 10_000, { tags: "a b", varyNames: "n", varyKey: "v" });
    put(store, entry);
    store.find(key, () => "v");
    pushOut(store);

    expect(left.get(key)).toEqual({
      ...entry,
      body: [Buffer.concat(entry.body)].map((body) => new Uint8Array(body)),
    });
    expect([...left.keys()].some((key) => key.startsWith("http://once/"))).toBe(false);
  });

  test.each([
    ["when it was not used", (_: MemoryStore) => {}],
    ["when it was marked stale", (store: MemoryStore) => store.find(KEY, noVary) && store.markStale(KEY)],
    ["when it was removed", (store: MemoryStore) => store.find(KEY, noVary) && store.remove(KEY)],
  ])("is not handed out %s", (_, change) => {
    const store = newStore();
    const left: string[] = [];
    store.onEvict = ({ key }) => left.push(key);
    put(store, answer(KEY, 10_000));
    change(store);
    pushOut(store);

    expect(store.has(KEY)).toBe(false);
    expect(left).not.toContain(KEY);
  });

  test("is lost beyond 1 MiB for one change", () => {
    const store = newStore(64 * MIB);
    let bytes = 0;
    let most = 0;
    store.onEvict = ({ facts }) => (bytes += facts.bodyBytes);
    for (let round = 0; round < 60; round++) {
      const key = `http://a/${round}`;
      bytes = 0;
      put(store, answer(key, store.objectBytesMax - 500));
      store.find(key, noVary);
      most = Math.max(most, bytes);
      for (const small of keysOf(`small-${round}`, 300)) {
        bytes = 0;
        put(store, answer(small, 10_000));
        store.find(small, noVary);
        most = Math.max(most, bytes);
      }
    }

    expect(most).toBeGreaterThan(MIB / 2);
    expect(most).toBeLessThanOrEqual(MIB);
  });
});

const KEY = "http://a/one";
const noVary = () => "";

function newStore(bytes = MIB): MemoryStore {
  return new MemoryStore(memoryBuffer(bytes), 0, SEED);
}

function keysOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `http://${name}/${index}`);
}

/** Several laps of what is used once more, so that it goes through the main ring, and of what is not. */
function pushOut(store: MemoryStore): void {
  for (const key of keysOf("twice", 500)) {
    put(store, answer(key, 10_000));
    store.find(key, noVary);
  }
  for (const key of keysOf("once", 50)) put(store, answer(key, 10_000));
}

function put(store: MemoryStore, entry: NewEntry): string {
  return store.put(entry, store.sequence(entry.key));
}
