/**
 * The main thread's work: brings a config into force in all workers or in none,
 * keeps what they need of it up to date, and sees them out. It carries no traffic,
 * so it answers the status port while every worker is busy.
 */
import type { ApplyResult, ListenerState, Phase, WorkerState } from "../admin/deps.ts";
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import { BanTable } from "../limits/ban-table.ts";
import { MAIN_THREAD } from "../limits/lock.ts";
import { cells } from "../observe/cells.ts";
import { type Counters, mainCounters } from "../observe/counters.ts";
import { type Snapshot, takeSnapshot } from "../observe/snapshot.ts";
import { AccessLog } from "./access-log.ts";
import { CacheKeeper } from "./cache-keeper.ts";
import { Crew, workerCount } from "./crew.ts";
import type { ExplainWith } from "./explain.ts";
import { GateKeeper, type GateState, type PreparedGate } from "./gate-keeper.ts";
import { give, insist } from "./give.ts";
import { ListenerPlaces } from "./listener-places.ts";
import { findUnavailable, portsAfter } from "./listener-ports.ts";
import { MemoryWatch } from "./memory-watch.ts";
import type { CacheReport, RunningConfig } from "./messages.ts";
import { withPorts } from "./own-addresses.ts";
import { findUnchangeable } from "./restart-only.ts";
import { allocateSharedMemory, type SharedMemory } from "./shared-memory.ts";
import { Turns } from "./turns.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** Beyond its own limit, how long a draining worker may take to say so. */
const DRAIN_GRACE_MS = 2_000;

export type Started = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

export class Supervisor {
  phase: Phase = "starting";
  readonly memory: SharedMemory;
  readonly gate: GateKeeper;
  readonly memoryWatch: MemoryWatch;
  readonly bans: BanTable;
  readonly cache: CacheKeeper;
  readonly #report: (message: string) => void;
  readonly #counters: Counters;
  readonly #log: AccessLog;
  readonly #crew: Crew;
  #places = new ListenerPlaces();
  readonly #drained = Promise.withResolvers<void>();
  readonly #admin: HostPort | undefined;
  #running: RunningConfig;
  /** What workers are given, one thing at a time: two at once would leave them with either. */
  readonly #turns = new Turns();
  /** Configs have theirs: what they load may take minutes, and nothing else is to wait for it. */
  readonly #configs = new Turns();

  /** `entry` is the file that a worker runs; `admin` is the status port as bound. */
  constructor(entry: string, config: Config, admin: HostPort | undefined, report: (message: string) => void) {
    this.memory = allocateSharedMemory(workerCount(config), config.cache.memory);
    this.#counters = mainCounters(this.memory.counters);
    this.#log = new AccessLog(this.#counters, report);
    this.#report = report;
    this.#admin = admin;
    this.bans = new BanTable(this.memory.limits, MAIN_THREAD, this.memory.seed, config.bans);
    this.cache = new CacheKeeper(this.memory.cache, this.memory.seed, this.#counters);
    this.gate = new GateKeeper(report, () => this.#refresh());
    this.memoryWatch = new MemoryWatch(this.memory.pressure, (level) => this.#pressed(level));
    this.#crew = new Crew(entry, this.memory, this.#log, {
      report,
      onRefusedHosts: (hosts) => this.gate.countRefused(hosts),
      onCacheReport: (what, worker) => void this.#onCacheReport(what, worker),
      onCleared: (index) => this.cache.workerEnded(index),
      onEnded: () => this.#workerEnded(),
      onReplace: (index) => this.#replace(index),
    });
    this.#running = this.#runningOf(config, this.gate.state, portsOf(config), this.#places, 1);
  }

  get config(): Config {
    return this.#running.config;
  }

  get generation(): number {
    return this.#running.generation;
  }

  get workers(): readonly WorkerState[] {
    return this.#crew.states;
  }

  get listeners(): readonly ListenerState[] {
    const { config, ports, places } = this.#running;
    return config.listeners.map(({ address, mode }, index) => ({
      address: formatHostPort({ host: address.host, port: ports[index] ?? address.port }),
      mode,
      place: places[index] ?? index,
    }));
  }

  get explainWith(): ExplainWith {
    const { gate, own } = this.#running;
    return { lists: gate.lists, accounts: gate.accounts, hasAccounts: gate.hasAccounts, own };
  }

  /** Resolves when all is drained. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Every worker listens, or nothing does and the problems say why. */
  async start(): Promise<Started> {
    const { config } = this.#running;
    const unavailable = findUnavailable(config.listeners.map(({ address }) => address));
    if (unavailable !== undefined) return { ok: false, problems: [unavailable] };
    const gate = await this.gate.prepare(config);
    if (!gate.ok) return gate;
    const opened = await this.#log.open(config.log);
    if (!opened.ok) return { ok: false, problems: [opened.problem] };

    this.#crew.disk = await this.cache.open(config, this.#report);
    this.cache.obey(config);
    this.#running = this.#runningOf(config, gate.state, portsOf(config), this.#places, 1);
    const first = await this.#crew.start(0, this.#running);
    if (!first.ok) return { ok: false, problems: [first.problem] };
    // What port 0 became for the first worker holds for the others.
    this.#running = this.#runningOf(config, gate.state, first.ports, this.#places, 1);
    const others = Array.from({ length: workerCount(config) - 1 }, (_, index) =>
      this.#crew.start(index + 1, this.#running),
    );
    const told = await this.#crew.running[0]?.apply(this.#running);
    const failed = [...(await Promise.all(others)), told].find((applied) => applied?.ok === false);
    if (failed?.ok === false) return { ok: false, problems: [failed.problem] };
    this.phase = "ready";
    gate.commit();
    this.memoryWatch.obey(config);
    return { ok: true };
  }

  snapshot(): Snapshot {
    this.#counters.set(cells.bansActive, this.bans.list(Date.now()).length);
    this.cache.count();
    return takeSnapshot(this.memory.counters);
  }

  /** Counts a config that was found wrong before it came here. */
  refuse(problems: readonly string[]): ApplyResult {
    this.#counters.add(cells.configReloads.refused);
    return { ok: false, problems };
  }

  /** All workers run the new config, or all go on with the old one. */
  apply(config: Config): Promise<ApplyResult> {
    const result = this.#configs.take(() => this.#prepareAndApply(config));
    return result.then((applied) => {
      this.#counters.add(applied.ok ? cells.configReloads.applied : cells.configReloads.refused);
      return applied;
    });
  }

  /** When every worker has what the gate's keeper has now. */
  async settled(): Promise<void> {
    await this.#turns.take(async () => {});
  }

  /** Idempotent. Resolves `drained` at the latest a moment after `timeouts.drain`. */
  drain(): void {
    if (this.phase === "draining") return;
    this.phase = "draining";
    const limitMs = this.config.timeouts.drain;
    this.#crew.drain(limitMs);
    setTimeout(() => this.#drained.resolve(), limitMs + DRAIN_GRACE_MS);
    this.#checkDrained();
  }

  /** Ends a worker at once, as if it had crashed. */
  restartWorker(index: number): boolean {
    return this.phase === "ready" && this.#crew.terminate(index);
  }

  reopenLog(): void {
    this.#log.reopen();
  }

  /** Writes what waits of the access log. */
  async close(): Promise<void> {
    this.gate.close();
    this.memoryWatch.close();
    await this.cache.close();
    await this.#log.close();
  }

  async #prepareAndApply(config: Config): Promise<ApplyResult> {
    const problems = this.#findObstacles(config);
    if (problems.length > 0) return { ok: false, problems };
    const gate = await this.gate.prepare(config);
    return this.#turns.take(() => this.#applyNow(config, gate));
  }

  async #applyNow(config: Config, prepared: PreparedGate): Promise<ApplyResult> {
    const problems = this.#findObstacles(config);
    if (problems.length > 0) return { ok: false, problems };
    // A token that was removed meanwhile must not come back.
    const gate = prepared.ok ? prepared.renew() : prepared;
    if (!gate.ok) return gate;
    const opened = await this.#log.open(config.log);
    if (!opened.ok) return { ok: false, problems: [opened.problem] };

    const before = this.#running;
    const places = this.#places.copy();
    const wanted = this.#runningOf(
      config,
      gate.state,
      this.#portsAfter(config),
      places,
      before.generation + 1,
    );
    const result = await give(this.#crew.running, wanted, (running, ports) =>
      withPorts(running, ports, this.#admin),
    );
    if (!result.ok) {
      await this.#log.open(before.config.log);
      await insist(result.done, (thread) => thread.apply(before));
      return { ok: false, problems: [result.problem] };
    }
    this.#running = result.running;
    this.#places = places;
    gate.commit();
    this.memoryWatch.obey(config);
    this.cache.obey(config);
    return { ok: true, generation: wanted.generation };
  }

  /** Why this config can't be applied, as far as it can be known before it is tried. */
  #findObstacles(config: Config): readonly string[] {
    if (this.phase !== "ready") return [`Cannot apply a config: ${this.phase}`];
    const before = this.#running;
    const unchangeable = findUnchangeable(before.config, config);
    if (unchangeable.length > 0) return unchangeable;
    // What we have ourselves a probe would find taken.
    const wanted = config.listeners.map(({ address }) => address);
    const unavailable = findUnavailable(wanted.filter(({ port }) => !before.ports.includes(port)));
    return unavailable === undefined ? [] : [unavailable];
  }

  #portsAfter({ listeners }: Config): readonly number[] {
    const { config, ports } = this.#running;
    return portsAfter(
      config.listeners.map(({ address }) => address),
      ports,
      listeners.map(({ address }) => address),
    );
  }

  /** The same config, with what lists and accounts have become. */
  #refresh(): void {
    void this.#turns.take(async () => {
      if (this.phase !== "ready") return;
      const before = this.#running.gate;
      this.#running = { ...this.#running, gate: this.gate.state };
      const hasNewLists = before.lists !== this.gate.state.lists;
      await insist(this.#crew.running, (thread) => thread.renew(this.#running, hasNewLists));
    });
  }

  async #onCacheReport(report: CacheReport, worker: WorkerThread): Promise<void> {
    switch (report.report) {
      case "missing":
        return this.cache.countMissing(report.urls);
      case "disk":
        return this.cache.onDiskReport(report.what);
      case "purge": {
        const count = await this.cache.purge({ matches: { url: report.url }, soft: false });
        return worker.tellPurged(report.id, count);
      }
    }
  }

  #workerEnded(): boolean {
    if (this.phase === "ready") return true;
    this.#checkDrained();
    return false;
  }

  /** In turn with new configs, or one that comes meanwhile would pass the new worker by. */
  #replace(index: number): void {
    void this.#turns.take(async () => {
      if (this.phase !== "ready") return;
      const applied = await this.#crew.start(index, this.#running);
      if (applied.ok) return;
      this.#report(`Worker ${index} could not start: ${applied.problem}`);
      // It lives and does nothing; as one that died it is tried again.
      this.#crew.terminate(index);
    });
  }

  #pressed(level: number): void {
    this.#counters.set(cells.shedLevel, level);
    const { ceiling = 0 } = this.memoryWatch;
    this.#report(
      level === 0
        ? "Memory is in order again, nothing is shed"
        : `Memory runs short: shedding load, level ${level} of 3 (the ceiling is ${Math.round(ceiling / 2 ** 20)} MiB)`,
    );
  }

  #checkDrained(): void {
    if (this.phase === "draining" && this.#crew.isStopped) this.#drained.resolve();
  }

  #runningOf(
    config: Config,
    gate: GateState,
    ports: readonly number[],
    listenerPlaces: ListenerPlaces,
    generation: number,
  ): RunningConfig {
    const places = listenerPlaces.assign(config.listeners.map(({ address }) => address));
    const own = { listening: [], interfaces: [] };
    const running = { generation, config, gate, ports, places, own, ...this.#log.lineStyle(config.log) };
    return withPorts(running, ports, this.#admin);
  }
}

function portsOf({ listeners }: Config): number[] {
  return listeners.map(({ address }) => address.port);
}
