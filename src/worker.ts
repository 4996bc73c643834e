/**
 * A worker thread: the second entry point of the executable. Wires sockets,
 * relay and shared memory together, and does as the main thread says.
 */
import { workerData } from "node:worker_threads";
import { formatHostPort } from "./config/host-port.ts";
import { ConnectionTable } from "./limits/connection-table.ts";
import { Dialer } from "./net/dial.ts";
import { Resolver } from "./net/resolve.ts";
import { Deadlines } from "./net/timer.ts";
import { lineWriter } from "./observe/access-log.ts";
import { cells } from "./observe/cells.ts";
import { Counters } from "./observe/counters.ts";
import { Heartbeat } from "./observe/heartbeat.ts";
import { LogBatch } from "./observe/log-batch.ts";
import { Observer } from "./observe/observer.ts";
import { type Cidr, parseCidr } from "./policy/address.ts";
import { acceptClient, type ListenerFacts } from "./relay/accept.ts";
import { type RelayContext, settingsOf, TICK_MS } from "./relay/context.ts";
import { UpstreamPool } from "./relay/upstream-pool.ts";
import { ListenerSet } from "./runtime/listener-set.ts";
import type { Order, Report, RunningConfig, WorkerStart } from "./runtime/messages.ts";

const start = workerData as WorkerStart;
const counters = new Counters(start.memory.counters, start.index);
const heartbeat = new Heartbeat(counters, TICK_MS);
const observer = new Observer(counters, undefined);
const { config } = start.running;
const admission = new ConnectionTable(
  start.memory.connections,
  start.index,
  start.memory.seed,
  config.limits,
);
const resolver = new Resolver(config.dns);
const dialer = new Dialer(reportBug);
const context: RelayContext = {
  settings: settingsOf(config, start.running.own),
  counters,
  observer,
  deadlines: new Deadlines(),
  pool: new UpstreamPool(),
  resolver,
  dialer,
  admission,
  now: performance.now(),
  clock: () => performance.now(),
  isDraining: false,
  refusedOpen: 0,
};
const listeners = new ListenerSet<ListenerFacts>(
  (facts, link) => acceptClient(context, facts, link),
  reportBug,
);
const logBatch = new LogBatch(counters, config.log.bufferBytes, (text, lines) =>
  tell({ report: "logged", text, lines }),
);

const clock = setInterval(tick, TICK_MS);
addEventListener("message", (event: MessageEvent<Order>) => obey(event.data));
apply(start.running);
// Socket handlers have their own net; this one is for promises and timers.
process.on("uncaughtException", reportBug);
process.on("unhandledRejection", reportBug);

function obey(order: Order): void {
  switch (order.order) {
    case "apply":
      return applyOrExit(order.running);
    case "drain":
      return void drain(order.limitMs);
  }
}

/** A config that is half in force would be worse than a worker less: the next one has all of it. */
function applyOrExit(running: RunningConfig): void {
  try {
    apply(running);
  } catch (error) {
    reportBug(error);
    process.exit(1);
  }
}

/** Between two events, so that one exchange sees one config. */
function apply(running: RunningConfig): void {
  const { generation } = running;
  const applied = listeners.apply(
    running.config.listeners.map(({ address, clients }, index) => ({
      address: { host: address.host, port: running.ports[index] ?? address.port },
      facts: { place: running.places[index] ?? index, clients: clients.map(parseCidr).filter(isCidr) },
    })),
  );
  if (!applied.ok) return tell({ report: "refused", generation, problem: applied.problem });
  context.settings = settingsOf(running.config, running.own);
  resolver.settings = running.config.dns;
  admission.limits = running.config.limits;
  applyLog(running);
  tell({ report: "applied", generation, ports: applied.ports });
}

function applyLog(running: RunningConfig): void {
  const { config, logFormat, logColour } = running;
  logBatch.flush();
  logBatch.bufferBytes = config.log.bufferBytes;
  if (logFormat === undefined) {
    observer.log = undefined;
    return;
  }
  const writeLine = lineWriter({
    format: logFormat,
    query: config.log.query,
    colour: logColour,
    listeners: addressesByPlace(running),
  });
  observer.log = (record) => logBatch.push(writeLine(record));
}

function addressesByPlace({ config, ports, places }: RunningConfig): string[] {
  const addresses: string[] = [];
  for (const [index, { address }] of config.listeners.entries()) {
    addresses[places[index] ?? index] = formatHostPort({
      host: address.host,
      port: ports[index] ?? address.port,
    });
  }
  return addresses;
}

/** The one clock: deadlines, idle connections, log batches, gauges. */
function tick(): void {
  context.now = performance.now();
  context.deadlines.sweep(context.now, (client, error) => {
    reportBug(error);
    client.cut();
  });
  context.pool.expire(context.now - context.settings.config.pool.idle);
  counters.set(cells.upstreamOpen, dialer.open);
  counters.set(cells.upstreamIdle, context.pool.size);
  counters.set(cells.dnsLookups, resolver.lookups);
  counters.set(cells.dnsCacheHits, resolver.hits);
  counters.set(cells.dnsFailures, resolver.failures);
  logBatch.flush();
  heartbeat.beat(Date.now());
}

async function drain(limitMs: number): Promise<void> {
  const cutAt = performance.now() + limitMs;
  context.isDraining = true;
  for (const client of context.deadlines) client.drain();
  await listeners.stop();
  while (context.deadlines.size > 0 && performance.now() < cutAt) await Bun.sleep(TICK_MS / 4);
  counters.add(cells.limitReached.timeout_drain, context.deadlines.size);
  for (const client of context.deadlines) client.cut();
  clearInterval(clock);
  logBatch.flush();
  tell({ report: "drained" });
}

function reportBug(error: unknown): void {
  counters.add(cells.handlerErrors);
  tell({ report: "failed", stack: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function tell(report: Report): void {
  postMessage(report);
}

function isCidr(range: Cidr | undefined): range is Cidr {
  return range !== undefined;
}
