import { expect, test } from "bun:test";
import { RoundRobin } from "../../src/upstream/round-robin.ts";

// Endpoints | where it starts | what comes.
test.each([
  [1, 0, [0, 0, 0]],
  [2, 0, [0, 1, 0, 1]],
  [3, 0, [0, 1, 2, 0, 1, 2, 0]],
  [3, 2, [2, 0, 1, 2]],
  [3, 7, [1, 2, 0, 1]],
])("%i endpoints, from %i: %j", (count, start, expected) => {
  const turns = new RoundRobin(count, start);

  expect(expected.map(() => turns.next())).toEqual(expected);
});

test("no endpoint is asked more than once more than another", () => {
  const asked = new Array<number>(7).fill(0);
  const turns = new RoundRobin(7);

  for (let i = 0; i < 100; i++) asked[turns.next()]!++;

  expect([Math.min(...asked), Math.max(...asked)]).toEqual([14, 15]);
});
