import { describe, expect, test } from "bun:test";
import { Dice } from "../../scripts/fuzz/dice.ts";
import { HeavyHitters } from "../../src/observe/heavy-hitters.ts";

test("while there is room, every name has its exact count", () => {
  const hitters = counted(10, ["a", "b", "a", "c", "a", "b"]);

  expect(hitters.top(2)).toEqual([
    { name: "a", count: 3, error: 0 },
    { name: "b", count: 2, error: 0 },
  ]);
  expect(hitters.total).toBe(6);
});

test("a full table gives the place and the count of its least name to a new one", () => {
  const hitters = counted(2, ["a", "a", "a", "b", "c"]);

  expect(hitters.top(9)).toEqual([
    { name: "a", count: 3, error: 0 },
    { name: "c", count: 2, error: 1 },
  ]);
});

test("what counts the same stands by its name", () => {
  expect(
    counted(3, ["c", "a", "b"])
      .top(3)
      .map(({ name }) => name),
  ).toEqual(["a", "b", "c"]);
});

test("what is taken is counted from zero again", () => {
  const hitters = counted(2, ["a", "a", "b", "c"]);

  expect(hitters.take()).toEqual([
    { name: "a", count: 2, error: 0 },
    { name: "c", count: 2, error: 1 },
  ]);
  expect([hitters.size, hitters.total, hitters.take()]).toEqual([0, 0, []]);

  hitters.count("b");
  expect(hitters.top(9)).toEqual([{ name: "b", count: 1, error: 0 }]);
});

test("names that are taken for something else by an object are names", () => {
  const names = ["__proto__", "constructor", "toString", ""];

  expect(
    counted(4, [...names, ...names])
      .top(9)
      .map(({ name, count }) => [name, count]),
  ).toEqual([
    ["", 2],
    ["__proto__", 2],
    ["constructor", 2],
    ["toString", 2],
  ]);
});

test.each([0, -1, Number.NaN])("a table of %d is refused", (capacity) => {
  expect(() => new HeavyHitters(capacity)).toThrow("Cannot count heavy hitters");
});

// Each row: what the stream looks like | how many names there are | how steeply their shares fall | the table's size.
const streams = [
  ["few loud names among many", 5_000, 1.4, 64],
  ["a long tail", 5_000, 1, 64],
  ["names that are all the same", 500, 0, 32],
  ["more room than names", 40, 1, 64],
  ["one place", 100, 1.2, 1],
] as const;

describe.each(streams)("against an exact count: %s", (_, names, steepness, capacity) => {
  for (const seed of [1, 2, 3]) {
    const stream = zipf(20_000, names, steepness, seed);
    const exact = exactCount(stream);

    test(`what Space-Saving promises holds (seed ${seed})`, () => {
      const hitters = counted(capacity, stream);
      const bound = stream.length / capacity;
      const shown = hitters.top(capacity);

      expect(hitters.size).toBe(Math.min(capacity, exact.size));
      expect(sumOf(shown.map(({ count }) => count))).toBe(stream.length);
      for (const { name, count, error } of shown) {
        const truth = exact.get(name) ?? 0;
        expect(count).toBeGreaterThanOrEqual(truth);
        expect(count - error).toBeLessThanOrEqual(truth);
        expect(error).toBeLessThanOrEqual(bound);
      }
      const kept = new Set(shown.map(({ name }) => name));
      for (const [name, truth] of exact) if (truth > bound) expect(kept).toContain(name);
      expect(shown.map(({ count }) => count)).toEqual(
        shown.map(({ count }) => count).toSorted((one, other) => other - one),
      );
    });

    test(`and through two workers that hand over now and then, within their bound (seed ${seed})`, () => {
      const main = new HeavyHitters(4 * capacity);
      const workers = [new HeavyHitters(capacity), new HeavyHitters(capacity)];
      for (const [at, name] of stream.entries()) {
        workers[at % 2]?.count(name);
        if (at % 1_000 === 999) for (const worker of workers) main.merge(worker.take());
      }

      const bound = stream.length / capacity + stream.length / (4 * capacity);
      expect(main.total).toBe(stream.length);
      for (const { name, count } of main.top(4 * capacity)) {
        expect(Math.abs(count - (exact.get(name) ?? 0))).toBeLessThanOrEqual(bound);
      }
    });
  }
});

function counted(capacity: number, names: readonly string[]): HeavyHitters {
  const hitters = new HeavyHitters(capacity);
  for (const name of names) hitters.count(name);
  return hitters;
}

function exactCount(stream: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of stream) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The name at position n comes with a share of 1 / n^steepness. */
function zipf(length: number, names: number, steepness: number, seed: number): string[] {
  const shares = Array.from({ length: names }, (_, at) => (at + 1) ** -steepness);
  const whole = sumOf(shares);
  const bounds: number[] = [];
  for (const share of shares) bounds.push((bounds.at(-1) ?? 0) + share / whole);
  const dice = new Dice(seed);
  return Array.from({ length }, () => {
    const drawn = dice.below(2 ** 30) / 2 ** 30;
    return `host-${bounds.findIndex((bound) => drawn < bound)}.example`;
  });
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
