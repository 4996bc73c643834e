import { describe, expect, spyOn, test } from "bun:test";
import { Dice } from "../../scripts/fuzz/dice.ts";
import { rateShape, windowShape } from "../../src/limits/bucket-shape.ts";
import { BucketTable, bucketTableBuffer } from "../../src/limits/bucket-table.ts";

const NOW = Date.UTC(2026, 10, 21);
const LOCK = 40;
const TEN_A_SECOND = rateShape({ count: 10, per: 1_000 }, 5);

test("a burst is granted at once, and then as much as is earned", () => {
  const table = newTable();

  expect(takes(table, 7, NOW)).toBe(5);
  expect(takes(table, 7, NOW + 99)).toBe(0);
  expect(takes(table, 7, NOW + 100)).toBe(1);
  expect(takes(table, 7, NOW + 350)).toBe(2);
  expect(takes(table, 7, NOW + 60_000)).toBe(5);
});

test("who is refused learns when there will be enough, and then there is", () => {
  const table = newTable();
  table.take(1, 1, TEN_A_SECOND, 4, NOW);

  expect(table.take(1, 1, TEN_A_SECOND, 3, NOW + 50)).toBeCloseTo(150, 0);
  expect(table.take(1, 1, TEN_A_SECOND, 3, NOW + 198)).toBeGreaterThan(0);
  expect(table.take(1, 1, TEN_A_SECOND, 3, NOW + 200)).toBe(0);
});

test("what is given back can be taken again, and never more than the burst", () => {
  const table = newTable();
  takes(table, 5, NOW);
  table.giveBack(1, 1, TEN_A_SECOND, 2);
  expect(takes(table, 5, NOW)).toBe(2);

  table.giveBack(1, 1, TEN_A_SECOND, 100);
  expect(takes(table, 9, NOW)).toBe(5);
});

describe("a window", () => {
  const shape = windowShape(100, 60_000);

  test("begins with its first use, and is whole again when it is over", () => {
    const table = newTable();

    expect(table.left(1, 1, shape, NOW)).toBe(100);
    expect(table.spend(1, 1, shape, 70, NOW + 1_000)).toBe(30);
    expect(table.endsIn(1, 1, shape, NOW + 11_000)).toBeCloseTo(50_000, -2);
    expect(table.spend(1, 1, shape, 70, NOW + 60_000)).toBe(-40);
    expect(table.left(1, 1, shape, NOW + 60_900)).toBe(-40);
    expect(table.left(1, 1, shape, NOW + 61_100)).toBe(100);
  });

  test("is not begun by looking at it", () => {
    const table = newTable();
    table.left(1, 1, shape, NOW);
    table.spend(1, 1, shape, 10, NOW + 59_000);

    expect(table.left(1, 1, shape, NOW + 61_000)).toBe(90);
  });

  test("that another worker turns meanwhile grants no more than it has", () => {
    const buffer = bucketTableBuffer(8);
    const [table, other] = [new BucketTable(buffer, 0), new BucketTable(buffer, 1)];
    table.spend(1, 1, shape, 140, NOW);

    const exchange = Atomics.compareExchange as (...change: unknown[]) => number;
    const spy = spyOn(Atomics as { compareExchange: typeof exchange }, "compareExchange");
    spy.mockImplementation((...change) => {
      spy.mockRestore();
      const found = exchange(...change);
      // The first to change is when the window began.
      other.spend(1, 1, shape, 30, NOW + 61_000);
      return found;
    });
    expect(table.spend(1, 1, shape, 10, NOW + 61_000)).toBe(60);
  });

  test("is as new once it is forgotten", () => {
    const table = newTable();
    table.spend(1, 1, shape, 100, NOW);
    table.forget(1, 1, shape);

    expect(table.left(1, 1, shape, NOW)).toBe(100);
  });
});

describe("a table that is full", () => {
  test("forgets of a set what was used least recently", () => {
    const table = new BucketTable(bucketTableBuffer(8), 0);
    for (let key = 1; key <= 8; key++) table.take(key, key, TEN_A_SECOND, 5, NOW + key * 2_000);
    // The first is used again, so the second is the oldest.
    expect(table.take(1, 1, TEN_A_SECOND, 1, NOW + 20_000)).toBe(0);
    table.take(9, 9, TEN_A_SECOND, 5, NOW + 20_000);

    expect(table.take(2, 2, TEN_A_SECOND, 5, NOW + 20_000)).toBe(0);
    expect(table.take(9, 9, TEN_A_SECOND, 5, NOW + 20_000)).toBeGreaterThan(0);
    expect(table.take(1, 1, TEN_A_SECOND, 5, NOW + 20_000)).toBeGreaterThan(0);
  });

  test("forgets no window that is used up and not over, while another can go", () => {
    const table = new BucketTable(bucketTableBuffer(8), 0);
    const shape = windowShape(100, 3_600_000);
    table.spend(1, 1, shape, 100, NOW);
    for (let key = 2; key < 100; key++) table.spend(key, key, shape, 1, NOW + key * 2_000);
    expect(table.left(1, 1, shape, NOW + 200_000)).toBe(0);

    for (let key = 2; key < 100; key++) table.spend(key, key, shape, 1, NOW + 3_700_000 + key * 2_000);
    expect(table.left(1, 1, shape, NOW + 3_900_000)).toBe(100);
    for (let key = 1; key < 100; key++) table.spend(key, key, shape, 100, NOW + 4_000_000 + key * 2_000);
    expect(table.left(99, 99, shape, NOW + 4_200_000)).toBe(0);
  });

  test("goes on limiting whoever comes often, however many others come once", () => {
    const table = new BucketTable(bucketTableBuffer(64), 0);
    const dice = new Dice(3);
    let granted = 0;
    for (let second = 0; second < 100; second++) {
      for (let key = 0; key < 40; key++) {
        table.take(dice.below(2 ** 31), dice.below(2 ** 31), TEN_A_SECOND, 1, NOW + second * 2_000);
        granted += takes(table, 1, NOW + second * 2_000);
      }
    }

    expect(granted).toBe(100 * 5);
  });
});

test("a key of which one word is zero is a key like others", () => {
  const table = newTable();

  expect(table.take(0, 0, TEN_A_SECOND, 5, NOW)).toBe(0);
  expect(table.take(0, 0, TEN_A_SECOND, 1, NOW)).toBeGreaterThan(0);
  expect(table.take(0, 7, TEN_A_SECOND, 1, NOW)).toBe(0);
});

test("a lock that a dead worker left keeps new keys out, until it is released", () => {
  const buffer = bucketTableBuffer(8);
  const table = new BucketTable(buffer, 0);
  new Int32Array(buffer)[LOCK] = 1 + 5;

  expect(takes(table, 2, NOW)).toBe(0);
  table.releaseLocks(4);
  expect(takes(table, 2, NOW)).toBe(0);
  table.releaseLocks(5);
  expect(takes(table, 7, NOW)).toBe(5);
});

test.each([1, 2, 3, 4, 5, 6])("grants what a bucket of real numbers grants, seed %d", (seed) => {
  const dice = new Dice(seed);
  for (let run = 0; run < 30; run++) {
    const rate = { count: 1 + dice.below(2_000), per: [1_000, 60_000, 86_400_000][dice.below(3)] ?? 1_000 };
    const burst = 1 + dice.below(50);
    compareWithModel(dice, rate, burst);
  }
});

/** Both are asked the same; only where the model is undecided by a hair may they differ, and then it follows. */
function compareWithModel(dice: Dice, rate: { count: number; per: number }, burst: number): void {
  const table = newTable();
  const shape = rateShape(rate, burst);
  const msPerToken = rate.per / rate.count;
  const hair = 0.002 * burst + (2 * shape.unitMs) / msPerToken;
  let [now, level, since] = [NOW + dice.below(1_000_000), burst, 0];
  since = now;
  for (let step = 0; step < 300; step++) {
    now += dice.below(3) === 0 ? 0 : Math.floor(dice.below(4_000) * 0.001 * msPerToken);
    level = Math.min(burst, level + (now - since) / msPerToken);
    since = now;
    const wanted = 1 + dice.below(3);
    const isGranted = table.take(1, 1, shape, wanted, now) === 0;
    if (Math.abs(level - wanted) > hair) expect(isGranted).toBe(level >= wanted);
    if (isGranted) level -= wanted;
  }
}

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
