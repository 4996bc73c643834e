import { expect, test } from "bun:test";
import { byteRateShape } from "../../src/limits/bucket-shape.ts";
import { BucketTable, bucketTableBuffer } from "../../src/limits/bucket-table.ts";

const NOW = Date.UTC(2026, 10, 21);

test("bytes are charged after the fact: a debt holds the sender until it is earned", () => {
  const table = newTable();
  const shape = byteRateShape(1_000);

  expect(table.charge(1, 1, shape, 1_000, NOW)).toBe(0);
  expect(table.charge(1, 1, shape, 500, NOW)).toBeCloseTo(500, -1);
  expect(table.charge(1, 1, shape, 500, NOW + 250)).toBeCloseTo(750, -2);
  expect(table.charge(1, 1, shape, 0, NOW + 1_050)).toBe(0);
});

// Each row: links | bytes per second.
test.each([
  [1, 1_000_000],
  [200, 1_000_000],
  [2_000, 1_000_000],
  [200, 65_536],
  [2_000, 100_000_000],
])("%d links that read half a MiB whenever they may get no more than %d bytes a second", (links, rate) => {
  const table = newTable();
  const shape = byteRateShape(rate);
  const READ = 524_288;
  const mayReadAt = Array.from({ length: links }, () => NOW);
  const step = (100 * READ) / rate;
  let [bytes, now] = [0, NOW];
  // What all have read at first is waited for, too.
  const untilMs = NOW + ((3 * links + 200) * READ * 1_000) / rate;
  while (now < untilMs) {
    for (let link = 0; link < links; link++) {
      if ((mayReadAt[link] ?? 0) > now) continue;
      mayReadAt[link] = now + table.charge(1, 1, shape, READ, now);
      bytes += READ;
    }
    now = Math.max(now + step, Math.min(...mayReadAt));
  }

  const earned = rate * (1 + (untilMs - NOW) / 1_000);
  expect(bytes).toBeGreaterThan(0.95 * earned);
  expect(bytes).toBeLessThan(earned + (links + 1) * READ);
});

test("a debt has a bottom", () => {
  const table = newTable();
  const shape = byteRateShape(1_000);
  for (let times = 0; times < 100; times++) table.charge(1, 1, shape, 2 ** 40, NOW);

  const longestMs = table.charge(1, 1, shape, 0, NOW);
  expect(longestMs).toBeLessThanOrEqual(2 ** 28);
  expect(table.charge(1, 1, shape, 0, NOW + longestMs + 1)).toBe(0);
});

function newTable(): BucketTable {
  return new BucketTable(bucketTableBuffer(64), 0);
}
