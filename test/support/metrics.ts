/** What the counters of a running proxy say, as tests ask it. */
import type { RunningProxy } from "./proxy.ts";
import { until } from "./until.ts";

const GAUGES = [
  "headgate_exchanges_in_flight",
  'headgate_connections_open{listener="0"}',
  "headgate_tunnels_open",
];

/** How much a series has grown since. */
export async function counting(proxy: RunningProxy, series: string): Promise<() => Promise<number>> {
  const before = await proxy.metric(series);
  return async () => (await proxy.metric(series)) - before;
}

export async function untilMetric(proxy: RunningProxy, series: string, value: number): Promise<void> {
  await until(`${series} is ${value}`, async () => (await proxy.metric(series)) === value);
}

/** Whatever a test did, when its peers are gone nothing of it is left, and no handler has thrown. */
export async function nothingIsLeft(proxy: RunningProxy): Promise<void> {
  for (const gauge of GAUGES) await untilMetric(proxy, gauge, 0);
  await untilMetric(proxy, "headgate_handler_errors_total", 0);
}

export function limitSeries(limit: string): string {
  return `headgate_limit_reached_total{limit="${limit}"}`;
}
