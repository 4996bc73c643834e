import { expect, test } from "bun:test";
import { type ShedLevel, shedLevel } from "../../src/limits/shed.ts";

// Each row: what it shows | memory, of a ceiling of 1,000 | the level until now | the level.
test.each<[string, number, ShedLevel, ShedLevel]>([
  ["room enough", 899, 0, 0],
  ["no new clients", 900, 0, 1],
  ["no new exchanges", 950, 0, 2],
  ["exchanges are cut", 1_000, 0, 3],
  ["far above", 10_000, 0, 3],
  ["a level holds until memory is well below its mark", 871, 1, 1],
  ["and ends then", 869, 1, 0],
  ["a high level falls to the one that memory asks for", 969, 3, 2],
  ["or ends all at once", 100, 3, 0],
  ["a mark that was never reached has no slack", 940, 1, 1],
])("%s", (_, rss, current, level) => {
  expect(shedLevel(rss, 1_000, current)).toBe(level);
});

test("without a ceiling nothing is shed", () => {
  expect(shedLevel(Number.MAX_VALUE, undefined)).toBe(0);
});
