import { describe, expect, test } from "bun:test";
import { KEY_BYTES_MAX } from "../../../src/store/memory/entry.ts";
import { hashOf } from "../../../src/store/memory/key.ts";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import { answer, facts, findFault, freshened, NOW, type Shape } from "./answers.ts";

const MIB = 2 ** 20;
const SEED = 4_711;
const KEY = "http://origin.example/one";

test("what one thread puts, every other finds, with all that was known of it", () => {
  const [one, other] = twoStores();
  const entry = {
    ...answer(KEY, 300, { tags: "a b" }),
    facts: { ...facts(300), flags: 5, rangeFirst: 7, wholeBytes: -1 },
  };

  expect(put(one, entry)).toBe("stored");
  const found = other.find(KEY, never)!;
  expect(found).toMatchObject({ ...entry.facts, isMarkedStale: false, isGone: false });
  expect(found.lines()).toBe(entry.lines);
  expect(found.tags()).toBe("a b");
  expect(found.peer()).toBe("192.0.2.1");
  expect(found.reason()).toBe("OK");
  expect(findFault(found, KEY)).toBeUndefined();
});

// Each row: status | bytes | what ends the lines.
test.each([
  ["the length of its body", 200, 11, "Content-Length: 11\r\n\r\n"],
  ["a length of 0 when it has no body", 404, 0, "Content-Length: 0\r\n\r\n"],
  ["nothing in a 204, which must not have a length (RFC 9110 §8.6)", 204, 0, "\r\n"],
] as const)("lines are followed by %s", (_, status, bytes, end) => {
  const store = newStore();
  const entry = answer(KEY, bytes);
  put(store, { ...entry, facts: { ...entry.facts, status } });

  const found = store.find(KEY, never)!;
  const target = Buffer.alloc(found.headBytes);
  found.copy(target, 0, 0, found.headBytes);
  expect(target.toString("latin1")).toBe(entry.lines + end);
});

test("a piece is copied from anywhere, to anywhere, and never from beyond the body", () => {
  const store = newStore();
  const entry = answer(KEY, 1_000);
  put(store, entry);
  const found = store.find(KEY, never)!;
  const target = Buffer.alloc(20, "-");

  expect(found.copy(target, 4, found.headBytes, found.headBytes + 8)).toBe(true);
  expect(target.latin1Slice(0, 20)).toBe(`----${KEY.slice(0, 8)}--------`);
  expect(found.copy(target, 0, found.headBytes + 998, found.headBytes + 5_000)).toBe(true);
  expect(target.latin1Slice(2, 20)).toBe(`--${KEY.slice(0, 8)}--------`);
});

test("keys are told apart by all their bytes", () => {
  const store = newStore();
  const keys = ["a", "ab", "abc", "abcd", "abcde", "abcd\xff", "\xff", "x".repeat(KEY_BYTES_MAX)];
  for (const key of keys) expect(put(store, answer(key, 100))).toBe("stored");

  for (const key of keys) expect(findFault(store.find(key, never)!, key)).toBeUndefined();
  for (const key of ["", "b", "abcdef", "abcd\xfe", "x".repeat(KEY_BYTES_MAX - 1)]) {
    expect(store.find(key, never)).toBeUndefined();
    expect(store.has(key)).toBe(false);
  }
});

test("a hash depends on the seed, and is never that of an empty slot", () => {
  expect(hashOf(KEY, 1)).not.toBe(hashOf(KEY, 2));
  expect(hashOf(KEY, 1)).toBe(hashOf(KEY, 1));
  for (let seed = 0; seed < 1_000; seed++) expect(hashOf(KEY, seed)).not.toBe(0);
});

test("what is too large is not stored: entry or key", () => {
  const store = newStore();
  const room = store.objectBytesMax - 700;

  expect(put(store, answer(KEY, room))).toBe("stored");
  expect(put(store, answer(`${KEY}2`, store.objectBytesMax))).toBe("too_large");
  expect(put(store, answer("x".repeat(KEY_BYTES_MAX + 1), 10))).toBe("too_large");
  expect(store.find("x".repeat(KEY_BYTES_MAX + 1), never)).toBeUndefined();
  expect(store.remove("x".repeat(KEY_BYTES_MAX + 1))).toBe(0);
});

test("facts that say another length than the body has are our mistake", () => {
  const store = newStore();
  expect(() => put(store, { ...answer(KEY, 10), facts: facts(11) })).toThrow(
    "it has 10 bytes, and its facts say 11",
  );
  expect(put(store, answer(KEY, 10))).toBe("stored");
});

test("what was found stays as it is while it stands, and is gone when it was overwritten", () => {
  const store = newStore();
  put(store, answer(KEY, 10_000));
  const found = store.find(KEY, never)!;
  const other = new MemoryStore(bufferOf.get(store)!, 2, SEED);

  expect(put(other, answer(KEY, 20_000, { version: 2 }))).toBe("stored");
  expect(findFault(found, KEY)).toBeUndefined();
  for (let index = 0; index < 300; index++) put(other, answer(`${KEY}${index}`, 10_000));
  expect(findFault(found, KEY)).toBe("gone");
  expect(found.isGone).toBe(true);
  expect(found.lines()).toBe("");
});

describe("variants", () => {
  const gzip: Shape = { varyNames: "accept-encoding", varyKey: "gzip" };
  const plain: Shape = { varyNames: "accept-encoding", varyKey: "" };

  test("are found by what the request says for the names of each", () => {
    const store = newStore();
    put(store, answer(KEY, 100, { ...gzip, version: 2 }));
    put(store, answer(KEY, 100, { ...plain, version: 3 }));
    put(store, answer(KEY, 100, { varyNames: "accept-language", varyKey: "de", version: 4 }));

    const find = (encoding: string, language: string) =>
      store.find(KEY, (names) => (names === "accept-encoding" ? encoding : language))?.lines();
    expect(find("gzip", "en")).toContain("X-Version: 2");
    expect(find("", "en")).toContain("X-Version: 3");
    expect(find("br", "de")).toContain("X-Version: 4");
    expect(find("br", "en")).toBeUndefined();
    expect(store.has(KEY)).toBe(true);
  });

  test("without Vary suit every request, and the newest of those that suit is found", () => {
    const store = newStore();
    put(store, answer(KEY, 100, { ...gzip, version: 2, storedMs: NOW + 2 }));
    put(store, answer(KEY, 100, { version: 3, storedMs: NOW + 1 }));

    expect(store.find(KEY, () => "gzip")!.lines()).toContain("X-Version: 2");
    expect(store.find(KEY, () => "br")!.lines()).toContain("X-Version: 3");
    put(store, answer(KEY, 100, { version: 4, storedMs: NOW + 3 }));
    expect(store.find(KEY, () => "gzip")!.lines()).toContain("X-Version: 4");
    expect(store.stats().entries).toBe(2);
  });

  test("are eight at most; the oldest goes", () => {
    const store = newStore();
    for (let age = 0; age < 9; age++) {
      put(
        store,
        answer(KEY, 100, { varyNames: "a", varyKey: `${age}`, storedMs: NOW - (age === 4 ? 100 : age) }),
      );
    }

    expect(store.stats().entries).toBe(8);
    expect(store.find(KEY, () => "4")).toBeUndefined();
    for (const age of [0, 1, 2, 3, 5, 6, 7, 8]) expect(store.find(KEY, () => `${age}`)).toBeDefined();
  });
});

describe("freshening", () => {
  test("changes facts and lines, for everybody, and keeps the body", () => {
    const [one, other] = twoStores();
    put(one, answer(KEY, 5_000, { tags: "t", varyNames: "a", varyKey: "b" }));
    const found = one.find(KEY, () => "b")!;
    const lines = freshened(found.lines(), 9);

    expect(one.freshen(found, { ...facts(0, NOW + 5), lifetimeMs: 9 }, lines)).toBe(true);
    const fresh = other.find(KEY, () => "b")!;
    expect(fresh).toMatchObject({ storedMs: NOW + 5, lifetimeMs: 9, bodyBytes: 5_000 });
    expect(fresh.lines()).toBe(lines);
    expect(fresh.tags()).toBe("t");
    expect(findFault(fresh, KEY)).toBeUndefined();
    expect(one.stats().entries).toBe(1);
  });

  test("makes what was marked stale fresh again", () => {
    const store = newStore();
    put(store, answer(KEY, 100));
    store.markStale(KEY);
    const found = store.find(KEY, never)!;
    expect(found.isMarkedStale).toBe(true);

    store.freshen(found, facts(100), found.lines());
    expect(store.find(KEY, never)!.isMarkedStale).toBe(false);
  });

  test.each([
    ["was removed", (store: MemoryStore) => store.remove(KEY)],
    ["was replaced", (store: MemoryStore) => put(store, answer(KEY, 50, { version: 2 }))],
  ])("fails when it %s meanwhile", (_, change) => {
    const [one, other] = twoStores();
    put(one, answer(KEY, 100));
    const found = one.find(KEY, never)!;
    change(other);

    expect(one.freshen(found, facts(100), "X: 1\r\n")).toBe(false);
    expect(one.find(KEY, never)?.lines()).not.toBe("X: 1\r\n");
  });

  test("fails when a purge came since it was asked for", () => {
    const store = newStore();
    put(store, answer(KEY, 100));
    const since = store.sequence(KEY);
    store.markStale(KEY);

    expect(store.freshen(store.find(KEY, never)!, facts(100), "X: 1\r\n", since)).toBe(false);
    expect(store.find(KEY, never)!.isMarkedStale).toBe(true);
  });
});

const bufferOf = new WeakMap<MemoryStore, SharedArrayBuffer>();

function newStore(): MemoryStore {
  return twoStores()[0];
}

function twoStores(): [MemoryStore, MemoryStore] {
  const buffer = memoryBuffer(MIB);
  const stores: [MemoryStore, MemoryStore] = [
    new MemoryStore(buffer, 0, SEED),
    new MemoryStore(buffer, 1, SEED),
  ];
  for (const store of stores) bufferOf.set(store, buffer);
  return stores;
}

function put(store: MemoryStore, entry: ReturnType<typeof answer>): string {
  return store.put(entry, store.sequence(entry.key));
}

function never(): string {
  throw new Error("Cannot be asked: nothing stored has a Vary");
}
