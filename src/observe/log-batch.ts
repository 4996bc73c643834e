/**
 * A worker's side of the access log: lines gather here and go to the main thread
 * in batches, so that a line costs an addition and a batch one message.
 *
 * Bounded: text that was delivered and not yet written counts as in flight (the
 * main thread acknowledges through a shared cell), and beyond `bufferBytes` lines
 * are dropped and counted. Traffic never waits for the log. Lengths are those of
 * the text, which is as good as all ASCII.
 */
import { cells } from "./cells.ts";
import type { Counters } from "./counters.ts";

/** Enough that a message's cost vanishes; small enough not to hold up the loop when it is copied. */
const BATCH_BYTES = 64 * 1024;

/** Hands text of `lines` whole lines to the main thread. */
export type DeliverLog = (text: string, lines: number) => void;

/** One for the life of a worker: a second one would take the first's acknowledgements for its own. */
export class LogBatch {
  /** How much text may wait, here and in flight; a new config may change it. */
  bufferBytes: number;
  readonly #counters: Counters;
  readonly #deliver: DeliverLog;
  #text = "";
  #lines = 0;
  /** Runs ahead of the acknowledged bytes, and starts where a predecessor's acknowledgements ended. */
  #deliveredBytes: number;

  constructor(counters: Counters, bufferBytes: number, deliver: DeliverLog) {
    this.#counters = counters;
    this.bufferBytes = bufferBytes;
    this.#deliver = deliver;
    this.#deliveredBytes = counters.read(cells.logBytesAcknowledged);
  }

  /** Takes a whole line, line feed included. Who owns the clock calls `flush` at its ticks. */
  push(line: string): void {
    if (this.#text.length + line.length + this.#inFlightBytes() > this.bufferBytes) {
      this.#counters.add(cells.logLinesDropped);
      return;
    }
    this.#text += line;
    this.#lines++;
    if (this.#text.length >= BATCH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#lines > 0) {
      this.#deliveredBytes += this.#text.length;
      this.#deliver(this.#text, this.#lines);
      this.#text = "";
      this.#lines = 0;
    }
    this.#counters.set(cells.logBytesInFlight, this.#inFlightBytes());
  }

  #inFlightBytes(): number {
    return this.#deliveredBytes - this.#counters.read(cells.logBytesAcknowledged);
  }
}
