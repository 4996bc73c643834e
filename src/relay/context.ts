/**
 * What every exchange of a worker shares. The worker makes one; a new config
 * replaces `settings` between two events, and an exchange keeps the settings
 * that it began with.
 */
import type { Config } from "../config/schema.ts";
import type { HeadLimits } from "../http1/head.ts";
import type { DialWaiter } from "../net/dial.ts";
import type { Resolution } from "../net/resolve.ts";
import type { Deadlined, Deadlines } from "../net/timer.ts";
import { cells } from "../observe/cells.ts";
import type { Counters } from "../observe/counters.ts";
import type { Observer } from "../observe/observer.ts";
import type { OwnAddresses } from "../policy/destination.ts";
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
  /** Milliseconds: the time of the last event that began, moved or ended an exchange; a tick old at most. */
  now: number;
  /** Milliseconds since whenever the process began, monotonic. */
  readonly clock: () => number;
  isDraining: boolean;
  /** Clients turned away that are still reading why. */
  refusedOpen: number;
}

/** A client's connection, whatever it is used for. */
export interface ClientConnection extends Deadlined {
  /** No more requests: what is idle goes, what is under way may end. */
  drain(): void;
  /** At once: what has not ended never will. */
  cut(): void;
}

/** A config as the hot path likes it: worked out once, read for every exchange. */
export interface Settings {
  readonly config: Config;
  readonly headLimits: HeadLimits;
  /** Whole lines with their CRLF, by the version of the message that they are added to. */
  readonly viaLines: readonly [http10: string, http11: string];
  readonly own: OwnAddresses;
}

/** Connections of all workers together, counted in shared memory. */
export interface Admission {
  /** Counts the connection, unless a limit stands against it. */
  admit(client: string): "admitted" | "connections" | "connections_per_client";
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

export function settingsOf(config: Config, own: OwnAddresses): Settings {
  const { pseudonym } = config.via;
  const { headBytes, uriBytes, headerCount } = config.limits;
  return {
    config,
    headLimits: { headBytes, uriBytes, headerCount },
    viaLines: [`Via: 1.0 ${pseudonym}\r\n`, `Via: 1.1 ${pseudonym}\r\n`],
    own,
  };
}

/** Takes a client out of the counts; once for every client that was admitted. */
export function clientLeft(context: RelayContext, listener: number, client: string): void {
  context.admission.release(client);
  context.counters.add(cells.connectionsOpen + listener, -1);
}
