import { expect, test } from "bun:test";
import { Recall } from "../../src/cache/recall.ts";

test("the same text is not read again", () => {
  const { recall, made } = counting();
  recall.of("a");
  recall.of("a");

  expect(made).toEqual(["a"]);
});

test("what still comes is kept, whatever else comes", () => {
  const { recall, made } = counting();
  for (let i = 0; i < 2_000; i++) {
    recall.of("a");
    recall.of(`b${i}`);
  }

  expect(made.filter((text) => text === "a")).toHaveLength(1);
});

test("what comes no more is forgotten", () => {
  const { recall, made } = counting();
  recall.of("a");
  for (let i = 0; i < 600; i++) recall.of(`b${i}`);
  recall.of("a");

  expect(made.filter((text) => text === "a")).toHaveLength(2);
});

test("long texts are not kept", () => {
  const { recall, made } = counting();
  const long = "a".repeat(257);
  recall.of(long);
  recall.of(long);

  expect(made).toHaveLength(2);
});

function counting() {
  const made: string[] = [];
  const recall = new Recall((text) => {
    made.push(text);
    return text;
  });
  return { recall, made };
}
