/**
 * A worker thread: the second entry point of the executable. Wires sockets,
 * relay and shared memory together, and does as the main thread says.
 */
import { formatHostPort } from "./config/host-port.ts";
import type { Config } from "./config/schema.ts";
import { Verifier } from "./credentials/verifier.ts";
import { BanTable } from "./limits/ban-table.ts";
import { ConnectionTable } from "./limits/connection-table.ts";
import { Limiter } from "./limits/limiter.ts";
import { acceptsPerTick } from "./limits/pace.ts";
import type { ShedLevel } from "./limits/shed.ts";
import { ShedPace } from "./limits/shed-pace.ts";
import { Dialer } from "./net/dial.ts";
import { Resolver } from "./net/resolve.ts";
import { Deadlines } from "./net/timer.ts";
import { lineWriter } from "./observe/access-log.ts";
import { cells } from "./observe/cells.ts";
import { Counters } from "./observe/counters.ts";
import { Heartbeat } from "./observe/heartbeat.ts";
import { HeavyHitters } from "./observe/heavy-hitters.ts";
import { LogBatch } from "./observe/log-batch.ts";
import { Observer } from "./observe/observer.ts";
import { type Cidr, parseCidr } from "./policy/address.ts";
import { reachOf } from "./policy/destination.ts";
import { ListTable } from "./policy/list/table.ts";
import { AnswerCache } from "./relay/cache/answer-cache.ts";
import { acceptClient, type ListenerFacts } from "./relay/client/accept.ts";
import { AcceptQueue } from "./relay/client/accept-queue.ts";
import { shedLoad } from "./relay/client/shed.ts";
import { type PolicyPlaces, type RelayContext, type Settings, TICK_MS } from "./relay/context.ts";
import { HeldLinks } from "./relay/gate/held-links.ts";
import { renewSettings, settingsOf } from "./relay/settings.ts";
import { UpstreamPool } from "./relay/upstream-pool.ts";
import { epochMsAt } from "./runtime/epoch.ts";
import type { GateState } from "./runtime/gate-keeper.ts";
import { ListenerSet } from "./runtime/listener-set.ts";
import type { Order, Report, RunningConfig, WorkerStart } from "./runtime/messages.ts";
import { Steps } from "./runtime/steps.ts";
import type { DiskShared, DiskTier } from "./store/disk/tier.ts";
import { Flights } from "./store/memory/flights.ts";
import { MemoryStore } from "./store/memory/store.ts";

/** Hosts that were refused, counted until they are handed to the main thread. */
const REFUSED_HOSTS = 256;
const REFUSED_HOSTS_MS = 1_000;
const MISSING_URLS = 1_000;

// Not by `workerData`: node:worker_threads takes 2 MB of every worker.
/** Under way in the main thread, by their number. */
const purges = new Map<number, (count: number) => void>();
let purgesBegun = 0;

const start = await new Promise<WorkerStart>((resolve) => {
  addEventListener("message", (event: MessageEvent<WorkerStart>) => resolve(event.data), { once: true });
});
const { memory } = start;
const counters = new Counters(memory.counters, start.index);
const heartbeat = new Heartbeat(counters, TICK_MS);
const observer = new Observer(counters, undefined);
const { config } = start.running;
const admission = new ConnectionTable(memory.connections, start.index, memory.seed, config.limits);
const limiter = new Limiter(memory.limits, start.index, memory.seed, admission);
const bans = new BanTable(memory.limits, start.index, memory.seed, config.bans);
const verifier = new Verifier();
const pressure = new Int32Array(memory.pressure);
const resolver = new Resolver(config.dns);
const dialer = new Dialer(reportBug);
const context: RelayContext = {
  settings: settingsFor(start.running),
  counters,
  observer,
  deadlines: new Deadlines(),
  pool: new UpstreamPool(),
  resolver,
  dialer,
  admission,
  limiter,
  bans,
  verifier,
  verifying: new Map(),
  held: new HeldLinks(),
  acceptQueue: new AcceptQueue(),
  refusedHosts: new HeavyHitters(REFUSED_HOSTS),
  cache: await openCache(),
  shedLevel: 0,
  now: performance.now(),
  clock: () => performance.now(),
  epochMs: Date.now() - performance.now(),
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
let refusedHostsToldAt = 0;
let tickedAtMs = performance.now();
let lagMs = 0;
const shedPace = new ShedPace();
const steps = new Steps(
  [
    feelPressure,
    () => context.held.sweep(context.now, reportBug),
    sweepDeadlines,
    sweepFetches,
    () => shedLoad(context),
    () => context.acceptQueue.tick(acceptsPerTick(lagMs, context.settings.config.limits.acceptLag)),
    () => context.pool.expire(context.now - context.settings.config.pool.idle),
    setGauges,
    tellRefusedHosts,
    tellMissing,
    () => logBatch.flush(),
    () => heartbeat.beat(Date.now()),
  ],
  reportBug,
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
      return doOrExit(() => apply(order.running));
    case "renew":
      return doOrExit(() => renew(order.generation, order.gate, order.hasNewLists));
    case "purged":
      purges.get(order.id)?.(order.count);
      return void purges.delete(order.id);
    case "drain":
      return void drain(order.limitMs);
  }
}

/** A config that is half in force would be worse than a worker less: the next one has all of it. */
function doOrExit(change: () => void): void {
  try {
    change();
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
      facts: {
        place: running.places[index] ?? index,
        clients: clients.map(parseCidr).filter(isCidr),
        reach: reachOf(address.host),
      },
    })),
  );
  if (!applied.ok) return tell({ report: "refused", generation, problem: applied.problem });
  const { config, gate } = running;
  context.settings = settingsFor(running);
  resolver.settings = config.dns;
  admission.limits = config.limits;
  limiter.policy = config.policy;
  bans.settings = config.bans;
  verifier.accounts = gate.accounts;
  verifier.cacheMs = config.authentication.cache;
  applyLog(running);
  tell({ report: "applied", generation, ports: applied.ports });
}

/** Without a policy compiled anew: accounts come and go often, and rules may be many. */
function renew(generation: number, gate: GateState, hasNewLists: boolean): void {
  const { config, policy } = context.settings;
  context.settings = renewSettings(context.settings, {
    policyPlaces: policyPlaces(config, gate),
    hasAccounts: gate.hasAccounts,
  });
  if (hasNewLists) policy.setLists(tablesOf(gate));
  verifier.accounts = gate.accounts;
  tell({ report: "applied", generation, ports: [] });
}

function settingsFor({ config, gate, own, ports, places }: RunningConfig): Settings {
  return settingsOf(config, {
    own,
    ports,
    places,
    lists: tablesOf(gate),
    policyPlaces: policyPlaces(config, gate),
    hasAccounts: gate.hasAccounts,
    hostName: gate.hostName,
  });
}

function tablesOf(gate: GateState): Map<string, ListTable> {
  return new Map([...gate.lists].map(([name, table]) => [name, new ListTable(table)]));
}

function policyPlaces({ policy }: Config, gate: GateState): PolicyPlaces {
  const { rules, ...named } = gate.places;
  return { ...named, rules: policy.rules.map(({ name }) => rules.get(name)) };
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

/** The one clock, for all that has a time (`steps`). */
function tick(): void {
  context.now = performance.now();
  context.epochMs = epochMsAt(context.epochMs, Date.now(), context.now);
  lagMs = context.now - tickedAtMs - TICK_MS;
  tickedAtMs = context.now;
  steps.run(context.now);
}

/** Idle, the engine would take its time to collect, and everybody would be turned away for memory that nobody uses. */
function feelPressure(): void {
  const level = Atomics.load(pressure, 0) as ShedLevel;
  if (shedPace.collects(level, context.now)) {
    const before = process.memoryUsage.rss();
    Bun.gc(true);
    shedPace.collected(before, process.memoryUsage.rss());
  }
  context.shedLevel = shedPace.levelFor(level, context.now);
}

function sweepDeadlines(): void {
  context.deadlines.sweep(context.now, (client, error) => {
    reportBug(error);
    client.cut();
  });
}

function setGauges(): void {
  counters.set(cells.upstreamOpen, dialer.open);
  counters.set(cells.upstreamIdle, context.pool.size);
  counters.set(cells.heldLinks, context.held.size);
  counters.set(cells.acceptsHeld, context.acceptQueue.size);
  counters.set(cells.dnsLookups, resolver.lookups);
  counters.set(cells.dnsCacheHits, resolver.hits);
  counters.set(cells.dnsFailures, resolver.failures);
}

async function openCache(): Promise<AnswerCache | undefined> {
  const { cache, seed } = memory;
  if (cache === undefined) return undefined;
  const store = new MemoryStore(cache.arena, start.index, seed);
  const disk = start.disk && (await openDisk(start.disk));
  if (disk !== undefined) store.onEvict = (entry) => void disk.spill(entry);
  return new AnswerCache({
    memory: store,
    disk,
    flights: new Flights(cache.flights, start.index, seed),
    offline: new Int32Array(cache.offline),
    missing: new HeavyHitters(MISSING_URLS),
    purge: (url) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      purges.set(++purgesBegun, resolve);
      tell({ report: "purge", id: purgesBegun, url });
      return promise;
    },
  });
}

/** Its code is not for those who have none: a megabyte for each thread. */
async function openDisk(shared: DiskShared): Promise<DiskTier> {
  const { DiskTier } = await import("./store/disk/tier.ts");
  return new DiskTier(shared, start.index, (what) => tell({ report: "disk", what }));
}

function sweepFetches(): void {
  context.cache?.deadlines.sweep(context.now, (_, error) => reportBug(error));
}

function tellMissing(): void {
  const missing = context.cache?.missing;
  if (missing !== undefined && missing.size > 0) tell({ report: "missing", urls: missing.take() });
}

function tellRefusedHosts(): void {
  if (context.refusedHosts.size === 0 || context.now - refusedHostsToldAt < REFUSED_HOSTS_MS) return;
  refusedHostsToldAt = context.now;
  tell({ report: "refusedHosts", hosts: context.refusedHosts.take() });
}

async function drain(limitMs: number): Promise<void> {
  const cutAt = performance.now() + limitMs;
  context.isDraining = true;
  for (const client of context.deadlines) client.drain();
  await listeners.stop();
  while (context.deadlines.size + context.acceptQueue.size > 0 && performance.now() < cutAt)
    await Bun.sleep(TICK_MS / 4);
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
