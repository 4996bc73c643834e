import { expect, test } from "bun:test";
import { epochMsAt } from "../../src/runtime/epoch.ts";

// What happened | the time of day | the thread's own | what it is then; it was 1,000,000.
const rows = [
  ["nothing", 1_000_500, 500, 1_000_000],
  ["a fraction was cut off", 1_000_500, 500.9, 1_000_000],
  ["the machine slept for an hour", 4_600_500, 500, 4_600_000],
  ["the time of day was set back", 900_500, 500, 900_000],
  ["it was adjusted a little", 1_000_502, 500, 1_000_002],
] as const;

test.each(rows)("%s", (_, wallMs, ownMs, epochMs) => {
  expect(epochMsAt(1_000_000, wallMs, ownMs)).toBe(epochMs);
});
