/**
 * The main thread's work: starts the workers, replaces those that die, gives
 * them new configs, and sees them out. It carries no traffic, so it answers the
 * status port while every worker is busy.
 */
import { networkInterfaces } from "node:os";
import type { ApplyResult, ListenerState, Phase, WorkerState } from "../admin/deps.ts";
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import { ConnectionTable } from "../limits/connection-table.ts";
import { cells } from "../observe/cells.ts";
import { Counters, mainCounters } from "../observe/counters.ts";
import { type Snapshot, takeSnapshot } from "../observe/snapshot.ts";
import { AccessLog } from "./access-log.ts";
import { ListenerPlaces } from "./listener-places.ts";
import { findUnavailable, portsAfter } from "./listener-ports.ts";
import type { RunningConfig } from "./messages.ts";
import { findUnchangeable } from "./restart-only.ts";
import { allocateSharedMemory, type SharedMemory } from "./shared-memory.ts";
import { type Applied, WorkerThread } from "./worker-thread.ts";

/** A worker that dies young is not started again at once: 0.1 s, doubled each time. */
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MS_MAX = 5_000;
const YOUNG_MS = 10_000;

/** Beyond its own limit, how long a draining worker may take to say so. */
const DRAIN_GRACE_MS = 2_000;

export type Started = { readonly ok: true } | { readonly ok: false; readonly problem: string };

interface Slot {
  readonly index: number;
  thread: WorkerThread;
  startedAt: number;
  /** Deaths in a row, each soon after a start. */
  youngDeaths: number;
}

export class Supervisor {
  phase: Phase = "starting";
  readonly memory: SharedMemory;
  readonly #entry: string;
  readonly #report: (message: string) => void;
  readonly #slots: Slot[] = [];
  readonly #counters: Counters;
  readonly #log: AccessLog;
  readonly #places = new ListenerPlaces();
  readonly #drained = Promise.withResolvers<void>();
  readonly #admin: HostPort | undefined;
  #running: RunningConfig;
  /** One at a time: two reloads at once would leave workers with either. */
  #applying: Promise<unknown> = Promise.resolve();

  /** `entry` is the file that a worker runs; `admin` is the status port as bound. */
  constructor(entry: string, config: Config, admin: HostPort | undefined, report: (message: string) => void) {
    this.memory = allocateSharedMemory(workerCount(config));
    this.#counters = mainCounters(this.memory.counters);
    this.#log = new AccessLog(this.#counters, report);
    this.#entry = entry;
    this.#report = report;
    this.#admin = admin;
    this.#running = this.#runningOf(
      config,
      config.listeners.map(({ address }) => address.port),
      1,
    );
  }

  get config(): Config {
    return this.#running.config;
  }

  get generation(): number {
    return this.#running.generation;
  }

  get workers(): readonly WorkerState[] {
    return this.#slots.map(({ thread }) => thread.state);
  }

  get listeners(): readonly ListenerState[] {
    const { config, ports, places } = this.#running;
    return config.listeners.map(({ address, mode }, index) => ({
      address: formatHostPort({ host: address.host, port: ports[index] ?? address.port }),
      mode,
      place: places[index] ?? index,
    }));
  }

  /** Resolves when all is drained. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Every worker listens, or nothing does and the problem says why. */
  async start(): Promise<Started> {
    const { config } = this.#running;
    const unavailable = findUnavailable(config.listeners.map(({ address }) => address));
    if (unavailable !== undefined) return { ok: false, problem: unavailable };
    const opened = await this.#log.open(config.log);
    if (!opened.ok) return opened;

    const first = await this.#startWorker(0);
    if (!first.ok) return first;
    // What port 0 became for the first worker holds for the others.
    this.#running = this.#runningOf(config, first.ports, 1);
    const count = workerCount(config);
    const others = await Promise.all(
      Array.from({ length: count - 1 }, (_, index) => this.#startWorker(index + 1)),
    );
    const told = await this.#slots[0]?.thread.apply(this.#running);
    const failed = [...others, told].find((applied) => applied?.ok === false);
    if (failed?.ok === false) return failed;
    this.phase = "ready";
    return { ok: true };
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.memory.counters);
  }

  /** Counts a config that was found wrong before it came here. */
  refuse(problems: readonly string[]): ApplyResult {
    this.#counters.add(cells.configReloads.refused);
    return { ok: false, problems };
  }

  /** All workers run the new config, or all go on with the old one. */
  apply(config: Config): Promise<ApplyResult> {
    const result = this.#applying.then(() => this.#applyNow(config));
    this.#applying = result.catch(() => {});
    return result.then((applied) => {
      this.#counters.add(applied.ok ? cells.configReloads.applied : cells.configReloads.refused);
      return applied;
    });
  }

  /** Idempotent. Resolves `drained` at the latest a moment after `timeouts.drain`. */
  drain(): void {
    if (this.phase === "draining") return;
    this.phase = "draining";
    const limitMs = this.config.timeouts.drain;
    for (const { thread } of this.#slots) thread.drain(limitMs);
    setTimeout(() => this.#drained.resolve(), limitMs + DRAIN_GRACE_MS);
    this.#checkDrained();
  }

  /** Ends a worker at once, as if it had crashed. */
  restartWorker(index: number): boolean {
    const slot = this.#slots[index];
    if (slot === undefined || this.phase !== "ready") return false;
    slot.thread.terminate();
    return true;
  }

  reopenLog(): void {
    this.#log.reopen();
  }

  /** Writes what waits of the access log. */
  async close(): Promise<void> {
    await this.#log.close();
  }

  async #applyNow(config: Config): Promise<ApplyResult> {
    if (this.phase !== "ready") return { ok: false, problems: [`Cannot apply a config: ${this.phase}`] };
    const before = this.#running;
    const problems = findUnchangeable(before.config, config);
    if (problems.length > 0) return { ok: false, problems };
    const wanted = config.listeners.map(({ address }) => address);
    const ports = portsAfter(
      before.config.listeners.map(({ address }) => address),
      before.ports,
      wanted,
    );
    // What we have ourselves a probe would find taken.
    const unavailable = findUnavailable(wanted.filter(({ port }) => !before.ports.includes(port)));
    if (unavailable !== undefined) return { ok: false, problems: [unavailable] };
    const opened = await this.#log.open(config.log);
    if (!opened.ok) return { ok: false, problems: [opened.problem] };

    let running = this.#runningOf(config, ports, before.generation + 1);
    const done: WorkerThread[] = [];
    for (const { thread } of this.#slots) {
      if (thread.state !== "running") continue;
      const applied = await thread.apply(running);
      if (!applied.ok) {
        await this.#rollBack(before, done);
        return { ok: false, problems: [applied.problem] };
      }
      // What port 0 became for the first worker holds for the others.
      if (done.length === 0) running = this.#runningOf(config, applied.ports, running.generation);
      done.push(thread);
    }
    // The first was told before these were known, and must know them for its own listeners too.
    if (ports.includes(0)) await done[0]?.apply(running);
    this.#running = running;
    return { ok: true, generation: running.generation };
  }

  async #rollBack(before: RunningConfig, done: readonly WorkerThread[]): Promise<void> {
    await this.#log.open(before.config.log);
    for (const thread of done) await thread.apply(before);
  }

  #startWorker(index: number): Promise<Applied> {
    const running = this.#running;
    const acknowledge = this.#log.acknowledgerFor(new Counters(this.memory.counters, index));
    const thread = new WorkerThread(
      this.#entry,
      { index, memory: this.memory, running },
      {
        onLogged: (text, lines) => this.#log.write(text, lines, acknowledge.add),
        onFailed: (stack) => this.#report(`Caught in a handler, one connection lost: ${stack}`),
        onEnded: (reason) => {
          acknowledge.stop();
          this.#workerEnded(index, reason);
        },
      },
    );
    const slot = this.#slots[index];
    if (slot === undefined)
      this.#slots[index] = { index, thread, startedAt: performance.now(), youngDeaths: 0 };
    else {
      slot.thread = thread;
      slot.startedAt = performance.now();
    }
    return thread.started(running.generation);
  }

  #workerEnded(index: number, reason: string): void {
    const counters = new Counters(this.memory.counters, index);
    counters.clearGauges();
    new ConnectionTable(this.memory.connections, index, 0, this.config.limits).clear();
    if (this.phase !== "ready") return this.#checkDrained();
    counters.add(cells.workerRestarts);
    const slot = this.#slots[index];
    if (slot === undefined) return;
    const wasYoung = performance.now() - slot.startedAt < YOUNG_MS;
    slot.youngDeaths = wasYoung ? slot.youngDeaths + 1 : 0;
    const delayMs =
      slot.youngDeaths > 1
        ? Math.min(RESTART_DELAY_MS * 2 ** (slot.youngDeaths - 2), RESTART_DELAY_MS_MAX)
        : 0;
    this.#report(`Worker ${index} ended and is replaced${delayMs > 0 ? ` in ${delayMs} ms` : ""}: ${reason}`);
    setTimeout(() => this.#replace(index), delayMs);
  }

  /** In turn with new configs, or one that comes meanwhile would pass the new worker by. */
  #replace(index: number): void {
    this.#applying = this.#applying.then(async () => {
      if (this.phase !== "ready") return;
      const applied = await this.#startWorker(index);
      if (applied.ok) return;
      this.#report(`Worker ${index} could not start: ${applied.problem}`);
      // It lives and does nothing; as one that died it is tried again.
      this.#slots[index]?.thread.terminate();
    });
  }

  #checkDrained(): void {
    if (this.phase !== "draining") return;
    if (this.#slots.every(({ thread }) => thread.state === "stopped")) this.#drained.resolve();
  }

  #runningOf(config: Config, ports: readonly number[], generation: number): RunningConfig {
    const listening = config.listeners.map(({ address }, index) => ({
      host: address.host,
      port: ports[index] ?? address.port,
    }));
    if (this.#admin !== undefined) listening.push(this.#admin);
    const interfaces = Object.values(networkInterfaces()).flatMap(
      (each) => each?.map(({ address }) => address) ?? [],
    );
    const places = this.#places.assign(config.listeners.map(({ address }) => address));
    const own = { listening, interfaces };
    return { generation, config, ports, places, own, ...this.#log.lineStyle(config.log) };
  }
}

/** Only Linux spreads connections over the listeners that share a port; elsewhere a second worker would idle. */
export function workerCount({ workers }: Config): number {
  if (workers !== "auto") return workers;
  return process.platform === "linux" ? navigator.hardwareConcurrency : 1;
}
