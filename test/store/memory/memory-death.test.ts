/**
 * A writer dies at each of its steps, one after the other: the step is a store
 * that throws, and the lock stays held. Whatever it was doing, what is found
 * afterwards is whole.
 */
import { afterEach, expect, spyOn, test } from "bun:test";
import { LOCK, planLayout, shardAt } from "../../../src/store/memory/layout.ts";
import { clearDeadWorker } from "../../../src/store/memory/recovery.ts";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import { answer, facts, findFault, versionOf } from "./answers.ts";

const MIB = 2 ** 20;
const SEED = 4_711;
const DEAD = 7;
const LIVING = 1;
const KEY = "http://origin.example/written";

type Change = (store: MemoryStore) => unknown;

const large = new MemoryStore(memoryBuffer(MIB), LIVING, SEED).objectBytesMax - 500;

// Each row: what the dying writer does.
const changes: readonly [string, Change][] = [
  ["puts what is new", (store) => put(store, KEY, 5_000, 2)],
  ["puts what is large and moves others for it", (store) => put(store, KEY, large, 2)],
  ["replaces what is there", (store) => put(store, key(3), 5_000, 2)],
  ["replaces what was used", (store) => put(store, key(0), 40_000, 2)],
  [
    "freshens what it found",
    (store) => {
      const found = store.find(key(1), noVary);
      return found !== undefined && store.freshen(found, facts(found.bodyBytes), found.lines());
    },
  ],
];

afterEach(() => {
  spies.splice(0).forEach((spy) => {
    spy.mockRestore();
  });
});

test.each(changes)("a writer that dies while it %s leaves whole answers behind", (_, change) => {
  const base = prepared();
  let step = 1;
  while (diesAt(step, base, change)) step++;
  expect(step).toBeGreaterThan(6);
});

test("what a dying writer was just pointing at is not there, for a purge may have passed it", () => {
  const base = prepared();
  let pending = 0;
  for (let step = 1; step < 1_000; step++) {
    const buffer = copyOf(base);
    const layout = planLayout(buffer.byteLength);
    if (!dies(step, buffer, (store) => put(store, KEY, 5_000, 2))) break;
    const cells = new Int32Array(buffer);
    if (Atomics.load(cells, shardAt(layout, 0) + 1) === 0) continue;
    pending++;
    clearDeadWorker(buffer, DEAD);
    expect(new MemoryStore(buffer, LIVING, SEED).has(KEY)).toBe(false);
  }
  expect(pending).toBeGreaterThan(2);
});

test("what is moved over itself when its writer dies is gone, and nothing else is", () => {
  const base = prepared();
  put(new MemoryStore(base, LIVING, SEED), KEY, large, 1);
  let lost = 0;
  for (let step = 1; ; step += 3) {
    const buffer = copyOf(base);
    if (!dies(step, buffer, pushLargeAround)) break;
    clearDeadWorker(buffer, DEAD);
    const store = new MemoryStore(buffer, LIVING, SEED);
    if (store.find(KEY, noVary) !== undefined) continue;
    lost++;
    expectWhole(store);
    expect(put(store, KEY, large, 2)).toBe("stored");
    expectWhole(store);
  }
  expect(lost).toBeGreaterThan(0);
});

const spies: { mockRestore(): void }[] = [];
const noVary = () => "";

/** Full, with something large and much that was used; the same each time. */
function prepared(): SharedArrayBuffer {
  const buffer = memoryBuffer(MIB);
  const store = new MemoryStore(buffer, LIVING, SEED);
  for (let round = 0; round < 6; round++) {
    for (let number = 0; number < 120; number++) {
      put(store, key(number), number % 40 === 0 ? large : 5_000 + number * 50, 1);
      if (number % 3 < 2) store.find(key(number), noVary);
    }
  }
  for (const number of [0, 1, 3]) {
    put(store, key(number), 30_000, 1);
    store.find(key(number), noVary);
  }
  return buffer;
}

/** More than a lap of the main ring, with the large answer always in use. */
function pushLargeAround(store: MemoryStore): void {
  for (let number = 200; number < 400; number++) {
    expect(store.find(KEY, noVary)).toBeDefined();
    put(store, key(number), 5_000, 1);
    store.find(key(number), noVary);
  }
}

/** False when it lived. */
function diesAt(step: number, base: SharedArrayBuffer, change: Change): boolean {
  const buffer = copyOf(base);
  if (!dies(step, buffer, change)) return false;
  clearDeadWorker(buffer, DEAD);
  const store = new MemoryStore(buffer, LIVING, SEED);
  expectWhole(store);

  // Several laps over what it left.
  for (let number = 0; number < 150; number++) {
    expect(put(store, key(number), 20_000, 3)).toBe("stored");
    if (number % 2 === 0) expect(versionOf(store.find(key(number), noVary)!.lines())).toBe(3);
  }
  expectWhole(store);
  return true;
}

/** Throws at the given store of all that are made; the lock is not let go of. */
function dies(step: number, buffer: SharedArrayBuffer, change: Change): boolean {
  const store = new MemoryStore(buffer, DEAD, SEED);
  const cells = new Int32Array(buffer);
  const lockAt = shardAt(planLayout(buffer.byteLength), 0) + LOCK;
  const real = Atomics.store as (...order: unknown[]) => number;
  let steps = 0;
  const spy = spyOn(Atomics as { store: typeof real }, "store").mockImplementation((...order) => {
    if (Atomics.load(cells, lockAt) === DEAD + 1 && ++steps === step) throw new Error("dead");
    return real(...order);
  });
  spies.push(spy);
  try {
    change(store);
    return false;
  } catch (error) {
    expect((error as Error).message).toBe("dead");
    cells[lockAt] = DEAD + 1;
    return true;
  } finally {
    spy.mockRestore();
  }
}

function expectWhole(store: MemoryStore): void {
  let shown = 0;
  const keys: string[] = [];
  const steps = store.visit((entry) => {
    shown++;
    keys.push(entry.key());
    expect(findFault(entry, entry.key())).toBeUndefined();
    return undefined;
  });
  for (const _ of steps);
  expect(shown).toBeGreaterThan(10);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(findFault(store.find(key, noVary)!, key)).toBeUndefined();
}

function copyOf(buffer: SharedArrayBuffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

function key(number: number): string {
  return `http://origin.example/${number}`;
}

function put(store: MemoryStore, key: string, bytes: number, version: number): string {
  return store.put(answer(key, bytes, { version }), store.sequence(key));
}
