/**
 * The cache's rules against a model of RFC 9111 that is slow and plain, for random
 * sequences of requests, answers and time that passes. After each step both must
 * have decided the same, and have the same in store.
 */
import { describe, expect, test } from "bun:test";
import { Dice } from "../../scripts/fuzz/dice.ts";
import { Driver } from "./driver.ts";
import { Model } from "./model.ts";
import { Scenario } from "./scenario.ts";

const SEQUENCES = 800;
const STEPS = 8;

describe("the rules decide what the RFC says, for sequences of seed", () => {
  test.each([1, 2, 3, 4, 5])("%d", (seed) => {
    for (let at = 0; at < SEQUENCES; at++) runSequence(seed * SEQUENCES + at);
  });
});

test("sequences come upon everything that a cache does", () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    for (const word of runSequence(seed)) seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  const rare = WORDS.filter((word) => (seen.get(word) ?? 0) < 5);
  expect(rare).toEqual([]);
});

/** How what is done begins. */
const WORDS = [
  "fresh 200",
  "fresh 206",
  "fresh 304",
  "fresh 416",
  "fresh 404",
  "fresh 500",
  "stale 200",
  "revalidating 200",
  "validate",
  "complete",
  "forward",
  "504",
  "502",
  "validated 200",
  "validated 304",
  "on error 200",
  "completed 200",
  "206 about another",
  "304 about another",
  "validated, not stored",
  "200, stored",
  "206, stored",
  "599, stored",
  "200, not stored",
];

/** Gives the first words of what was done. */
function runSequence(seed: number): string[] {
  const scenario = new Scenario(new Dice(seed));
  const model = new Model();
  const rules = new Driver();
  const log: unknown[] = [];
  const words: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const asking = scenario.asking();
    const expected = model.plan(asking, scenario.nowMs);
    const planned = rules.plan(asking, scenario.nowMs);
    log.push({ asking, expected: expected.text });
    words.push(wordOf(expected.text));
    if (planned.text !== expected.text) fail(seed, log, planned.text, expected.text);
    const isAsked =
      expected.does === "validate" || expected.does === "complete" || expected.does === "forward";
    if (isAsked) {
      const { telling, times } = scenario.answer(asking, expected);
      const learnt = model.learn(asking, expected, telling, times);
      const said = rules.learn(asking, planned, telling, times);
      log.push({ telling, times, learnt });
      words.push(wordOf(learnt));
      if (said !== learnt) fail(seed, log, said, learnt);
    }
    const kept = rules.contents(scenario.nowMs);
    const modelled = model.contents(scenario.nowMs);
    if (kept.join() !== modelled.join()) fail(seed, log, kept, modelled);
    scenario.passTime();
  }
  return words;
}

/** Without bodies, positions, validators and ages. */
function wordOf(text: string): string {
  return text
    .replace(/:.*/, "")
    .replace(/ 206 \d+/, " 206")
    .replace(/ b\d.*?(, (?:not )?stored|$)/, "$1");
}

function fail(seed: number, log: readonly unknown[], rules: unknown, model: unknown): never {
  const steps = log.map((step) => JSON.stringify(step)).join("\n");
  const said = `rules: ${JSON.stringify(rules)}\nmodel: ${JSON.stringify(model)}`;
  throw new Error(`Cannot agree on sequence ${seed}:\n${steps}\n${said}`);
}
