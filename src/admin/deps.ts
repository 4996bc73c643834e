/**
 * What the status port asks of the process it reports on, and may order it to do.
 * The supervisor implements it; the app knows nothing else of threads or sockets.
 */
import type { HostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import type { Snapshot } from "../observe/snapshot.ts";

export type Phase = "starting" | "ready" | "draining";

export type WorkerState = "starting" | "running" | "draining" | "stopped";

export type ApplyResult =
  | { readonly ok: true; readonly generation: number }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ListenerState {
  readonly address: string;
  readonly mode: string;
  /** Which of the listeners' cells it counts in: its own for as long as it is there. */
  readonly place: number;
}

export interface AdminDeps {
  readonly version: string;
  readonly commit: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Where the status port itself listens, the port as bound. */
  address(): HostPort;
  phase(): Phase;
  snapshot(): Snapshot;
  /** Workers that are wanted now, in order; there may be rows of counters for more. */
  workers(): readonly WorkerState[];
  /** As bound, by position. */
  listeners(): readonly ListenerState[];
  config(): Config;
  generation(): number;
  applyConfig(input: unknown): Promise<ApplyResult>;
  /** Reads the config file again; "no_file" when there is none. */
  reload(): Promise<ApplyResult | "no_file">;
  drain(): void;
  /** Ends a worker at once and replaces it; false when there is no such worker. */
  restartWorker(index: number): boolean;
  /** An error in our own code: to be logged with its stack and counted. */
  report(error: Error): void;
}
