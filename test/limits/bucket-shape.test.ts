import { describe, expect, test } from "bun:test";
import { byteRateShape, rateShape, windowShape } from "../../src/limits/bucket-shape.ts";

const KIB = 1_024;
const GIB = 1_024 ** 3;
const DAY_MS = 86_400_000;

describe("a rate", () => {
  // Each row: the rate | tokens at once.
  test.each([
    [{ count: 1, per: DAY_MS }, 1],
    [{ count: 1, per: DAY_MS }, 1_000],
    [{ count: 1_001, per: DAY_MS }, 1_001],
    [{ count: 3, per: 1_000 }, 3],
    [{ count: 700, per: 1_000 }, 1],
    [{ count: 30, per: 60_000 }, 100],
    [{ count: 1_000_000, per: 1_000 }, 1_000_000],
    [{ count: 1_000_000_000, per: 1_000 }, 1_000_000],
    [{ count: 1_000_000, per: 1_000 }, 1],
  ])("%o with a burst of %d is kept to a thousandth, in cells that hold it", (rate, burst) => {
    const shape = rateShape(rate, burst);
    const perMs = shape.ticksPerUnit / shape.unitMs / shape.ticksPerToken;

    expect(shape.capacity).toBe(burst * shape.ticksPerToken);
    expect(shape.capacity).toBeLessThanOrEqual(1.001 * 2 ** 30);
    expect(perMs / (rate.count / rate.per)).toBeCloseTo(1, 2.9);
  });

  // Each row: the rate | tokens at once, when nothing is said of them.
  test.each([
    [{ count: 100, per: 1_000 }, 100],
    [{ count: 30, per: 60_000 }, 1],
    [{ count: 90, per: 60_000 }, 2],
    [{ count: 1, per: DAY_MS }, 1],
  ])("%o lets through one second's worth at once, and at least one", (rate, burst) => {
    const shape = rateShape(rate);

    expect(shape.capacity / shape.ticksPerToken).toBe(burst);
  });
});

// Each row: bytes per second | MiB that can be owed.
test.each([
  [KIB, 256],
  [65_536, 2_000],
  [1_000_000, 2_000],
  [GIB, 2_000],
  [10_000_000_000, 2_000],
  [1_000 * GIB, 2_000],
])("%d bytes per second are kept, with %d MiB of debt", (rate, debt) => {
  const shape = byteRateShape(rate);
  const perMs = shape.ticksPerUnit / shape.unitMs / shape.ticksPerToken;

  expect(perMs / (rate / 1_000)).toBeCloseTo(1, 6);
  expect(shape.capacity / shape.ticksPerToken / rate).toBeCloseTo(1, 5);
  expect(debt * KIB * KIB * shape.ticksPerToken).toBeLessThanOrEqual(2 ** 30);
  expect(shape.unitMs).toBeLessThanOrEqual(16);
});

// Each row: how much | in which window | in one count.
test.each([
  [20, 60_000, 1],
  [10 * GIB, DAY_MS, 16],
  [1e6 * GIB, 31 * DAY_MS, 2 ** 20],
  [KIB, 1_000, 1],
])("a window of %d in %d ms fits, in counts of %d", (most, windowMs, quantum) => {
  const shape = windowShape(most, windowMs);

  expect(shape.quantum).toBe(quantum);
  expect(shape.capacity * quantum).toBeLessThanOrEqual(most);
  expect(shape.capacity).toBeLessThanOrEqual(2 ** 30);
  expect((shape.windowUnits * shape.unitMs) / windowMs).toBeCloseTo(1, 4);
});

test("the count of time comes round only after thousands of windows, and days", () => {
  for (const windowMs of [1_000, 60_000, 3_600_000, 31 * DAY_MS]) {
    const roundMs = 2 ** 32 * windowShape(1_000, windowMs).unitMs;

    expect(roundMs / windowMs).toBeGreaterThan(4_000);
    expect(roundMs).toBeGreaterThan(3 * DAY_MS);
  }
});
