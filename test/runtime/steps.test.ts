import { expect, test } from "bun:test";
import { Steps } from "../../src/runtime/steps.ts";

test("a step that throws takes nothing from those after it, and is told of every ten seconds", () => {
  const reports: [at: number, what: string][] = [];
  let nowMs = 0;
  let runs = 0;
  const steps = new Steps(
    [
      () => {
        throw new Error("first");
      },
      () => {
        if (nowMs >= 5_000) throw new Error("second");
      },
      () => runs++,
    ],
    (error) => reports.push([nowMs, (error as Error).message]),
  );

  for (; nowMs < 25_000; nowMs += 100) steps.run(nowMs);

  expect(runs).toBe(250);
  expect(reports).toEqual([
    [0, "first"],
    [5_000, "second"],
    [10_000, "first"],
    [15_000, "second"],
    [20_000, "first"],
  ]);
});
