/**
 * Every counter and gauge there is, in one table: the cell's place in shared
 * memory, its metric's name, labels and meaning. `cells.…` is a plain number made
 * when this module loads, so that counting is one addition; the exposition walks
 * `cellTable` and needs no list of its own.
 *
 * The memory is one row per worker and one, the last, for the main thread. A row
 * has one writer at a time: its thread; between two workers, the supervisor. So
 * nothing here is atomic; readers add the rows up (a table, hence long).
 */
import { failureWords } from "./failure-word.ts";
import { HISTOGRAM_CELLS } from "./histogram.ts";

/** Listeners that a config may have (`listeners` in config/schema.ts): each has cells of its own. */
export const LISTENERS_MAX = 64;

export const exchangeKinds = ["forward", "tunnel", "upgrade", "own"] as const;

/** In the order of `cells.exchanges`: the first digit of the status is the offset. */
export const statusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Limits and deadlines that end or refuse something once a connection is accepted. */
export const limitWords = [
  "head_bytes",
  "uri_bytes",
  "header_count",
  "pipelined",
  "dials",
  "timeout_head",
  "timeout_connect",
  "timeout_first_byte",
  "timeout_idle",
  "timeout_body",
  "timeout_tunnel_idle",
  "timeout_drain",
] as const;

/** Why a client's connection was turned away as it came. */
export const connectionRefusals = ["connections", "connections_per_client", "client_range"] as const;

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** `sum`: one series over all threads; `worker`: a series for each worker, as a sum would mean nothing. */
  readonly over: "sum" | "worker";
  /** Cell units in one of the metric's: 1000 where the cell has milliseconds. */
  readonly divisor: number;
  readonly cells: MetricCell[];
}

export interface MetricCell {
  readonly cell: number;
  readonly labels: Readonly<Record<string, string>>;
}

const metrics: Metric[] = [];
let cellCount = 0;

/** Where several cells stand in a row, the name is the first; add the position (status class, listener). */
export const cells = {
  exchanges: exchangeCells(),
  exchangesInFlight: gauge(
    "headgate_exchanges_in_flight",
    "Exchanges and tunnels that have begun and not ended.",
  ),
  tunnelsOpen: gauge("headgate_tunnels_open", "CONNECT tunnels and upgraded connections now open."),

  bytesFromClients: counter("headgate_client_received_bytes_total", "Bytes read from clients."),
  bytesToClients: counter("headgate_client_sent_bytes_total", "Bytes written to clients."),
  bytesFromUpstreams: counter("headgate_upstream_received_bytes_total", "Bytes read from upstreams."),
  bytesToUpstreams: counter("headgate_upstream_sent_bytes_total", "Bytes written to upstreams."),

  /** Plus the listener's position. */
  connections: perListener("counter", "headgate_connections_total", "Client connections accepted."),
  /** Plus the listener's position. */
  connectionsOpen: perListener("gauge", "headgate_connections_open", "Client connections now open."),
  connectionsRefused: labelled(
    counterMetric("headgate_connections_refused_total", "Client connections turned away as they came."),
    "limit",
    connectionRefusals,
  ),

  upstreamDials: counter("headgate_upstream_dials_total", "Connections to upstreams that were begun."),
  upstreamDialFailures: counter(
    "headgate_upstream_dial_failures_total",
    "Connections to upstreams that failed.",
  ),
  upstreamReuses: counter(
    "headgate_upstream_reuses_total",
    "Exchanges sent on an upstream connection used before.",
  ),
  upstreamOpen: gauge(
    "headgate_upstream_connections_open",
    "Upstream connections now open, idle ones included.",
  ),
  upstreamIdle: gauge(
    "headgate_upstream_connections_idle",
    "Upstream connections kept for a later exchange.",
  ),

  failures: labelled(
    counterMetric("headgate_failures_total", "Exchanges that failed, by the error type of RFC 9209."),
    "error",
    failureWords,
  ),
  limitReached: labelled(
    counterMetric(
      "headgate_limit_reached_total",
      "Times that a limit or deadline refused or ended something.",
    ),
    "limit",
    limitWords,
  ),
  retries: counter("headgate_retries_total", "Requests sent again on another upstream connection."),

  dnsLookups: counter("headgate_dns_lookups_total", "Names looked up with the system's resolver."),
  dnsCacheHits: counter("headgate_dns_cache_hits_total", "Names answered from our own cache."),
  dnsFailures: counter("headgate_dns_failures_total", "Look-ups that failed or timed out."),

  handlerErrors: counter(
    "headgate_handler_errors_total",
    "Exceptions in our own code: each cost one connection.",
  ),

  logLinesWritten: counter("headgate_log_lines_written_total", "Access log lines written."),
  logLinesDropped: counter(
    "headgate_log_lines_dropped_total",
    "Access log lines lost to a full buffer or a failed write.",
  ),
  logBytesInFlight: gauge("headgate_log_in_flight_bytes", "Access log text handed over and not yet written."),
  /** How much of a worker's log text is written. The one cell that the main thread adds to in a worker's row. */
  logBytesAcknowledged: hidden(),

  workerRestarts: counter("headgate_worker_restarts_total", "Workers that ended unasked and were replaced."),
  loopLagMs: perWorker(
    "headgate_worker_event_loop_lag_seconds",
    "Longest recent delay of a worker's event loop.",
    1000,
  ),
  heapBytes: perWorker("headgate_worker_heap_bytes", "Heap of a worker's JavaScript.", 1),
  heartbeatMs: perWorker(
    "headgate_worker_heartbeat_timestamp_seconds",
    "When a worker last gave a sign of life.",
    1000,
  ),

  configReloads: labelled(
    counterMetric("headgate_config_reloads_total", "Configs that came in while running."),
    "result",
    ["applied", "refused"] as const,
  ),
};

export const cellTable: readonly Metric[] = metrics;
export const CELL_COUNT = cellCount;

/** Cells where the two histograms of a row begin. */
export const FIRST_BYTE_HISTOGRAM = CELL_COUNT;
export const EXCHANGE_HISTOGRAM = CELL_COUNT + HISTOGRAM_CELLS;

function metric(
  name: string,
  type: Metric["type"],
  help: string,
  over: Metric["over"] = "sum",
  divisor = 1,
): Metric {
  const made: Metric = { name, type, help, over, divisor, cells: [] };
  metrics.push(made);
  return made;
}

function counterMetric(name: string, help: string): Metric {
  return metric(name, "counter", help);
}

function cellOf(metric: Metric, labels: Record<string, string> = {}): number {
  metric.cells.push({ cell: cellCount, labels });
  return cellCount++;
}

function counter(name: string, help: string): number {
  return cellOf(metric(name, "counter", help));
}

function gauge(name: string, help: string): number {
  return cellOf(metric(name, "gauge", help));
}

function perWorker(name: string, help: string, divisor: number): number {
  return cellOf(metric(name, "gauge", help, "worker", divisor));
}

function hidden(): number {
  return cellCount++;
}

function labelled<Word extends string>(
  of: Metric,
  label: string,
  words: readonly Word[],
): Readonly<Record<Word, number>> {
  const entries = words.map((word) => [word, cellOf(of, { [label]: word })]);
  return Object.fromEntries(entries) as Record<Word, number>;
}

function perListener(type: Metric["type"], name: string, help: string): number {
  const of = metric(name, type, help);
  const first = cellCount;
  for (let listener = 0; listener < LISTENERS_MAX; listener++) cellOf(of, { listener: String(listener) });
  return first;
}

function exchangeCells(): Readonly<Record<(typeof exchangeKinds)[number], number>> {
  const of = counterMetric(
    "headgate_exchanges_total",
    "Exchanges and tunnels that have ended, by kind and status.",
  );
  const entries = exchangeKinds.map((kind) => {
    const first = cellCount;
    for (const status of statusClasses) cellOf(of, { kind, status });
    return [kind, first];
  });
  return Object.fromEntries(entries) as Record<(typeof exchangeKinds)[number], number>;
}
