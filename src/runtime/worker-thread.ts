/**
 * One worker as the main thread sees it: started, given orders, listened to,
 * and, when it dies, reported dead once.
 */
import type { WorkerState } from "../admin/deps.ts";
import type { HeavyHitter } from "../observe/heavy-hitters.ts";
import type { Order, Report, RunningConfig, WorkerStart } from "./messages.ts";

export interface WorkerEvents {
  onLogged(text: string, lines: number): void;
  onRefusedHosts(hosts: readonly HeavyHitter[]): void;
  onFailed(stack: string): void;
  /** It ended, asked or unasked; the reason is for people. */
  onEnded(reason: string): void;
}

export type Applied =
  | { readonly ok: true; readonly ports: readonly number[] }
  | { readonly ok: false; readonly problem: string };

/** A worker that takes longer to take a config is stuck, and would hold up every reload. */
const APPLY_MS = 5_000;

export class WorkerThread {
  state: WorkerState = "starting";
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (applied: Applied) => void>();
  #events: WorkerEvents | undefined;
  readonly #applyMs: number;
  #lastError = "";

  /** `applyMs`: how long it may take to take a config. */
  constructor(entry: string, start: WorkerStart, events: WorkerEvents, applyMs = APPLY_MS) {
    this.#events = events;
    this.#applyMs = applyMs;
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
    return this.#answerTo(generation);
  }

  apply(running: RunningConfig): Promise<Applied> {
    // Nobody is there to answer.
    if (this.state === "stopped") return Promise.resolve({ ok: false, problem: "The worker ended before" });
    const answer = this.#answerTo(running.generation);
    this.#send({ order: "apply", running });
    const stuck = setTimeout(() => {
      this.#lastError = `it did not answer for ${this.#applyMs / 1_000} s`;
      this.terminate();
    }, this.#applyMs);
    return answer.finally(() => clearTimeout(stuck));
  }

  drain(limitMs: number): void {
    if (this.state === "stopped") return;
    this.state = "draining";
    this.#send({ order: "drain", limitMs });
  }

  /** At once; its connections are closed with it. */
  terminate(): void {
    this.#worker.terminate();
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #answerTo(generation: number): Promise<Applied> {
    const { promise, resolve } = Promise.withResolvers<Applied>();
    this.#waiting.set(generation, resolve);
    return promise;
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
