/**
 * What to do about a disk that fails: say so, once in a while and not a thousand
 * times, and after some failures in a row let it be for a time that doubles.
 * Reading goes on.
 */
import type { DiskDeed } from "./disk-report.ts";
import { type DiskCells, pause } from "./disk-shared.ts";

/** One line for each kind of trouble within so long; what else happened is counted in the next. */
const LINE_EACH_MS = 10_000;
const KINDS_MAX = 64;

const FAILURES_IN_ROW = 5;
const PAUSE_MS = 10_000;
const PAUSE_MS_MAX = 10 * 60_000;

export class Trouble {
  /** Calls that failed, since the start. */
  failures = 0;
  readonly #cells: DiskCells;
  readonly #report: (message: string) => void;
  readonly #firstPauseMs: number;
  readonly #told = new Map<string, { atMs: number; untold: number }>();
  #inRow = 0;
  #pauseMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cells: DiskCells, report: (message: string) => void, pauseMs = PAUSE_MS) {
    this.#cells = cells;
    this.#report = report;
    this.#firstPauseMs = pauseMs;
    this.#pauseMs = pauseMs;
  }

  /** `kind`: what is told once in a while. */
  tell(kind: string, message: string): void {
    const nowMs = performance.now();
    const told = this.#told.get(kind);
    if (told !== undefined && nowMs - told.atMs < LINE_EACH_MS) {
      told.untold++;
      return;
    }
    if (this.#told.size >= KINDS_MAX) this.#told.clear();
    this.#told.set(kind, { atMs: nowMs, untold: 0 });
    const more = told === undefined || told.untold === 0 ? "" : ` (and ${told.untold} more of the kind)`;
    this.#report(message + more);
  }

  /** A call has failed; when it is not one of those that read, something was not stored. */
  failed(doing: DiskDeed, code: string): void {
    this.failures++;
    const deed = doing === "index" ? "write the index" : doing;
    this.tell(`${doing} ${code}`, `Cannot ${deed} on the cache's disk: ${code}`);
    if (doing === "open" || doing === "read") return;
    if (++this.#inRow < FAILURES_IN_ROW || this.#timer !== undefined) return;
    this.#cells.setPause(pause.trouble, true);
    this.tell("pause", `The cache's disk takes nothing new for ${this.#pauseMs / 1000} s`);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#cells.setPause(pause.trouble, false);
    }, this.#pauseMs);
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }

  /** Something was stored. */
  worked(): void {
    this.#inRow = 0;
    this.#pauseMs = this.#firstPauseMs;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
