import { expect, test } from "bun:test";
import { Dice } from "../../../scripts/fuzz/dice.ts";
import {
  type Bits,
  bitsOf,
  clearBit,
  hasBit,
  nextBit,
  noBits,
  setBit,
} from "../../../src/policy/rules/bits.ts";

test.each([0, 1, 31, 32, 33, 64, 100])("%d bits are what was set and not cleared", (count) => {
  const dice = new Dice(count);
  const bits = noBits(count);
  const set = new Set<number>();
  for (let round = 0; round < 4 * count; round++) {
    const at = dice.below(count);
    if (dice.below(3) === 0) {
      clearBit(bits, at);
      set.delete(at);
    } else {
      setBit(bits, at);
      set.add(at);
    }
  }

  expect(walk(bits)).toEqual([...set].sort((one, other) => one - other));
  expect(Array.from({ length: count }, (_, at) => hasBit(bits, at))).toEqual(
    Array.from({ length: count }, (_, at) => set.has(at)),
  );
});

test("bits of items are those for which it holds", () => {
  const items = Array.from({ length: 70 }, (_, at) => at);

  expect(walk(bitsOf(items, (at) => at % 31 === 0))).toEqual([0, 31, 62]);
});

test("behind the last there is none", () => {
  const bits = bitsOf([0, 1, 2], (at) => at === 1);

  expect(nextBit(bits, 2)).toBe(-1);
  expect(nextBit(bits, 32)).toBe(-1);
  expect(nextBit(noBits(0), 0)).toBe(-1);
});

function walk(bits: Bits): number[] {
  const found: number[] = [];
  for (let at = nextBit(bits, 0); at >= 0; at = nextBit(bits, at + 1)) found.push(at);
  return found;
}
