/** A status report as a page for people: aligned, and only what there is to say. */
import type { LatencyReport, StatusReport } from "../admin/status-report.ts";
import { formatBytes, formatDuration, paint } from "../observe/terminal.ts";
import { cacheFacts } from "./cache-text.ts";
import { counts, type GateSections, gateFacts, ruleRows } from "./gate-text.ts";
import { table } from "./table.ts";

/** A Headgate from before there was a gate, or a cache, has nothing to tell of it. */
export type AnyStatusReport = Omit<StatusReport, keyof LaterSections> & Partial<LaterSections>;

type LaterSections = GateSections & Pick<StatusReport, "cache">;

export function renderStatus(report: AnyStatusReport, colour: boolean): string {
  const title = (text: string) => paint(text, "bold", colour);
  const phase = paint(report.phase, report.phase === "ready" ? "green" : "yellow", colour);
  const { uptimeSeconds, generation, version, commit } = report;
  return [
    `${title(`Headgate ${version}`)} (${commit}), ${phase}, up ${formatDuration(uptimeSeconds * 1000)}, config ${generation}\n`,
    table(title, listenerRows(report)),
    table(title, workerRows(report)),
    table(title, latencyRows(report)),
    table(title, ruleRows(report)),
    "\n",
    ...[...facts(report), ...cacheFacts(report.cache), ...gateFacts(report)]
      .filter(([, text]) => text !== "")
      .map(([name, text]) => `${title(name.padEnd(12))}${text}\n`),
  ].join("");
}

function listenerRows({ listeners }: AnyStatusReport): string[][] {
  return [
    ["listener", "mode", "open", "total"],
    ...listeners.map(({ address, mode, connectionsOpen, connections }) => [
      address,
      mode,
      String(connectionsOpen),
      String(connections),
    ]),
  ];
}

function workerRows({ workers }: AnyStatusReport): string[][] {
  return [
    ["worker", "state", "open", "exchanges", "in flight", "lag", "heap", "restarts"],
    ...workers.map((worker) => [
      String(worker.index),
      worker.state,
      String(worker.connectionsOpen),
      String(worker.exchanges),
      String(worker.inFlight),
      formatDuration(worker.loopLagMs),
      formatBytes(worker.heapBytes),
      String(worker.restarts),
    ]),
  ];
}

function latencyRows({ latency }: AnyStatusReport): string[][] {
  const row = (name: string, { p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: LatencyReport) => [
    name,
    ...[p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map(formatDuration),
  ];
  return [
    ["latency", "p50", "p90", "p99", "p99.9", "max"],
    row("first byte", latency.firstByte),
    row("exchange", latency.exchange),
  ];
}

/** One line each; a line with nothing to tell has no text, and is left out. */
function facts({ totals, upstream, dns, limits, memory, log }: AnyStatusReport): [string, string][] {
  const reuse = `${Math.round(upstream.reuseRatio * 100)} %`;
  return [
    [
      "exchanges",
      `${totals.exchanges} ended, ${totals.inFlight} in flight, ${totals.tunnelsOpen} tunnels open`,
    ],
    ["  by kind", counts(totals.byKind)],
    ["  by status", counts(totals.byStatus)],
    ["clients", `${formatBytes(totals.bytesFromClients)} in, ${formatBytes(totals.bytesToClients)} out`],
    [
      "upstreams",
      `${formatBytes(totals.bytesFromUpstreams)} in, ${formatBytes(totals.bytesToUpstreams)} out`,
    ],
    [
      "  dials",
      `${upstream.dials}, ${upstream.dialFailures} failed, ${upstream.reuses} reuses (${reuse}), ${upstream.retries} retries`,
    ],
    ["  open", `${upstream.open}, ${upstream.idle} of them idle`],
    ["dns", `${dns.lookups} look-ups, ${dns.cacheHits} from the cache, ${dns.failures} failed`],
    ["failures", counts(upstream.failures)],
    ["limits", counts(limits.byLimit)],
    ["our bugs", totals.handlerErrors === 0 ? "" : `${totals.handlerErrors} exceptions, see the log`],
    ["memory", `${formatBytes(memory.residentBytes)} resident`],
    ["access log", `${log.written} lines written, ${log.dropped} dropped`],
  ];
}
