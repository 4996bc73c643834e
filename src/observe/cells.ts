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
import { cacheWords } from "./cache-word.ts";
import { failureWords } from "./failure-word.ts";
import { HISTOGRAM_CELLS } from "./histogram.ts";
import { type Metric, MetricTable } from "./metric-table.ts";
import { reasonWords } from "./reason.ts";

/** Listeners that a config may have (`listeners` in config/schema.ts): each has cells of its own. */
export const LISTENERS_MAX = 64;

/** Places for what a config names. What finds none is not counted by name; a row has some 30 KB of them. */
export const RULES_MAX = 1024;
export const LISTS_MAX = 64;
export const USERS_MAX = 1024;
export const TAGS_MAX = 256;
export const LIMITS_MAX = 256;

export const exchangeKinds = ["forward", "tunnel", "upgrade", "own"] as const;

/** In the order of `cells.exchanges`: the first digit of the status is the offset. */
export const statusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Limits and deadlines that end or refuse something once a connection is accepted. Those of the policy are counted by name. */
export const limitWords = [
  "head_bytes",
  "uri_bytes",
  "header_count",
  "pipelined",
  "dials",
  "min_rate",
  "memory",
  "timeout_head",
  "timeout_connect",
  "timeout_first_byte",
  "timeout_idle",
  "timeout_body",
  "timeout_tunnel_idle",
  "timeout_drain",
] as const;

/** Why a client's connection was turned away as it came. */
export const connectionRefusals = [
  "connections",
  "connections_per_client",
  "connections_per_prefix",
  "client_range",
  "banned",
  "connection_rate",
  "open_per_client",
  "overload",
  "pace",
] as const;

/** What the policy said of a request; `would_deny`: an audit let it pass. */
export const decisionWords = [
  "allowed",
  "denied",
  "reset",
  "redirected",
  "would_deny",
  "log_in",
  "limited",
] as const;

/** What came of looking at credentials; `busy`: too many were waiting to be verified. */
export const logInResults = ["user", "missing", "wrong", "expired", "busy"] as const;

/** What a client did too often. */
export const banCauses = ["slow", "connections", "errors", "credentials"] as const;

/** Where the cache keeps answers. */
export const cacheTiers = ["memory", "disk"] as const;

const table = new MetricTable();

/** Where several cells stand in a row, the name is the first; add the position (status class, place). */
export const cells = {
  exchanges: table.grid(
    "headgate_exchanges_total",
    "Exchanges and tunnels that have ended, by kind and status.",
    ["kind", exchangeKinds],
    ["status", statusClasses],
  ),
  exchangesInFlight: table.gauge(
    "headgate_exchanges_in_flight",
    "Exchanges and tunnels that have begun and not ended.",
  ),
  tunnelsOpen: table.gauge("headgate_tunnels_open", "CONNECT tunnels and upgraded connections now open."),

  bytesFromClients: table.counter("headgate_client_received_bytes_total", "Bytes read from clients."),
  bytesToClients: table.counter("headgate_client_sent_bytes_total", "Bytes written to clients."),
  bytesFromUpstreams: table.counter("headgate_upstream_received_bytes_total", "Bytes read from upstreams."),
  bytesToUpstreams: table.counter("headgate_upstream_sent_bytes_total", "Bytes written to upstreams."),

  /** Plus the listener's place. */
  connections: perListener("counter", "headgate_connections_total", "Client connections accepted."),
  /** Plus the listener's place. */
  connectionsOpen: perListener("gauge", "headgate_connections_open", "Client connections now open."),
  connectionsRefused: table.counters(
    "headgate_connections_refused_total",
    "Client connections turned away as they came.",
    "limit",
    connectionRefusals,
  ),
  acceptsHeld: table.gauge(
    "headgate_accepts_held",
    "Client connections that wait for an event loop that lags.",
  ),

  upstreamDials: table.counter("headgate_upstream_dials_total", "Connections to upstreams that were begun."),
  upstreamDialFailures: table.counter(
    "headgate_upstream_dial_failures_total",
    "Connections to upstreams that failed.",
  ),
  upstreamReuses: table.counter(
    "headgate_upstream_reuses_total",
    "Exchanges sent on an upstream connection used before.",
  ),
  upstreamOpen: table.gauge(
    "headgate_upstream_connections_open",
    "Upstream connections now open, idle ones included.",
  ),
  upstreamIdle: table.gauge(
    "headgate_upstream_connections_idle",
    "Upstream connections kept for a later exchange.",
  ),

  failures: table.counters(
    "headgate_failures_total",
    "Exchanges that failed, by the error type of RFC 9209.",
    "error",
    failureWords,
  ),
  limitReached: table.counters(
    "headgate_limit_reached_total",
    "Times that a limit or deadline refused or ended something.",
    "limit",
    limitWords,
  ),
  retries: table.counter("headgate_retries_total", "Requests sent again on another upstream connection."),

  decisions: table.counters(
    "headgate_policy_decisions_total",
    "What the policy said of requests.",
    "decision",
    decisionWords,
  ),
  refusals: table.counters(
    "headgate_policy_refusals_total",
    "Requests refused, or that an audit would have refused, by reason.",
    "reason",
    reasonWords,
  ),
  /** Plus the rule's place. */
  ruleMatches: table.named(
    "headgate_rule_matches_total",
    "Requests that a rule decided about or took effect on.",
    "rules",
    "rule",
    RULES_MAX,
  ),
  /** Plus the rule's place. */
  ruleWouldDeny: table.named(
    "headgate_rule_would_deny_total",
    "Requests that a rule would have refused if the policy were not an audit.",
    "rules",
    "rule",
    RULES_MAX,
  ),
  /** Plus the list's place. */
  listHits: table.named(
    "headgate_list_hits_total",
    "Decisions by a rule that matched by a list.",
    "lists",
    "list",
    LISTS_MAX,
  ),
  /** Plus the user's place. */
  userExchanges: table.named(
    "headgate_user_exchanges_total",
    "Requests of a user or token.",
    "users",
    "user",
    USERS_MAX,
  ),
  /** Plus the tag's place. */
  tagExchanges: table.named("headgate_tag_exchanges_total", "Requests with a tag.", "tags", "tag", TAGS_MAX),
  /** Plus the limit's place. */
  limitRefusals: table.named(
    "headgate_policy_limit_refusals_total",
    "Requests and connections that a limit of the policy refused, or would have in an audit.",
    "limits",
    "limit",
    LIMITS_MAX,
  ),
  heldLinks: table.gauge("headgate_links_held", "Connections that a limit of bytes per second holds up now."),

  logIns: table.counters(
    "headgate_credentials_checked_total",
    "Requests whose credentials were looked at, by result.",
    "result",
    logInResults,
  ),
  bans: table.counters("headgate_bans_total", "Clients banned for a while, by cause.", "cause", banCauses),
  bansActive: table.gauge("headgate_bans_active", "Bans now in force."),
  shedLevel: table.gauge(
    "headgate_shed_level",
    "What shortage of memory has stopped: 0 nothing, 1 new clients, 2 new exchanges, 3 those under way.",
  ),

  dnsLookups: table.counter("headgate_dns_lookups_total", "Names looked up with the system's resolver."),
  dnsCacheHits: table.counter("headgate_dns_cache_hits_total", "Names answered from our own cache."),
  dnsFailures: table.counter("headgate_dns_failures_total", "Look-ups that failed or timed out."),

  cacheRequests: table.counters(
    "headgate_cache_requests_total",
    "Exchanges that the cache had a part in, by what it did.",
    "result",
    cacheWords,
  ),
  /** Set by the main thread, like all that has a tier: the stores count for all workers. */
  cacheStored: table.counters(
    "headgate_cache_stored_total",
    "Answers stored, a newer one in the place of an older included.",
    "tier",
    cacheTiers,
  ),
  cacheEvicted: table.counters(
    "headgate_cache_evicted_total",
    "Stored answers that left to make room.",
    "tier",
    cacheTiers,
  ),
  cacheEntries: table.gauges("headgate_cache_entries", "Answers now stored.", "tier", cacheTiers),
  cacheBytes: table.gauges("headgate_cache_bytes", "Bytes that stored answers take up.", "tier", cacheTiers),
  cacheCapacityBytes: table.gauges(
    "headgate_cache_capacity_bytes",
    "Bytes that stored answers may take up.",
    "tier",
    cacheTiers,
  ),
  cacheBytesSaved: table.counter(
    "headgate_cache_saved_bytes_total",
    "Bytes of bodies answered without the upstream.",
  ),
  cacheBytesFetched: table.counter(
    "headgate_cache_fetched_bytes_total",
    "Bytes of bodies that came from upstreams for exchanges that the cache had a part in.",
  ),
  cachePurged: table.counter("headgate_cache_purged_total", "Stored answers removed or marked by a purge."),
  cacheRefreshes: table.counter(
    "headgate_cache_refreshes_total",
    "Validations in the background, while the stale answer was served.",
  ),
  cacheInvalidated: table.counter(
    "headgate_cache_invalidated_total",
    "Stored answers marked stale by what changes them: a request that is not safe, the answer to a HEAD.",
  ),
  cacheOffline: table.gauge("headgate_cache_offline", "1 while only stored answers are served."),

  handlerErrors: table.counter(
    "headgate_handler_errors_total",
    "Exceptions in our own code: each cost one connection.",
  ),

  logLinesWritten: table.counter("headgate_log_lines_written_total", "Access log lines written."),
  logLinesDropped: table.counter(
    "headgate_log_lines_dropped_total",
    "Access log lines lost to a full buffer or a failed write.",
  ),
  logBytesInFlight: table.gauge(
    "headgate_log_in_flight_bytes",
    "Access log text handed over and not yet written.",
  ),
  /** How much of a worker's log text is written. The one cell that the main thread adds to in a worker's row. */
  logBytesAcknowledged: table.hidden(),

  workerRestarts: table.counter(
    "headgate_worker_restarts_total",
    "Workers that ended unasked and were replaced.",
  ),
  loopLagMs: table.perWorker(
    "headgate_worker_event_loop_lag_seconds",
    "Longest recent delay of a worker's event loop.",
    1000,
  ),
  heapBytes: table.perWorker("headgate_worker_heap_bytes", "Heap of a worker's JavaScript.", 1),
  heartbeatMs: table.perWorker(
    "headgate_worker_heartbeat_timestamp_seconds",
    "When a worker last gave a sign of life.",
    1000,
  ),

  configReloads: table.counters(
    "headgate_config_reloads_total",
    "Configs that came in while running.",
    "result",
    ["applied", "refused"] as const,
  ),
};

export const cellTable: readonly Metric[] = table.metrics;
export const CELL_COUNT = table.cellCount;

/** Cells where the two histograms of a row begin. */
export const FIRST_BYTE_HISTOGRAM = CELL_COUNT;
export const EXCHANGE_HISTOGRAM = CELL_COUNT + HISTOGRAM_CELLS;

function perListener(type: Metric["type"], name: string, help: string): number {
  return table.numbered(type, name, help, "listener", LISTENERS_MAX);
}
