import { expect, test } from "bun:test";
import { hashKey, KeyMemo } from "../../src/limits/key-hash.ts";

test("a text has the same key in every thread that has the seed, and another with another seed", () => {
  expect(hashKey("192.0.2.1", 7)).toEqual(hashKey("192.0.2.1", 7));
  expect(hashKey("192.0.2.1", 7)).not.toEqual(hashKey("192.0.2.1", 8));
});

test("either word alone tells a hundred thousand texts apart, but for chance", () => {
  const hashes = Array.from({ length: 100_000 }, (_, index) =>
    hashKey(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 99),
  );

  // The birthday bound for 32 bits is one pair or two.
  expect(new Set(hashes.map(({ a }) => a)).size).toBeGreaterThan(99_990);
  expect(new Set(hashes.map(({ b }) => b)).size).toBeGreaterThan(99_990);
  expect(new Set(hashes.map(({ a, b }) => `${a} ${b}`)).size).toBe(100_000);
});

test("every set of a table gets its share", () => {
  const sets = new Uint32Array(1_024);
  for (let index = 0; index < 102_400; index++) {
    const set = hashKey(`host${index}.example.com`, 3).a & 1_023;
    sets[set] = (sets[set] ?? 0) + 1;
  }

  expect(Math.min(...sets)).toBeGreaterThan(50);
  expect(Math.max(...sets)).toBeLessThan(160);
});

test("a memo says what it would say anew, however many texts have come since", () => {
  const memo = new KeyMemo(5, (text) => text.toLowerCase());
  const first = memo.of("A.test");
  expect(memo.of("A.test")).toBe(first);
  for (let index = 0; index < 10_000; index++) memo.of(`${index}`);

  expect(memo.of("A.test")).toEqual(first);
  expect(memo.of("a.test")).toEqual(first);
});
