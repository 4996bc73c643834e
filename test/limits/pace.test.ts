import { expect, test } from "bun:test";
import { acceptsPerTick } from "../../src/limits/pace.ts";

// Each row: the lag | accepts in a tick, when 250 ms are allowed.
test.each([
  [0, Number.POSITIVE_INFINITY],
  [249, Number.POSITIVE_INFINITY],
  [250, 64],
  [500, 32],
  [2_500, 6],
  [16_000, 1],
  [1_000_000, 1],
])("an event loop that is %d ms late takes on %d", (lagMs, accepts) => {
  expect(acceptsPerTick(lagMs, 250)).toBe(accepts);
});
