/**
 * What is known of an exchange while it lives. Whatever happens to it, `end` is
 * called once, and that is the one event that counters and log hear of.
 */
import { cells } from "../observe/cells.ts";
import type { FailureWord } from "../observe/failure-word.ts";
import type { ExchangeKind, ExchangeRecord } from "../observe/record.ts";
import type { RelayContext } from "./context.ts";

export class Exchange implements ExchangeRecord {
  kind: ExchangeKind = "own";
  readonly listener: number;
  readonly client: string;
  user: string | undefined = undefined;
  method = "";
  target = "";
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  startedAt = 0;
  durationMs = 0;
  firstByteMs: number | undefined = undefined;
  upstream: string | undefined = undefined;
  reused = false;
  failure: FailureWord | undefined = undefined;
  readonly #context: RelayContext;
  readonly #startedAtMs = performance.now();
  #hasEnded = false;

  constructor(context: RelayContext, listener: number, client: string) {
    this.#context = context;
    this.listener = listener;
    this.client = client;
    context.counters.add(cells.exchangesInFlight);
  }

  firstByteCame(): void {
    this.firstByteMs = performance.now() - this.#startedAtMs;
  }

  end(): void {
    if (this.#hasEnded)
      throw new Error(`Cannot end exchange: ${this.method} ${this.target} has ended already`);
    this.#hasEnded = true;
    this.durationMs = performance.now() - this.#startedAtMs;
    this.startedAt = performance.timeOrigin + this.#startedAtMs;
    this.#context.counters.add(cells.exchangesInFlight, -1);
    this.#context.observer.exchangeEnded(this);
  }
}
