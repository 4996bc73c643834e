import { expect, test } from "bun:test";
import { nearest } from "../../src/config/nearest.ts";

const known = ["listeners", "admin", "head", "idle", "headBytes"];

const words = [
  ["listeners", "listeners"],
  ["listners", "listeners"],
  ["LISTENERS", "listeners"],
  ["listner", "listeners"],
  ["amdin", "admin"],
  ["haed", "head"],
  ["hea", "head"],
  ["headbyte", "headBytes"],
  ["log", undefined],
  ["heed-bytes", "headBytes"],
  ["hexes", undefined],
  ["", undefined],
] as const;

test.each(words)("%j means %p", (word, meant) => {
  expect(nearest(word, known)).toBe(meant as string);
});

test("among none, none is near", () => {
  expect(nearest("head", [])).toBeUndefined();
});
