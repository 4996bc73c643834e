import { expect, test } from "bun:test";
import { CountTable, countTableBuffer } from "../../src/limits/count-table.ts";
import { hashKey } from "../../src/limits/key-hash.ts";

test("a worker's column takes less than 512 KiB", () => {
  expect(countTableBuffer(7).byteLength / 7).toBeLessThan(512 * 1_024);
});

test("no key is counted too low, and few of ten thousand too high", () => {
  const buffer = countTableBuffer(3);
  const workers = [0, 1, 2].map((worker) => new CountTable(buffer, worker));
  const keys = Array.from({ length: 10_000 }, (_, index) => hashKey(`key ${index}`, 5));
  const expected = keys.map((_, index) => 1 + (index % 3));
  for (const [index, { a, b }] of keys.entries()) {
    for (let times = 0; times <= index % 3; times++) workers[times]?.add(a, b, 1);
  }

  const counts = keys.map(({ a, b }) => workers[0]?.count(a, b) ?? 0);
  const isTooLow = counts.filter((count, index) => count < (expected[index] ?? 0));
  const isTooHigh = counts.filter((count, index) => count > (expected[index] ?? 0));
  expect(isTooLow.length).toBe(0);
  expect(isTooHigh.length).toBeLessThan(10_000 / 40);
});

test("the total is apart from the keys, and a dead worker's part of both is cleared", () => {
  const buffer = countTableBuffer(2);
  const [dead, living] = [new CountTable(buffer, 0), new CountTable(buffer, 1)];
  for (const table of [dead, living]) {
    table.add(1, 2, 3);
    table.addToTotal(5);
  }
  expect(living.count(1, 2)).toBe(6);
  expect(living.total).toBe(10);

  dead.clear();
  expect(living.count(1, 2)).toBe(3);
  expect(living.total).toBe(5);
});

test("whoever finds no place does not count", () => {
  const table = new CountTable(countTableBuffer(1), 0);

  expect([table.enter(1, 2, 2), table.enter(1, 2, 2), table.enter(1, 2, 2)]).toEqual([true, true, false]);
  expect(table.count(1, 2)).toBe(2);
});
