/**
 * One worker as the main thread sees it: started, given orders, listened to,
 * and, when it dies, reported dead once.
 */
import type { WorkerState } from "../admin/deps.ts";
import type { HeavyHitter } from "../observe/heavy-hitters.ts";
import type { CacheReport, Order, Report, RunningConfig, WorkerStart } from "./messages.ts";

export interface WorkerEvents {
  onLogged(text: string, lines: number): void;
  onRefusedHosts(hosts: readonly HeavyHitter[]): void;
  onCacheReport(report: CacheReport): void;
  onFailed(stack: string): void;
  /** It ended, asked or unasked; the reason is for people. */
  onEnded(reason: string): void;
}

export type Applied =
  | { readonly ok: true; readonly ports: readonly number[] }
  | { readonly ok: false; readonly problem: string };

/** Milliseconds. A worker that takes longer is stuck, and would hold up every reload. */
export interface WorkerPatience {
  /** To start and take the config that it was born with. */
  readonly startMs: number;
  /** To take another. */
  readonly applyMs: number;
}

const PATIENCE: WorkerPatience = { startMs: 10_000, applyMs: 5_000 };

export class WorkerThread {
  state: WorkerState = "starting";
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (applied: Applied) => void>();
  #events: WorkerEvents | undefined;
  readonly #patience: WorkerPatience;
  #lastError = "";

  constructor(entry: string, start: WorkerStart, events: WorkerEvents, patience = PATIENCE) {
    this.#events = events;
    this.#patience = patience;
    this.#worker = new Worker(entry);
    this.#worker.postMessage(start);
    this.#worker.addEventListener("message", (event: MessageEvent<Report>) => this.#onReport(event.data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#lastError = event.message;
    });
    this.#worker.addEventListener("close", () =>
      this.#ended(this.#lastError === "" ? "it exited" : this.#lastError),
    );
  }

  /** Resolves when the config that the worker was born with is in force, or can't be. */
  started(generation: number): Promise<Applied> {
    return this.#answerTo(generation, this.#patience.startMs);
  }

  apply(running: RunningConfig): Promise<Applied> {
    return this.#ask({ order: "apply", running }, running.generation);
  }

  /** The config that it has, with the gate's state as it is now. */
  renew({ generation, gate }: RunningConfig, hasNewLists: boolean): Promise<Applied> {
    return this.#ask({ order: "renew", generation, gate, hasNewLists }, generation);
  }

  tellPurged(id: number, count: number): void {
    if (this.state !== "stopped") this.#send({ order: "purged", id, count });
  }

  drain(limitMs: number): void {
    if (this.state === "stopped") return;
    this.state = "draining";
    this.#send({ order: "drain", limitMs });
  }

  /** At once; its connections are closed with it. `reason` is for people. */
  terminate(reason = ""): void {
    if (reason !== "") this.#lastError = reason;
    this.#worker.terminate();
  }

  #ask(order: Order, generation: number): Promise<Applied> {
    // Nobody is there to answer.
    if (this.state === "stopped") return Promise.resolve({ ok: false, problem: "The worker ended before" });
    const answer = this.#answerTo(generation, this.#patience.applyMs);
    this.#send(order);
    return answer;
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #answerTo(generation: number, patienceMs: number): Promise<Applied> {
    const { promise, resolve } = Promise.withResolvers<Applied>();
    this.#waiting.set(generation, resolve);
    const stuck = setTimeout(
      () => this.terminate(`it did not answer for ${patienceMs / 1_000} s`),
      patienceMs,
    );
    return promise.finally(() => clearTimeout(stuck));
  }

  #onReport(report: Report): void {
    switch (report.report) {
      case "applied":
        if (this.state === "starting") this.state = "running";
        return this.#settle(report.generation, { ok: true, ports: report.ports });
      case "refused":
        return this.#settle(report.generation, { ok: false, problem: report.problem });
      case "logged":
        return this.#events?.onLogged(report.text, report.lines);
      case "refusedHosts":
        return this.#events?.onRefusedHosts(report.hosts);
      case "missing":
      case "purge":
      case "disk":
        return this.#events?.onCacheReport(report);
      case "failed":
        return this.#events?.onFailed(report.stack);
      case "drained":
        this.#worker.terminate();
        return this.#ended("drained");
    }
  }

  #settle(generation: number, applied: Applied): void {
    this.#waiting.get(generation)?.(applied);
    this.#waiting.delete(generation);
  }

  #ended(reason: string): void {
    if (this.state === "stopped") return;
    this.state = "stopped";
    for (const generation of [...this.#waiting.keys()]) {
      this.#settle(generation, { ok: false, problem: `The worker ended: ${reason}` });
    }
    const events = this.#events;
    this.#events = undefined;
    events?.onEnded(reason);
  }
}
