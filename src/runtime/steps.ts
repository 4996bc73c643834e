/**
 * What a thread does over and over, one thing after the other. One that throws
 * takes nothing from the others, and is told of now and then: at every round it
 * would drown all else.
 */

/** Between two reports of the same step. */
const REPORT_MS = 10_000;

interface Step {
  readonly run: () => void;
  reportAtMs: number;
}

export class Steps {
  readonly #steps: readonly Step[];
  readonly #report: (error: unknown) => void;

  constructor(steps: readonly (() => void)[], report: (error: unknown) => void) {
    this.#steps = steps.map((run) => ({ run, reportAtMs: Number.NEGATIVE_INFINITY }));
    this.#report = report;
  }

  run(nowMs: number): void {
    for (const step of this.#steps) {
      try {
        step.run();
      } catch (error) {
        if (nowMs < step.reportAtMs) continue;
        step.reportAtMs = nowMs + REPORT_MS;
        this.#report(error);
      }
    }
  }
}
