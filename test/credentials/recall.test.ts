import { expect, test } from "bun:test";
import { Recall } from "../../src/credentials/recall.ts";

test("an answer is remembered until its time, and no longer", () => {
  const recall = new Recall<string>(3);
  recall.remember("a", "1", 100);

  expect([recall.find("a", 99), recall.find("a", 100), recall.find("b", 0)]).toEqual([
    "1",
    undefined,
    undefined,
  ]);
});

test("the oldest leaves first, and what is told again is new", () => {
  const recall = new Recall<string>(2);
  recall.remember("a", "1", 100);
  recall.remember("b", "2", 100);
  recall.remember("a", "3", 100);
  recall.remember("c", "4", 100);

  expect(["a", "b", "c"].map((key) => recall.find(key, 0))).toEqual(["3", undefined, "4"]);
  expect(recall.size).toBe(2);
});

test("all is forgotten at once", () => {
  const recall = new Recall<string>(2);
  recall.remember("a", "1", 100);

  recall.clear();

  expect([recall.find("a", 0), recall.size]).toEqual([undefined, 0]);
});
