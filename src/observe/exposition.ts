/**
 * A snapshot as Prometheus reads it: the text format 0.0.4. The series come from
 * `cellTable`; only what is not counted in a cell is named here. Every label's
 * values come from a fixed list or from the config, so that no client can make
 * series.
 */
import { cells, cellTable } from "./cells.ts";
import type { CellRun, Metric, PlaceNames } from "./metric-table.ts";
import type { ProcessFacts } from "./process-facts.ts";
import { type Latency, latencyBoundsMs, type Snapshot } from "./snapshot.ts";

export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What the supervisor knows and no cell counts. */
export interface RunFacts {
  readonly version: string;
  readonly commit: string;
  readonly bun: string;
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** As bound. */
  readonly listeners: readonly { readonly address: string; readonly mode: string; readonly place: number }[];
  readonly names: PlaceNames;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

export function expose(snapshot: Snapshot, run: RunFacts, facts: ProcessFacts): string {
  const { version, commit, bun } = run;
  const listeners = run.listeners.map(
    ({ address, mode, place }): Sample => [{ listener: String(place), address, mode }, 1],
  );
  const places = new Set(run.listeners.map(({ place }) => String(place)));
  return [
    single("headgate_build_info", "What is running.", [{ version, commit, bun }, 1]),
    single("headgate_config_generation", "Number of the config in force, from 1.", [{}, run.generation]),
    family("headgate_listener_info", "gauge", "The address of each listener.", listeners),
    ...cellTable.map((metric) => familyOf(metric, snapshot, places, run.names)),
    histogram(
      "headgate_first_byte_seconds",
      "Until the first byte of the upstream's answer.",
      snapshot.firstByte,
    ),
    histogram(
      "headgate_exchange_seconds",
      "Whole exchanges, tunnels and upgrades left out.",
      snapshot.exchange,
    ),
    single("process_resident_memory_bytes", "Resident memory.", [{}, facts.residentBytes]),
    facts.openFds === undefined
      ? ""
      : single("process_open_fds", "Open file descriptors.", [{}, facts.openFds]),
    family("process_cpu_seconds_total", "counter", "User and system time.", [[{}, facts.cpuSeconds]]),
    single("process_start_time_seconds", "Start, since the epoch.", [{}, run.startedAt / 1000]),
  ].join("");
}

function familyOf(
  metric: Metric,
  snapshot: Snapshot,
  places: ReadonlySet<string>,
  names: PlaceNames,
): string {
  const { name, type, help, run } = metric;
  if (run !== undefined) return family(name, type, help, namedSamples(run, snapshot, names));
  const samples = metric.over === "worker" ? workerSamples(metric, snapshot) : totalSamples(metric, snapshot);
  // One that a reload took away may still have connections, and its history.
  const shown = samples.filter(
    ([{ listener }, value]) => listener === undefined || places.has(listener) || value !== 0,
  );
  return family(name, type, help, shown);
}

function totalSamples({ cells, divisor }: Metric, { totals }: Snapshot): Sample[] {
  return cells.map(({ cell, labels }) => [labels, (totals[cell] ?? 0) / divisor]);
}

/** Only what a config in force names has a series. */
function namedSamples(
  { first, count, of, label }: CellRun,
  { totals }: Snapshot,
  names: PlaceNames,
): Sample[] {
  return names[of]
    .slice(0, count)
    .flatMap((name, place) => (name === undefined ? [] : [[{ [label]: name }, totals[first + place] ?? 0]]));
}

function workerSamples(metric: Metric, { workers }: Snapshot): Sample[] {
  return workers.flatMap((row, worker) => {
    const isAlive = (row[cells.heartbeatMs] ?? 0) > 0;
    const labelsOf = (labels: Labels) => ({ worker: String(worker), ...labels });
    return isAlive
      ? metric.cells.map(({ cell, labels }): Sample => [labelsOf(labels), (row[cell] ?? 0) / metric.divisor])
      : [];
  });
}

function histogram(name: string, help: string, latency: Latency): string {
  let text = describe(name, "histogram", help);
  latencyBoundsMs.forEach((boundMs, i) => {
    text += line(`${name}_bucket`, { le: String(boundMs / 1000) }, latency.cumulative[i] ?? 0);
  });
  text += line(`${name}_bucket`, { le: "+Inf" }, latency.count);
  text += line(`${name}_sum`, {}, latency.sumMs / 1000);
  return text + line(`${name}_count`, {}, latency.count);
}

function single(name: string, help: string, sample: Sample): string {
  return family(name, "gauge", help, [sample]);
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  return describe(name, type, help) + samples.map(([labels, value]) => line(name, labels, value)).join("");
}

function describe(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return pairs.length === 0 ? `${name} ${value}\n` : `${name}{${pairs.join(",")}} ${value}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
