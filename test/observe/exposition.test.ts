import { expect, test } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer, mainCounters } from "../../src/observe/counters.ts";
import { expose, type RunFacts } from "../../src/observe/exposition.ts";
import type { PlaceNames } from "../../src/observe/metric-table.ts";
import { readProcessFacts } from "../../src/observe/process-facts.ts";
import { takeSnapshot } from "../../src/observe/snapshot.ts";
import { parseExposition } from "./exposition-parser.ts";

test("nothing counted yet is a whole exposition of zeros", () => {
  const { types, samples } = exposed(countersBuffer(1));

  expect(types.get("headgate_exchanges_total")).toBe("counter");
  expect(samples.get('headgate_exchanges_total{kind="tunnel",status="2xx"}')).toBe(0);
  expect(samples.get('headgate_failures_total{error="proxy_loop_detected"}')).toBe(0);
  expect(samples.get('headgate_first_byte_seconds_bucket{le="+Inf"}')).toBe(0);
});

test("workers and the main thread add up", () => {
  const buffer = countersBuffer(2);
  new Counters(buffer, 0).add(cells.retries, 2);
  new Counters(buffer, 1).add(cells.retries, 3);
  mainCounters(buffer).add(cells.logLinesWritten, 7);

  const { samples } = exposed(buffer);

  expect(samples.get("headgate_retries_total")).toBe(5);
  expect(samples.get("headgate_log_lines_written_total")).toBe(7);
});

test("what makes no sum has a series for each worker that lives", () => {
  const buffer = countersBuffer(2);
  const worker = new Counters(buffer, 1);
  worker.set(cells.heartbeatMs, 1_700_000_000_123);
  worker.set(cells.loopLagMs, 12);

  const { samples } = exposed(buffer);

  expect(samples.get('headgate_worker_heartbeat_timestamp_seconds{worker="1"}')).toBe(1_700_000_000.123);
  expect(samples.get('headgate_worker_event_loop_lag_seconds{worker="1"}')).toBe(0.012);
  expect(samples.has('headgate_worker_heap_bytes{worker="0"}')).toBe(false);
});

test("listeners have a series by position, and one that went away while it holds something", () => {
  const buffer = countersBuffer(1);
  const counters = new Counters(buffer, 0);
  counters.add(cells.connectionsOpen, 4);
  counters.add(cells.connectionsOpen + 5, 1);

  const { samples } = exposed(buffer);

  expect(samples.get('headgate_connections_open{listener="0"}')).toBe(4);
  expect(samples.get('headgate_connections_open{listener="5"}')).toBe(1);
  expect(samples.has('headgate_connections_open{listener="1"}')).toBe(false);
  expect(samples.get('headgate_listener_info{address="127.0.0.1:8888",listener="0",mode="forward"}')).toBe(1);
});

test("latencies are cumulative and in seconds", () => {
  const buffer = countersBuffer(2);
  new Counters(buffer, 0).exchange.record(3);
  new Counters(buffer, 1).exchange.record(700);
  new Counters(buffer, 1).exchange.record(90_000);

  const { samples } = exposed(buffer);
  const bucket = (le: string) => samples.get(`headgate_exchange_seconds_bucket{le="${le}"}`);

  expect([bucket("0.0025"), bucket("0.005"), bucket("1"), bucket("60"), bucket("+Inf")]).toEqual([
    0, 1, 2, 2, 3,
  ]);
  expect(samples.get("headgate_exchange_seconds_sum")).toBe(90.703);
  expect(samples.get("headgate_exchange_seconds_count")).toBe(3);
});

test("labels are escaped", () => {
  const { samples } = exposed(countersBuffer(1), { version: 'a"b\\c\nd' });

  expect(samples.get('headgate_build_info{bun="1.4.5",commit="abc1234",version="a\\"b\\\\c\\nd"}')).toBe(1);
});

test("what the config names has a series by its name, and nothing else has", () => {
  const buffer = countersBuffer(2);
  new Counters(buffer, 0).add(cells.ruleMatches + 2, 5);
  new Counters(buffer, 1).add(cells.ruleMatches + 2, 6);
  new Counters(buffer, 1).add(cells.ruleMatches + 1, 9);
  new Counters(buffer, 1).add(cells.userExchanges + 1023, 1);
  new Counters(buffer, 1).add(cells.listHits, 3);
  const users = Array.from({ length: 1024 }, (_, place) => (place === 1023 ? "ann" : undefined));

  const { samples, types } = exposed(buffer, {
    names: named({ rules: ["first", undefined, "third"], users }),
  });
  const seriesOf = (metric: string) => [...samples.keys()].filter((series) => series.startsWith(metric));

  expect(samples.get('headgate_rule_matches_total{rule="first"}')).toBe(0);
  expect(samples.get('headgate_rule_matches_total{rule="third"}')).toBe(11);
  expect(seriesOf("headgate_rule_matches_total")).toHaveLength(2);
  expect(seriesOf("headgate_user_exchanges_total")).toEqual(['headgate_user_exchanges_total{user="ann"}']);
  expect(seriesOf("headgate_list_hits_total")).toEqual([]);
  expect(types.get("headgate_list_hits_total")).toBe("counter");
});

test("a name without a place of its own makes no series", () => {
  const rules = Array.from({ length: 1030 }, (_, place) => `rule-${place}`);

  const { samples } = exposed(countersBuffer(1), { names: named({ rules }) });

  expect(samples.has('headgate_rule_matches_total{rule="rule-1023"}')).toBe(true);
  expect(samples.has('headgate_rule_matches_total{rule="rule-1024"}')).toBe(false);
});

// Users of an htpasswd file are named by whoever writes it.
const hostileNames = ['a"b', "a\\", 'a",user="b', "a}b 1", "a\nb 1", "é\u2028", "# HELP a", "\u202e", "{}"];

test.each(hostileNames)("the name %j stays in its label", (name) => {
  const buffer = countersBuffer(1);
  new Counters(buffer, 0).add(cells.userExchanges + 1, 7);

  const { samples } = exposed(buffer, { names: named({ users: ["ann", name] }) });

  const escaped = name.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  expect(samples.get(`headgate_user_exchanges_total{user="${escaped}"}`)).toBe(7);
  expect(samples.get('headgate_user_exchanges_total{user="ann"}')).toBe(0);
});

test("every reason and decision has a series from the start", () => {
  const { samples } = exposed(countersBuffer(1));

  expect(samples.get('headgate_policy_decisions_total{decision="would_deny"}')).toBe(0);
  expect(samples.get('headgate_policy_refusals_total{reason="sni_mismatch"}')).toBe(0);
  expect(samples.get('headgate_credentials_checked_total{result="expired"}')).toBe(0);
  expect(samples.get('headgate_bans_total{cause="slow"}')).toBe(0);
});

test("the cache is told of by word and by tier", () => {
  const buffer = countersBuffer(2);
  new Counters(buffer, 1).add(cells.cacheRequests.hit_disk, 3);
  const main = mainCounters(buffer);
  main.set(cells.cacheEvicted.disk, 4);
  main.set(cells.cacheEntries.memory, 5);
  main.set(cells.cacheOffline, 1);

  const { types, samples } = exposed(buffer);

  expect(samples.get('headgate_cache_requests_total{result="hit_disk"}')).toBe(3);
  expect(samples.get('headgate_cache_requests_total{result="missing"}')).toBe(0);
  expect(samples.get('headgate_cache_evicted_total{tier="disk"}')).toBe(4);
  expect(samples.get('headgate_cache_stored_total{tier="memory"}')).toBe(0);
  expect(samples.get('headgate_cache_entries{tier="memory"}')).toBe(5);
  expect(samples.get("headgate_cache_offline")).toBe(1);
  expect(types.get("headgate_cache_capacity_bytes")).toBe("gauge");
  expect(types.get("headgate_cache_saved_bytes_total")).toBe("counter");
});

test("the process says what it uses", async () => {
  const facts = await readProcessFacts();
  const { samples } = parseExposition(expose(takeSnapshot(countersBuffer(1)), run, facts));

  expect(samples.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(samples.get("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(samples.get("process_start_time_seconds")).toBe(1_700_000_000);
  if (process.platform === "linux") expect(samples.get("process_open_fds")).toBeGreaterThan(2);
});

const run: RunFacts = {
  version: "0.1.0",
  commit: "abc1234",
  bun: "1.4.5",
  generation: 1,
  startedAt: 1_700_000_000_000,
  listeners: [{ address: "127.0.0.1:8888", mode: "forward", place: 0 }],
  names: named(),
};

function named(names: Partial<PlaceNames> = {}): PlaceNames {
  return { rules: [], lists: [], users: [], tags: [], limits: [], ...names };
}

function exposed(buffer: SharedArrayBuffer, changes: Partial<RunFacts> = {}) {
  const facts = { residentBytes: 1, cpuSeconds: 1, openFds: undefined };
  return parseExposition(expose(takeSnapshot(buffer), { ...run, ...changes }, facts));
}
