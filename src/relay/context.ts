/**
 * What every exchange of a worker shares. The worker makes one; a new config
 * replaces `settings` between two events, and an exchange keeps the settings
 * that it began with.
 */
import type { Config } from "../config/schema.ts";
import type { Verifier } from "../credentials/verifier.ts";
import type { HeadLimits } from "../http1/head.ts";
import type { BanTable } from "../limits/ban-table.ts";
import type { Admitted } from "../limits/connection-table.ts";
import type { Limiter } from "../limits/limiter.ts";
import type { ShedLevel } from "../limits/shed.ts";
import type { DialWaiter } from "../net/dial.ts";
import type { Resolution } from "../net/resolve.ts";
import type { Deadlined, Deadlines } from "../net/timer.ts";
import type { Counters } from "../observe/counters.ts";
import type { HeavyHitters } from "../observe/heavy-hitters.ts";
import type { Observer } from "../observe/observer.ts";
import type { OwnAddresses } from "../policy/destination.ts";
import type { Policy } from "../policy/rules/policy.ts";
import type { AnswerCache } from "./cache/answer-cache.ts";
import type { CachingSettings } from "./cache/caching.ts";
import type { AcceptQueue } from "./client/accept-queue.ts";
import type { HeldLinks } from "./gate/held-links.ts";
import type { Identity } from "./message/identity.ts";
import type { Routing } from "./routing.ts";
import type { UpstreamPool } from "./upstream-pool.ts";

export interface RelayContext {
  settings: Settings;
  readonly counters: Counters;
  readonly observer: Observer;
  readonly deadlines: Deadlines<ClientConnection>;
  readonly pool: UpstreamPool;
  readonly resolver: NameResolver;
  readonly dialer: UpstreamDialer;
  readonly admission: Admission;
  readonly limiter: Limiter;
  readonly bans: BanTable;
  readonly verifier: Verifier;
  /** By client: how many of its passwords are being verified. */
  readonly verifying: Map<string, number>;
  /** Links that a limit keeps from being read for a while. */
  readonly held: HeldLinks;
  /** Connections that came while the event loop lagged, and wait for their turn. */
  readonly acceptQueue: AcceptQueue;
  readonly refusedHosts: HeavyHitters;
  /** Undefined: nothing is stored. */
  readonly cache: AnswerCache | undefined;
  /** How much memory there is left, as the main thread sees it. */
  shedLevel: ShedLevel;
  /** Milliseconds: the time of the last event that began, moved or ended an exchange; a tick old at most. */
  now: number;
  /** Milliseconds since whenever the process began, monotonic. */
  readonly clock: () => number;
  /** What added to `now` gives milliseconds since the epoch, which all threads share. Changes when the time of day is set. */
  epochMs: number;
  isDraining: boolean;
  /** Clients turned away that are still reading why. */
  refusedOpen: number;
}

/** A client's connection, whatever it is used for. */
export interface ClientConnection extends Deadlined {
  /** What would be lost by cutting it. */
  readonly stage: "idle" | "exchange" | "tunnel" | "leaving";
  /** When that began, by the worker's clock. */
  readonly beganAtMs: number;
  /** No more requests: what is idle goes, what is under way may end. */
  drain(): void;
  /** What is idle goes, and what it was sent last still reaches its client. */
  leave(): void;
  /** At once: what has not ended never will. */
  cut(): void;
}

/** A config as the hot path likes it: worked out once, read for every exchange. */
export interface Settings {
  readonly config: Config;
  readonly headLimits: HeadLimits;
  /** Whole lines with their CRLF, by the version of the message that they are added to; empty where `via` is off. */
  readonly viaLines: readonly [http10: string, http11: string];
  readonly own: OwnAddresses;
  readonly policy: Policy;
  /** Undefined: nothing is stored. */
  readonly caching: CachingSettings | undefined;
  readonly routing: Routing;
  /** Undefined: nobody has to log in, and nobody can. */
  readonly authentication: Authentication | undefined;
  readonly identity: Identity;
  /** By the listener's place. */
  readonly listeners: readonly (ListenerSettings | undefined)[];
  /** Cells to count in, by what they are named after. */
  readonly places: PolicyPlaces;
  /** Without rules nothing is worth a word in the log. */
  readonly hasRules: boolean;
}

export interface Authentication {
  readonly mode: "required" | "optional";
  /** A whole `Proxy-Authenticate` line with its CRLF. */
  readonly challenge: string;
  /** Milliseconds before wrong credentials are answered. */
  readonly delay: number;
}

export interface ListenerSettings {
  /** `host:port` as bound. */
  readonly address: string;
  readonly port: number;
  readonly mode: "forward" | "reverse";
}

/** Places of cells; a name that is not there is not counted. */
export interface PolicyPlaces {
  /** By position in the policy's rules. */
  readonly rules: readonly (number | undefined)[];
  readonly lists: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
  readonly tags: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}

/** Connections of all workers together, counted in shared memory. */
export interface Admission {
  /** Counts the connection, unless a limit stands against it. */
  admit(client: string): Admitted;
  release(client: string): void;
}

/** Turns names into addresses: at once when it knows, and never by rejecting. */
export interface NameResolver {
  resolve(host: string): Resolution | Promise<Resolution>;
}

/** Connects to the first of some addresses that answers. */
export interface UpstreamDialer {
  /** Connects under way that somebody waits for. */
  readonly attempts: number;
  /** Those that nobody waits for any more: they end when the kernel says so. */
  readonly abandoned: number;
  /** It has not answered for a while, and somebody is finding out already whether it does now. */
  isSilent(address: string, port: number): boolean;
  dial(addresses: readonly string[], port: number, waiter: DialWaiter): UpstreamDial;
}

export interface UpstreamDial {
  /** Its waiter hears nothing any more. */
  cancel(): void;
}

/** How often the worker's clock ticks: a deadline is late by two at most, one of them `deadlineIn`'s. */
export const TICK_MS = 100;

/** Reads the clock once for all that an event has to time. */
export function touch(context: RelayContext): void {
  context.now = context.clock();
}

/** The clock may be a tick behind, and no deadline may come early. */
export function deadlineIn(context: RelayContext, ms: number): number {
  return context.now + ms + TICK_MS;
}

/** Milliseconds since the epoch, a tick old at most. */
export function epochNow(context: RelayContext): number {
  return context.epochMs + context.now;
}
