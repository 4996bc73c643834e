import { expect, test } from "bun:test";
import type { ShedLevel } from "../../src/limits/shed.ts";
import { ShedPace } from "../../src/limits/shed-pace.ts";

test("garbage is collected as soon as memory is short, and now and then while it is", () => {
  const pace = new ShedPace();

  const at = [0, 100, 200, 300, 400, 500, 600].filter((ms) => pace.collects(ms < 100 ? 0 : 1, ms));

  expect(at).toEqual([100, 400]);
});

test("collections that free little come ever more rarely, until one frees something or memory is in order", () => {
  const pace = new ShedPace();
  const collections: number[] = [];
  for (let ms = 0; ms < 60_000; ms += 50) {
    if (!pace.collects(ms === 50_000 ? 0 : 1, ms)) continue;
    collections.push(ms);
    pace.collected(64_000, collections.length === 9 ? 62_000 : 63_500);
  }

  expect(collections.slice(0, 11)).toEqual([
    0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 47_500, 50_050, 50_300, 50_800,
  ]);
});

test("a cut comes half a second after level 3, and each next one half a second later", () => {
  expect(levelsOf([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3])).toEqual([2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 3, 2]);
});

test("who comes back to level 3 has that time again", () => {
  expect(levelsOf([3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 3])).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]);
});

test("the other levels are acted by as they are", () => {
  expect(levelsOf([0, 1, 2, 1, 0])).toEqual([0, 1, 2, 1, 0]);
});

/** At ticks of 100 ms. */
function levelsOf(levels: readonly ShedLevel[]): ShedLevel[] {
  const pace = new ShedPace();
  return levels.map((level, tick) => pace.levelFor(level, tick * 100));
}
