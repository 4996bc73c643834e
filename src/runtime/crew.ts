/**
 * The workers: started, replaced when they die, and told what to run. One that
 * dies takes nothing with it: its gauges, its counts and its locks are cleared,
 * and its siblings do not notice.
 */
import type { WorkerState } from "../admin/deps.ts";
import type { Config } from "../config/schema.ts";
import { cells } from "../observe/cells.ts";
import { Counters } from "../observe/counters.ts";
import type { HeavyHitter } from "../observe/heavy-hitters.ts";
import type { DiskShared } from "../store/disk/tier.ts";
import type { AccessLog } from "./access-log.ts";
import type { CacheReport, RunningConfig } from "./messages.ts";
import { clearWorker, type SharedMemory } from "./shared-memory.ts";
import { type Applied, WorkerThread } from "./worker-thread.ts";

/** A worker that dies young is not started again at once: 0.1 s, doubled each time. */
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MS_MAX = 5_000;
const YOUNG_MS = 10_000;

export interface CrewEvents {
  report(message: string): void;
  onRefusedHosts(hosts: readonly HeavyHitter[]): void;
  onCacheReport(report: CacheReport, from: WorkerThread): void;
  /** One ended, and has nothing open any more. */
  onCleared(index: number): void;
  /** One ended: true when it is to be replaced, by `replace`, after `delayMs`. */
  onEnded(): boolean;
  /** Its place is empty; called when a new one may be started. */
  onReplace(index: number): void;
}

interface Slot {
  thread: WorkerThread;
  startedAt: number;
  /** Deaths in a row, each soon after a start. */
  youngDeaths: number;
}

export class Crew {
  readonly #entry: string;
  readonly #memory: SharedMemory;
  readonly #log: AccessLog;
  readonly #events: CrewEvents;
  readonly #slots: Slot[] = [];
  /** What a worker is told of the cache's disk; set before the first is started. */
  disk: DiskShared | undefined;

  /** `entry` is the file that a worker runs. */
  constructor(entry: string, memory: SharedMemory, log: AccessLog, events: CrewEvents) {
    this.#entry = entry;
    this.#memory = memory;
    this.#log = log;
    this.#events = events;
  }

  get states(): readonly WorkerState[] {
    return this.#slots.map(({ thread }) => thread.state);
  }

  /** Those that carry traffic, in order. */
  get running(): readonly WorkerThread[] {
    return this.#slots.map(({ thread }) => thread).filter(({ state }) => state === "running");
  }

  get isStopped(): boolean {
    return this.#slots.every(({ thread }) => thread.state === "stopped");
  }

  /** In place of the one that was there, if there was. */
  start(index: number, running: RunningConfig): Promise<Applied> {
    const acknowledge = this.#log.acknowledgerFor(new Counters(this.#memory.counters, index));
    const thread = new WorkerThread(
      this.#entry,
      { index, memory: this.#memory, running, disk: this.disk },
      {
        onLogged: (text, lines) => this.#log.write(text, lines, acknowledge.add),
        onRefusedHosts: (hosts) => this.#events.onRefusedHosts(hosts),
        onCacheReport: (report) => this.#events.onCacheReport(report, thread),
        onFailed: (stack) => this.#events.report(`Caught in a handler, one connection lost: ${stack}`),
        onEnded: (reason) => {
          acknowledge.stop();
          this.#ended(index, reason);
        },
      },
    );
    const youngDeaths = this.#slots[index]?.youngDeaths ?? 0;
    this.#slots[index] = { thread, startedAt: performance.now(), youngDeaths };
    return thread.started(running.generation);
  }

  drain(limitMs: number): void {
    for (const { thread } of this.#slots) thread.drain(limitMs);
  }

  /** At once, as if it had crashed; false when there is no such worker. */
  terminate(index: number): boolean {
    const slot = this.#slots[index];
    slot?.thread.terminate();
    return slot !== undefined;
  }

  #ended(index: number, reason: string): void {
    clearWorker(this.#memory, index);
    this.#events.onCleared(index);
    if (!this.#events.onEnded()) return;
    new Counters(this.#memory.counters, index).add(cells.workerRestarts);
    const slot = this.#slots[index];
    if (slot === undefined) return;
    const wasYoung = performance.now() - slot.startedAt < YOUNG_MS;
    slot.youngDeaths = wasYoung ? slot.youngDeaths + 1 : 0;
    const delayMs =
      slot.youngDeaths > 1
        ? Math.min(RESTART_DELAY_MS * 2 ** (slot.youngDeaths - 2), RESTART_DELAY_MS_MAX)
        : 0;
    const when = delayMs > 0 ? ` in ${delayMs} ms` : "";
    this.#events.report(`Worker ${index} ended and is replaced${when}: ${reason}`);
    setTimeout(() => this.#events.onReplace(index), delayMs);
  }
}

/** Only Linux spreads connections over the listeners that share a port; elsewhere a second worker would idle. */
export function workerCount({ workers }: Config): number {
  if (workers !== "auto") return workers;
  return process.platform === "linux" ? navigator.hardwareConcurrency : 1;
}
