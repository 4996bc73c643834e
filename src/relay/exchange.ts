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
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly context: RelayContext;
  private readonly startedAtMs: number;
  private hasEnded = false;

  constructor(context: RelayContext, listener: number, client: string) {
    this.context = context;
    this.startedAtMs = context.now;
    this.listener = listener;
    this.client = client;
    context.counters.add(cells.exchangesInFlight);
  }

  /** What can be told of a request whose head was refused: its method and target, as far as they make sense. */
  nameRefused(head: string): void {
    if (this.method !== "") return;
    const [, method = "", target = ""] =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]{1,2048})/.exec(head) ?? [];
    this.method = method;
    this.target = target;
  }

  firstByteCame(): void {
    this.firstByteMs = this.context.now - this.startedAtMs;
  }

  end(): void {
    if (this.hasEnded)
      throw new Error(`Cannot end exchange: ${this.method} ${this.target} has ended already`);
    this.hasEnded = true;
    this.durationMs = this.context.now - this.startedAtMs;
    this.startedAt = performance.timeOrigin + this.startedAtMs;
    this.context.counters.add(cells.exchangesInFlight, -1);
    this.context.observer.exchangeEnded(this);
  }
}
