/**
 * The main thread's side of the access log: takes batches from all workers and
 * writes them one after another, never two at once, so that lines stay whole.
 *
 * A write that fails (disk full, reader gone) loses its batch: it is counted, said
 * on stderr once a minute at most, and the next batch is tried all the same. What
 * waits here is bounded by the senders, which stop while they are not acknowledged.
 */
import { cells } from "./cells.ts";
import type { Counters } from "./counters.ts";
import { type LogFile, openLogFile, stdoutLogFile } from "./log-file.ts";

export interface LogWriterOptions {
  /** `undefined` for stdout. */
  readonly path: string | undefined;
  /** The main thread's row. */
  readonly counters: Counters;
  /** One line for the operator. */
  readonly report: (message: string) => void;
  readonly openFile?: (path: string) => Promise<LogFile>;
  readonly now?: () => number;
}

interface Batch {
  readonly text: string;
  readonly lines: number;
  readonly acknowledge: (bytes: number) => void;
}

const REPORT_EVERY_MS = 60_000;

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #queue: Batch[] = [];
  #file: LogFile;
  #running: Promise<void> | undefined;
  #wantsReopen = false;
  #closed = false;
  /** A failed write left half a line behind: the next text begins on a new one. */
  #torn = false;
  #lostLines = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** Rejects when the file cannot be opened: at the start that is the operator's to know at once. */
  static async open(options: LogWriterOptions): Promise<LogWriter> {
    return new LogWriter(options, await openTarget(options));
  }

  private constructor(options: LogWriterOptions, file: LogFile) {
    this.#options = options;
    this.#file = file;
  }

  /** `acknowledge` hears the text's length once it is written or lost; either way it is in flight no more. */
  write(text: string, lines: number, acknowledge: (bytes: number) => void): void {
    const batch = { text, lines, acknowledge };
    if (this.#closed) return this.#drop(batch);
    this.#queue.push(batch);
    this.#run();
  }

  /** Opens the path anew between two writes, as whoever renamed the file asks for. */
  reopen(): void {
    if (this.#options.path === undefined || this.#closed) return;
    this.#wantsReopen = true;
    this.#run();
  }

  /** Takes no more, writes what waits for up to `limitMs`, and closes. */
  async close(limitMs: number): Promise<void> {
    this.#closed = true;
    // A descriptor closed under a write might by then be another file's.
    const finished = (this.#running ?? Promise.resolve()).then(() => this.#file.close());
    await settledWithin(finished, limitMs);
    for (const batch of this.#queue.splice(0)) this.#drop(batch);
  }

  #drop({ text, lines, acknowledge }: Batch): void {
    this.#options.counters.add(cells.logLinesDropped, lines);
    acknowledge(text.length);
  }

  #run(): void {
    this.#running ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (true) {
      if (this.#wantsReopen) await this.#openAnew();
      const batch = this.#queue.shift();
      if (batch === undefined) break;
      await this.#writeBatch(batch);
      batch.acknowledge(batch.text.length);
    }
    this.#running = undefined;
  }

  async #writeBatch({ text, lines }: Batch): Promise<void> {
    let left: Uint8Array = Buffer.from(this.#torn ? `\n${text}` : text);
    const length = left.length;
    try {
      while (left.length > 0) left = left.subarray(await this.#file.append(left));
      this.#torn = false;
      this.#options.counters.add(cells.logLinesWritten, lines);
    } catch (error) {
      this.#torn ||= left.length < length;
      this.#options.counters.add(cells.logLinesDropped, lines);
      this.#lostLines += lines;
      this.#reportFailure(
        `Cannot write the access log: ${messageOf(error)} (lines lost: ${this.#lostLines})`,
      );
    }
  }

  async #openAnew(): Promise<void> {
    this.#wantsReopen = false;
    try {
      const opened = await openTarget(this.#options);
      this.#file.close();
      this.#file = opened;
      this.#torn = false;
    } catch (error) {
      this.#options.report(`Cannot reopen the access log, going on with the old file: ${messageOf(error)}`);
    }
  }

  #reportFailure(message: string): void {
    const now = (this.#options.now ?? Date.now)();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#lostLines = 0;
    this.#options.report(message);
  }
}

async function openTarget({ path, openFile = openLogFile }: LogWriterOptions): Promise<LogFile> {
  return path === undefined ? stdoutLogFile() : await openFile(path);
}

async function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
  const { promise: timedOut, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, timedOut]);
  clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
