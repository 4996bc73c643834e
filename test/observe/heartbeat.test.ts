import { expect, test } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { Heartbeat } from "../../src/observe/heartbeat.ts";

// Each row: what it shows | when it beat, after a start at 1,000,000 | the lag shown then.
const beats: [string, number[], number][] = [
  ["the first beat is not late", [], 0],
  ["a beat on time is not late", [100, 200], 0],
  ["a beat that came late is the lag", [100, 450], 250],
  ["a stall is shown while others are on time", [1100, 1200, 1300], 1000],
  ["a stall outlasts one window", [1100, ...every100(1200, 10_900)], 1000],
  ["and is forgotten after two", [1100, ...every100(1200, 20_200)], 0],
  ["a clock set back is no lag", [100, -5000], 0],
];

test.each(beats)("%s", (_, times, lagMs) => {
  const counters = new Counters(countersBuffer(1), 0);
  const heartbeat = new Heartbeat(counters, 100, () => 5_000_000);

  for (const time of [0, ...times]) heartbeat.beat(1_000_000 + time);

  expect(counters.read(cells.loopLagMs)).toBe(lagMs);
  expect(counters.read(cells.heartbeatMs)).toBe(1_000_000 + (times.at(-1) ?? 0));
  expect(counters.read(cells.heapBytes)).toBe(5_000_000);
});

function every100(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 100 + 1 }, (_, i) => from + i * 100);
}
