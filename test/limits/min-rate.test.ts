import { expect, test } from "bun:test";
import { minRateAfter, minRateDeadline } from "../../src/limits/min-rate.ts";

const SLOW = { minRate: 256, minRateGrace: 5_000 };

// Each row: what it shows | bytes until now | the settings | until when, from 1,000 on.
test.each([
  ["nothing has come: until the grace is over", 0, SLOW, 6_000],
  ["what has come buys time at the least rate", 512, SLOW, 8_000],
  ["without a grace the rate holds from the start", 256, { minRate: 256, minRateGrace: 0 }, 2_000],
  ["without a rate there is no deadline", 0, { minRate: 0, minRateGrace: 5_000 }, Number.POSITIVE_INFINITY],
])("%s", (_, bytes, settings, deadline) => {
  expect(minRateDeadline(1_000, bytes, settings)).toBe(deadline);
});

test("a sender that goes on at the least rate is never late", () => {
  let deadline = minRateDeadline(0, 0, SLOW);
  for (let now = 1_000; now < 600_000; now += 1_000) {
    expect(deadline).toBeGreaterThan(now);
    deadline = minRateAfter(deadline, 256, now, SLOW);
  }
});

test("a lead is worth no more than the grace", () => {
  const deadline = minRateAfter(minRateDeadline(0, 0, SLOW), 1_000_000_000, 1_000, SLOW);

  expect(deadline).toBe(6_000);
  // Byte by byte it runs out.
  expect(minRateAfter(deadline, 1, 5_000, SLOW)).toBeCloseTo(6_004, 0);
});

test("without a grace a pause of a second is still none, and without a rate nothing is late", () => {
  expect(minRateAfter(100, 1_000_000, 100, { minRate: 256, minRateGrace: 0 })).toBe(1_100);
  expect(minRateAfter(100, 0, 100, { minRate: 0, minRateGrace: 0 })).toBe(Number.POSITIVE_INFINITY);
});
