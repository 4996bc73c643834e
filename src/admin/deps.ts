/**
 * What the status port asks of the process it reports on, and may order it to do.
 * The supervisor implements it; the app knows nothing else of threads or sockets.
 */
import type { HostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import type { TokenState } from "../credentials/keeper.ts";
import type { AddedToken, TokenRequest } from "../credentials/token-store.ts";
import type { Ban } from "../limits/ban-table.ts";
import type { ListState } from "../lists/kept-list.ts";
import type { HeavyHitter } from "../observe/heavy-hitters.ts";
import type { PlaceNames } from "../observe/metric-table.ts";
import type { Snapshot } from "../observe/snapshot.ts";
import type { CacheAdmin } from "./cache-admin.ts";

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

export type Explained =
  | { readonly ok: true; readonly explanation: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

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
  /** By place: rules, lists, users, tags and limits of the config in force. */
  names(): PlaceNames;
  /** Hosts that the policy refused most often, the most first, at most `count`. */
  refusedHosts(count: number): readonly HeavyHitter[];
  lists(): readonly ListState[];
  tokens(): readonly TokenState[];
  /** Once it resolves, every worker knows of it. The same holds for the next. */
  addToken(token: TokenRequest): Promise<AddedToken>;
  /** False when there is none of that name which was added here. */
  removeToken(name: string): Promise<boolean>;
  /** Those in force. */
  bans(): readonly Ban[];
  /** False when there is no such ban; `client` as `bans` has it. */
  liftBan(client: string): boolean;
  /** `cacheOff` where there is none. */
  cache(): CacheAdmin;
  /** `question` is whatever came as the body. */
  explain(question: unknown): Promise<Explained>;
  /** `host`: the `Host` of the request. */
  proxyPac(host: string | undefined): string;
  /** Bytes of resident memory at which load is shed; undefined: never. */
  memoryCeiling(): number | undefined;
  /** Ends a worker at once and replaces it; false when there is no such worker. */
  restartWorker(index: number): boolean;
  /** An error in our own code: to be logged with its stack and counted. */
  report(error: Error): void;
}
