import { describe, expect, test } from "bun:test";
import { HISTOGRAM_CELLS, Histogram } from "../../src/observe/histogram.ts";

// Each row: what it shows | recorded | what the median reads at least | and at most.
const medians = [
  ["nothing was recorded", [], 0, 0],
  ["ten microseconds", [0.01], 0.01, 0.0105],
  ["half a millisecond", [0.5], 0.484, 0.5],
  ["a quarter of a second", [250], 242, 250],
  ["ten minutes", [600_000], 581_000, 600_000],
  ["the middle one of three", [1, 20, 300], 19.3, 20.7],
  ["the lower one of two", [5, 500], 4.84, 5.16],
  ["a day counts as an hour", [86_400_000], 3_480_000, 3_600_000],
  ["a clock that ran back", [-3], 0, 0],
  ["no number at all", [Number.NaN], 0, 0],
] as const;

test.each(medians)("the median is within half a bucket: %s", (_, recorded, least, most) => {
  const histogram = histogramOf(recorded);

  expect(histogram.percentile(0.5)).toBeGreaterThanOrEqual(least);
  expect(histogram.percentile(0.5)).toBeLessThanOrEqual(most);
});

test("every latency from 16 µs to an hour reads back within 3.2 %", () => {
  for (let ms = 0.016; ms < 3_600_000; ms *= 1.037) {
    const read = histogramOf([ms, 3_600_000]).percentile(0.5);
    expect(Math.abs(read - ms) / ms).toBeLessThan(0.032 + 0.001 / ms);
  }
});

test("percentiles follow the ranks", () => {
  const histogram = histogramOf(Array.from({ length: 1000 }, (_, i) => i + 1));

  expect(histogram.percentile(0.9) / 900).toBeCloseTo(1, 1);
  expect(histogram.percentile(0.99) / 990).toBeCloseTo(1, 1);
  expect(histogram.percentile(1)).toBeLessThanOrEqual(1000);
  expect(histogram.maxMs).toBe(1000);
  expect(histogram.sumMs).toBe(500_500);
});

describe("cumulated for an exposition", () => {
  test("counts never fall and end at the total", () => {
    const { counts, total } = histogramOf([0.2, 0.7, 3, 3, 40, 90_000]).cumulate([0.5, 1, 5, 50, 60_000]);

    expect(counts).toEqual([1, 2, 4, 5, 5]);
    expect(total).toBe(6);
  });
});

test("merged histograms count together and keep the longest", () => {
  const merged = histogramOf([1, 2]);

  merged.merge(histogramOf([3, 700]));

  expect(merged.count).toBe(4);
  expect(merged.sumMs).toBe(706);
  expect(merged.maxMs).toBe(700);
});

function histogramOf(recorded: readonly number[]): Histogram {
  const histogram = new Histogram(new Float64Array(HISTOGRAM_CELLS));
  for (const ms of recorded) histogram.record(ms);
  return histogram;
}
