import { expect, test } from "bun:test";
import { Arena } from "../../../src/store/memory/arena.ts";
import { planLayout, shardAt, UNIT_CELLS } from "../../../src/store/memory/layout.ts";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import { answer, findFault } from "./answers.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

// Each row: bytes | shards | of the largest entry, in KiB, at least.
test.each([
  [MIB, 1, 210],
  [MIB + 13, 1, 210],
  [16 * MIB, 1, 3_400],
  [64 * MIB, 4, 3_400],
  [100 * MIB, 4, 5_000],
  [GIB, 64, 3_400],
  [4 * GIB, 64, 13_000],
])("an arena of %d bytes has %d shards, and nearly all of it is for entries", (bytes, shards, entryKib) => {
  const layout = planLayout(bytes);

  expect(layout.shards).toBe(shards);
  expect(layout.entryUnitsMax * 16).toBeGreaterThan(entryKib * 1_024);
  expect(layout.shards * (layout.smallUnits + layout.mainUnits) * 16).toBeGreaterThan(0.95 * bytes);
  const end = shardAt(layout, shards - 1) + layout.mainAt + layout.mainUnits * UNIT_CELLS;
  expect(end * 4).toBeLessThanOrEqual(bytes);
  expect(end).toBeLessThanOrEqual(shardAt(layout, shards));
});

// Each row: asked for | had.
test.each([
  [MIB, MIB],
  [64 * MIB + 1, 64 * MIB + 1],
  [1, MIB],
  [16 * GIB, 4 * GIB],
])("memory of %d bytes is asked for, and there are %d", (bytes, had) => {
  expect(memoryBuffer(bytes).byteLength).toBe(had);
});

test("answers are found again in the largest arena, to its last shard", () => {
  const buffer = memoryBuffer(4 * GIB);
  const store = new MemoryStore(buffer, 0, 1);
  const keys = Array.from(
    { length: 500 },
    (_, index) => `http://origin.example/${"x".repeat(index % 9)}${index}`,
  );
  for (const key of keys) expect(store.put(answer(key, 700), store.sequence(key))).toBe("stored");

  for (const key of keys) {
    const found = store.find(key, () => "")!;
    expect(findFault(found, key)).toBeUndefined();
    expect(store.freshen(found, found, found.lines())).toBe(true);
  }
  for (const key of keys) expect(findFault(store.find(key, () => "")!, key)).toBeUndefined();
});

test("positions begin anew after billions of units, and what is stored stays", () => {
  const buffer = memoryBuffer(MIB);
  const arena = new Arena(buffer, 0);
  const shard = shardAt(arena.layout, 0);
  for (const ring of [arena.small, arena.main]) {
    // A lap before the end.
    arena.cells[shard + ring.tail] = ring.span - ring.units;
    arena.cells[shard + ring.head] = ring.span - ring.units;
  }
  const store = new MemoryStore(buffer, 0, 1);
  const heads = () => [arena.head(shard, arena.small), arena.head(shard, arena.main)];
  const before = heads();
  for (let index = 0; index < 1_000; index++) {
    const key = `http://origin.example/${index}`;
    expect(store.put(answer(key, 5_000), store.sequence(key))).toBe("stored");
    expect(findFault(store.find(key, () => "")!, key)).toBeUndefined();
    const older = `http://origin.example/${Math.max(0, index - 15)}`;
    expect(findFault(store.find(older, () => "")!, older)).toBeUndefined();
  }
  for (const [index, head] of heads().entries()) expect(head).toBeLessThan(before[index]!);
});
