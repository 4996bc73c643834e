/**
 * Where the lines of all workers end up. Follows `log.access` through reloads:
 * the new target is open before the old one is closed, so no line is lost
 * between them.
 */
import { fileProblem } from "../config/file-problem.ts";
import type { Config } from "../config/schema.ts";
import { type LineFormat, pickFormat } from "../observe/access-log.ts";
import { cells } from "../observe/cells.ts";
import type { Counters } from "../observe/counters.ts";
import { LogWriter } from "../observe/log-writer.ts";
import { isTerminal } from "../observe/terminal.ts";

/** How long the last lines may take when the process ends. */
const CLOSE_MS = 1_000;

type LogConfig = Config["log"];

export class AccessLog {
  readonly #counters: Counters;
  readonly #report: (message: string) => void;
  #target: string | undefined;
  #writer: LogWriter | undefined;

  constructor(counters: Counters, report: (message: string) => void) {
    this.#counters = counters;
    this.#report = report;
  }

  async open({ access }: LogConfig): Promise<{ ok: true } | { ok: false; problem: string }> {
    if (access === this.#target) return { ok: true };
    const before = this.#writer;
    try {
      this.#writer =
        access === "off"
          ? undefined
          : await LogWriter.open({
              path: access === "stdout" ? undefined : access,
              counters: this.#counters,
              report: this.#report,
            });
    } catch (error) {
      return { ok: false, problem: `Cannot open the access log ${access}: ${fileProblem(error)}` };
    }
    this.#target = access;
    await before?.close(CLOSE_MS);
    return { ok: true };
  }

  /** How workers are to write lines. */
  lineStyle({ access, format }: LogConfig): { logFormat: LineFormat | undefined; logColour: boolean } {
    if (access === "off") return { logFormat: undefined, logColour: false };
    const toTerminal = access === "stdout" && isTerminal(1);
    const noColour = (process.env["NO_COLOR"] ?? "") !== "";
    return { logFormat: pickFormat(format, toTerminal), logColour: toTerminal && !noColour };
  }

  /** Tells one worker, while it lives, what of its text is written. */
  acknowledgerFor(counters: Counters): { readonly add: (bytes: number) => void; stop(): void } {
    let isLive = true;
    return {
      add: (bytes) => {
        if (isLive) counters.add(cells.logBytesAcknowledged, bytes);
      },
      stop: () => {
        isLive = false;
      },
    };
  }

  write(text: string, lines: number, acknowledge: (bytes: number) => void): void {
    if (this.#writer === undefined) return acknowledge(text.length);
    this.#writer.write(text, lines, acknowledge);
  }

  reopen(): void {
    this.#writer?.reopen();
  }

  async close(): Promise<void> {
    await this.#writer?.close(CLOSE_MS);
  }
}
