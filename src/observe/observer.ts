/**
 * What a worker does when an exchange has ended: counts it, and hands it to the
 * access log if there is one. Called once for every exchange, so it makes no
 * object and no string of its own.
 */
import { cells } from "./cells.ts";
import type { Counters } from "./counters.ts";
import type { ExchangeKind, ExchangeRecord } from "./record.ts";

/** Writes an exchange down; `undefined` where the log is off. */
export type LogExchange = ((record: ExchangeRecord) => void) | undefined;

export class Observer {
  /** May be exchanged while running: a new config can turn the log on, off or round. */
  log: LogExchange;
  readonly #counters: Counters;

  constructor(counters: Counters, log: LogExchange) {
    this.#counters = counters;
    this.log = log;
  }

  exchangeEnded(record: ExchangeRecord): void {
    const counters = this.#counters;
    counters.add(firstCellOf(record.kind) + statusClassOf(record.status));
    counters.add(cells.bytesFromClients, record.bytesIn);
    counters.add(cells.bytesToClients, record.bytesOut);
    if (record.failure !== undefined) counters.add(cells.failures[record.failure]);
    if (record.cache !== undefined) counters.add(cells.cacheRequests[record.cache]);
    if (record.firstByteMs !== undefined) counters.firstByte.record(record.firstByteMs);
    if (hasLatency(record.kind)) counters.exchange.record(record.durationMs);
    if (this.log !== undefined) this.log(record);
  }
}

/** Tunnels last as long as their clients like: among the latencies they would say nothing and drown the rest. */
function hasLatency(kind: ExchangeKind): boolean {
  return kind === "forward" || kind === "own";
}

function firstCellOf(kind: ExchangeKind): number {
  switch (kind) {
    case "forward":
      return cells.exchanges.forward;
    case "tunnel":
      return cells.exchanges.tunnel;
    case "upgrade":
      return cells.exchanges.upgrade;
    case "own":
      return cells.exchanges.own;
  }
}

/** The first digit; 0, "none", for what is no status. */
function statusClassOf(status: number): number {
  return status >= 100 && status < 600 ? (status / 100) | 0 : 0;
}
