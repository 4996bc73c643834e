import { describe, expect, test } from "bun:test";
import { rateShape, windowShape } from "../../src/limits/bucket-shape.ts";
import { BucketTable, bucketTableBuffer } from "../../src/limits/bucket-table.ts";

const NOW = Date.UTC(2026, 10, 21);
const TEN_A_SECOND = rateShape({ count: 10, per: 1_000 }, 5);

test("a clock that goes back a little earns nothing, and takes nothing away", () => {
  const table = newTable();
  expect(takes(table, 4, NOW + 1_000)).toBe(4);

  expect(takes(table, 4, NOW)).toBe(1);
  expect(takes(table, 4, NOW + 1_000)).toBe(0);
  expect(takes(table, 4, NOW + 1_100)).toBe(1);
});

test("workers whose clocks are hours apart do not earn the difference again and again", () => {
  const table = newTable();
  let granted = 0;
  for (let round = 0; round < 100; round++) {
    granted += takes(table, 5, NOW + 8 * 3_600_000) + takes(table, 5, NOW);
  }

  expect(granted).toBe(5);
});

describe("when the clock is set back by hours", () => {
  const EARLIER = NOW - 3 * 3_600_000;

  test("a bucket fills again after some seconds, and not at once", () => {
    const table = newTable();
    takes(table, 5, NOW);
    expect(takes(table, 5, EARLIER)).toBe(0);
    expect(takes(table, 5, EARLIER + 1_000)).toBe(0);
    takes(table, 1, EARLIER + 4_000);

    expect(takes(table, 5, EARLIER + 4_200)).toBe(2);
    expect(takes(table, 5, EARLIER + 60_000)).toBe(5);
  });

  test("a window ends no later than it would have taken as a whole, and keeps until then what was spent", () => {
    const table = newTable();
    const shape = windowShape(100, 60_000);
    table.spend(1, 1, shape, 100, NOW);
    table.left(1, 1, shape, EARLIER);
    expect(table.left(1, 1, shape, EARLIER + 4_000)).toBe(0);
    expect(table.left(1, 1, shape, EARLIER + 63_000)).toBe(0);

    expect(table.left(1, 1, shape, EARLIER + 64_100)).toBe(100);
  });
});

test("time may come round between two uses", () => {
  const table = newTable();
  const roundMs = 2 ** 32 * TEN_A_SECOND.unitMs;
  const justBefore = Math.ceil(NOW / roundMs) * roundMs - 50;
  expect(takes(table, 9, justBefore)).toBe(5);

  expect(takes(table, 9, justBefore + 100)).toBe(1);
  // Idle for so long that the count seems to be ahead.
  expect(takes(table, 9, justBefore + 0.9 * roundMs)).toBe(5);
});

/** How many of so many takes, one token each, were granted. */
function takes(table: BucketTable, times: number, nowMs: number): number {
  let granted = 0;
  for (let time = 0; time < times; time++) {
    if (table.take(1, 1, TEN_A_SECOND, 1, nowMs) === 0) granted++;
  }
  return granted;
}

function newTable(): BucketTable {
  return new BucketTable(bucketTableBuffer(64), 0);
}
