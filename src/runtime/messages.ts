/** What the main thread and a worker say to each other. Orders are imperative, reports in the past tense. */
import type { Config } from "../config/schema.ts";
import type { LineFormat } from "../observe/access-log.ts";
import type { HeavyHitter } from "../observe/heavy-hitters.ts";
import type { OwnAddresses } from "../policy/destination.ts";
import type { DiskReport, DiskShared } from "../store/disk/tier.ts";
import type { GateState } from "./gate-keeper.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** A config as one generation of workers runs it. */
export interface RunningConfig {
  readonly generation: number;
  readonly config: Config;
  readonly gate: GateState;
  /** By position in `config.listeners`; 0 lets the kernel choose. */
  readonly ports: readonly number[];
  /** By position in `config.listeners`: the cells that it counts in. */
  readonly places: readonly number[];
  readonly own: OwnAddresses;
  /** Undefined: no access log. */
  readonly logFormat: LineFormat | undefined;
  readonly logColour: boolean;
}

/** What a worker is born with: the first message that it gets. */
export interface WorkerStart {
  readonly index: number;
  readonly memory: SharedMemory;
  readonly running: RunningConfig;
  /** Undefined: the cache has no disk. */
  readonly disk: DiskShared | undefined;
}

export type Order =
  | { readonly order: "apply"; readonly running: RunningConfig }
  /** The config stays; lists and accounts are new. Much less work than `apply`. */
  | {
      readonly order: "renew";
      readonly generation: number;
      readonly gate: GateState;
      /** What has been posted can't be compared with what came before. */
      readonly hasNewLists: boolean;
    }
  /** Answers `purge`. */
  | { readonly order: "purged"; readonly id: number; readonly count: number }
  /** Stop accepting, finish what is in flight, cut what is left after `limitMs`. */
  | { readonly order: "drain"; readonly limitMs: number };

export type Report =
  /** Answers the start, every `apply` and `renew`; ports by position in `config.listeners`. */
  | { readonly report: "applied"; readonly generation: number; readonly ports: readonly number[] }
  /** Nothing of that config is in force, the one before still is. */
  | { readonly report: "refused"; readonly generation: number; readonly problem: string }
  | { readonly report: "logged"; readonly text: string; readonly lines: number }
  /** Hosts that the gate refused since the last such report. */
  | { readonly report: "refusedHosts"; readonly hosts: readonly HeavyHitter[] }
  /** What was asked for and not stored, while nothing may be fetched, since the last such report. */
  | { readonly report: "missing"; readonly urls: readonly HeavyHitter[] }
  /** A client wants it forgotten; answered by `purged` when it is. */
  | { readonly report: "purge"; readonly id: number; readonly url: string }
  | { readonly report: "disk"; readonly what: DiskReport }
  /** An exception in our own code cost one connection. */
  | { readonly report: "failed"; readonly stack: string }
  | { readonly report: "drained" };

/** What the main thread's keeper of the cache is told. */
export type CacheReport = Extract<Report, { report: "missing" | "purge" | "disk" }>;
