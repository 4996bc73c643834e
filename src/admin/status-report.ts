/**
 * GET /status: what the counters say, arranged for people and their scripts. The
 * names here are an interface: `headgate status` and others' scripts read them.
 */
import {
  cells,
  connectionRefusals,
  exchangeKinds,
  LISTENERS_MAX,
  limitWords,
  logInResults,
  statusClasses,
} from "../observe/cells.ts";
import { failureWords } from "../observe/failure-word.ts";
import type { Latency, Snapshot } from "../observe/snapshot.ts";
import { type CacheReport, reportCache } from "./cache-report.ts";
import type { AdminDeps, Phase, WorkerState } from "./deps.ts";
import {
  type BansReport,
  type PolicyReport,
  reportBans,
  reportPolicy,
  reportShedding,
  type SheddingReport,
} from "./gate-report.ts";

export interface StatusReport {
  readonly version: string;
  readonly commit: string;
  readonly bun: string;
  readonly phase: Phase;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly generation: number;
  readonly listeners: readonly ListenerReport[];
  readonly workers: readonly WorkerReport[];
  readonly totals: TotalsReport;
  readonly latency: { readonly firstByte: LatencyReport; readonly exchange: LatencyReport };
  readonly upstream: UpstreamReport;
  readonly dns: { readonly lookups: number; readonly cacheHits: number; readonly failures: number };
  readonly limits: { readonly reached: number; readonly byLimit: Readonly<Record<string, number>> };
  readonly policy: PolicyReport;
  /** Requests whose credentials were looked at, by result. */
  readonly logIns: Readonly<Record<string, number>>;
  readonly bans: BansReport;
  readonly shedding: SheddingReport;
  readonly cache: CacheReport;
  readonly memory: { readonly residentBytes: number };
  readonly log: { readonly written: number; readonly dropped: number; readonly inFlightBytes: number };
}

export interface ListenerReport {
  readonly address: string;
  readonly mode: string;
  readonly connectionsOpen: number;
  readonly connections: number;
}

export interface WorkerReport {
  readonly index: number;
  readonly state: WorkerState;
  readonly restarts: number;
  readonly connectionsOpen: number;
  readonly exchanges: number;
  readonly inFlight: number;
  readonly loopLagMs: number;
  readonly heapBytes: number;
}

export interface TotalsReport {
  readonly connections: number;
  readonly connectionsOpen: number;
  readonly exchanges: number;
  readonly inFlight: number;
  readonly tunnelsOpen: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly bytesFromClients: number;
  readonly bytesToClients: number;
  readonly bytesFromUpstreams: number;
  readonly bytesToUpstreams: number;
  readonly handlerErrors: number;
  readonly workerRestarts: number;
}

export interface LatencyReport {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface UpstreamReport {
  readonly dials: number;
  readonly dialFailures: number;
  readonly reuses: number;
  /** Share of the exchanges that needed no dial, 0 to 1. */
  readonly reuseRatio: number;
  readonly open: number;
  readonly idle: number;
  readonly retries: number;
  /** By the error types of RFC 9209, those that happened. */
  readonly failures: Readonly<Record<string, number>>;
}

export function reportStatus(deps: AdminDeps, nowMs: number): StatusReport {
  const snapshot = deps.snapshot();
  const total = reader(snapshot.totals);
  return {
    version: deps.version,
    commit: deps.commit,
    bun: Bun.version,
    phase: deps.phase(),
    startedAt: new Date(deps.startedAt).toISOString(),
    uptimeSeconds: Math.round((nowMs - deps.startedAt) / 1000),
    generation: deps.generation(),
    listeners: deps.listeners().map(({ address, mode, place }) => ({
      address,
      mode,
      connectionsOpen: total(cells.connectionsOpen + place),
      connections: total(cells.connections + place),
    })),
    workers: deps.workers().map((state, index) => reportWorker(snapshot, index, state)),
    totals: reportTotals(total),
    latency: { firstByte: reportLatency(snapshot.firstByte), exchange: reportLatency(snapshot.exchange) },
    upstream: reportUpstream(total),
    dns: {
      lookups: total(cells.dnsLookups),
      cacheHits: total(cells.dnsCacheHits),
      failures: total(cells.dnsFailures),
    },
    limits: reportLimits(total),
    policy: reportPolicy(deps, total),
    logIns: Object.fromEntries(logInResults.map((word) => [word, total(cells.logIns[word])])),
    bans: reportBans(deps),
    shedding: reportShedding(deps, total),
    cache: reportCache(deps.cache(), total, nowMs),
    memory: { residentBytes: process.memoryUsage.rss() },
    log: {
      written: total(cells.logLinesWritten),
      dropped: total(cells.logLinesDropped),
      inFlightBytes: total(cells.logBytesInFlight),
    },
  };
}

type ReadCell = (cell: number) => number;

function reader(row: Float64Array | undefined): ReadCell {
  return (cell) => row?.[cell] ?? 0;
}

function reportWorker(snapshot: Snapshot, index: number, state: WorkerState): WorkerReport {
  const cell = reader(snapshot.workers[index]);
  return {
    index,
    state,
    restarts: cell(cells.workerRestarts),
    connectionsOpen: sumOfListeners(cell, cells.connectionsOpen),
    exchanges: sumOf(exchangeKinds.map((kind) => exchangesOf(cell, kind))),
    inFlight: cell(cells.exchangesInFlight),
    loopLagMs: cell(cells.loopLagMs),
    heapBytes: cell(cells.heapBytes),
  };
}

function reportTotals(total: ReadCell): TotalsReport {
  const byKind = Object.fromEntries(exchangeKinds.map((kind) => [kind, exchangesOf(total, kind)]));
  const byStatus = Object.fromEntries(
    statusClasses.map((status, i) => [
      status,
      sumOf(exchangeKinds.map((kind) => total(cells.exchanges[kind] + i))),
    ]),
  );
  return {
    connections: sumOfListeners(total, cells.connections),
    connectionsOpen: sumOfListeners(total, cells.connectionsOpen),
    exchanges: sumOf(Object.values(byKind)),
    inFlight: total(cells.exchangesInFlight),
    tunnelsOpen: total(cells.tunnelsOpen),
    byKind,
    byStatus,
    bytesFromClients: total(cells.bytesFromClients),
    bytesToClients: total(cells.bytesToClients),
    bytesFromUpstreams: total(cells.bytesFromUpstreams),
    bytesToUpstreams: total(cells.bytesToUpstreams),
    handlerErrors: total(cells.handlerErrors),
    workerRestarts: total(cells.workerRestarts),
  };
}

function reportUpstream(total: ReadCell): UpstreamReport {
  const dials = total(cells.upstreamDials);
  const reuses = total(cells.upstreamReuses);
  const failures = failureWords.map((word) => [word, total(cells.failures[word])] as const);
  return {
    dials,
    dialFailures: total(cells.upstreamDialFailures),
    reuses,
    reuseRatio: reuses === 0 ? 0 : reuses / (reuses + dials),
    open: total(cells.upstreamOpen),
    idle: total(cells.upstreamIdle),
    retries: total(cells.retries),
    failures: Object.fromEntries(failures.filter(([, count]) => count > 0)),
  };
}

function reportLimits(total: ReadCell): StatusReport["limits"] {
  const byLimit = Object.fromEntries([
    ...connectionRefusals.map((word) => [word, total(cells.connectionsRefused[word])] as const),
    ...limitWords.map((word) => [word, total(cells.limitReached[word])] as const),
  ]);
  return { reached: sumOf(Object.values(byLimit)), byLimit };
}

function reportLatency({ count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: Latency): LatencyReport {
  return { count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs };
}

function exchangesOf(cell: ReadCell, kind: (typeof exchangeKinds)[number]): number {
  return sumOf(statusClasses.map((_, i) => cell(cells.exchanges[kind] + i)));
}

function sumOfListeners(cell: ReadCell, first: number): number {
  return sumOf(Array.from({ length: LISTENERS_MAX }, (_, i) => cell(first + i)));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
