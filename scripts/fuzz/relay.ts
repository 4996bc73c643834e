/**
 * The relay as it runs, between clients and upstreams that are fake links, with a
 * cache or without one. One for all cases: a case has its own clients, and when it
 * is over nothing is stored, and no upstream is left in the pool for the next.
 */
import { parseConfig } from "../../src/config/load.ts";
import { limitsBuffers } from "../../src/limits/limits-memory.ts";
import { Deadlines } from "../../src/net/timer.ts";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { Observer } from "../../src/observe/observer.ts";
import { acceptClient } from "../../src/relay/client/accept.ts";
import { type RelayContext, TICK_MS, type UpstreamDialer } from "../../src/relay/context.ts";
import { UpstreamPool } from "../../src/relay/upstream-pool.ts";
import { FakeLink } from "../../test/support/fake-link.ts";
import { countedAtOnce, gateParts, settingsFor } from "../../test/support/gate.ts";
import type { FuzzCache } from "./cache.ts";

/** Small, so that small wires reach the limits; the head is more than one look of its reader. */
export const LIMITS = { headBytes: "5KiB", uriBytes: "256B", headerCount: 24 };

/** Every case is the same client's, and most are errors. */
const NO_BANS = { slow: 0, connections: 0, errors: 0, credentials: 0 };

/** Rules, limits and accounts in force, none of which changes what passes. */
export const GATE = {
  authentication: { mode: "optional", users: [{ name: "ann", password: "secret-of-ann" }] },
  policy: {
    rules: [
      { name: "tagged", action: "tag", tags: ["all"] },
      { name: "limited", action: "limit", limit: "named" },
      {
        name: "fields",
        action: "headers",
        request: { remove: ["X-Not-There"] },
        response: { remove: ["X-Not-There"] },
      },
      {
        name: "content",
        action: "content",
        content: { requestBytes: "1GiB", answerBytes: "1GiB", mediaTypes: ["x/x"], extensions: ["x-x"] },
      },
      { name: "moved", action: "rewrite", hosts: ["moved.example"], rewrite: { host: "b.example" } },
      { name: "denied", action: "deny", hosts: [".denied.example"], patterns: ["^/x-x/"] },
      { name: "nine", action: "deny", addresses: ["9.0.0.0/8"] },
      { name: "known", action: "allow", users: ["ann"] },
    ],
    limits: [
      // No rate: while time stands still it would be used up for good.
      { name: "named", by: "rule", exchanges: 1_000_000 },
      { name: "all", by: "all", download: "1000GiB/s", upload: "1000GiB/s" },
    ],
  },
};

/** Deadlines are not what wires try: for them time stands still. */
const BEGIN = 1_000_000;

/** Shorter than the defaults: a case that waits for all of them lasts some hundred ticks. */
const TIMEOUTS = { connect: "2s", firstByte: "3s", body: "3s", idle: "5s" };

type Waiter = Parameters<UpstreamDialer["dial"]>[2];

interface Client {
  readonly link: FakeLink;
  readonly log: readonly string[];
}

export class FuzzRelay {
  /** Of the case at hand, in the order in which they were dialled. */
  upstreams: FakeLink[] = [];
  readonly cache: FuzzCache | undefined;
  #clients: Client[] = [];
  #dials: Waiter[] = [];
  readonly #context: RelayContext;
  readonly #limits = limitsBuffers(1);
  #now = BEGIN;

  /** `settings` as in a config file, besides the limits. */
  constructor(settings: Readonly<Record<string, unknown>> = {}, cache?: FuzzCache) {
    const loaded = parseConfig({ timeouts: TIMEOUTS, ...settings, limits: LIMITS, bans: NO_BANS }, {});
    if (!loaded.ok) throw new Error(`Cannot use these settings: ${loaded.problems.join("; ")}`);
    const counters = new Counters(countersBuffer(1), 0);
    this.cache = cache;
    this.#context = {
      settings: settingsFor(loaded.config, [{ host: "127.0.0.1", port: 8888 }]),
      counters,
      observer: new Observer(counters, undefined),
      deadlines: new Deadlines(),
      pool: new UpstreamPool(),
      resolver: { resolve: () => ({ ok: true, addresses: ["1.0.2.1"] }) },
      dialer: {
        attempts: 0,
        abandoned: 0,
        isSilent: () => false,
        dial: (_addresses, _port, waiter) => this.#dial(waiter),
      },
      admission: { admit: () => "admitted", release() {} },
      clock: () => this.#now,
      now: BEGIN,
      ...gateParts(loaded.config, this.#limits),
      get cache() {
        return cache?.answers;
      },
      isDraining: false,
      refusedOpen: 0,
    };
  }

  client(): FakeLink {
    const log: string[] = [];
    const link = new FakeLink("client", log);
    const owner = acceptClient(this.#context, { place: 0, reach: "local", clients: [] }, link);
    if (owner === undefined) throw new Error("Cannot fuzz: the client was turned away");
    link.owner = owner;
    this.#clients.push({ link, log });
    return link;
  }

  /** The oldest dial under way succeeds; false when there is none. */
  answerDial(): boolean {
    const waiter = this.#dials.shift();
    if (waiter === undefined) return false;
    const link = new FakeLink("upstream", []);
    this.upstreams.push(link);
    waiter.onDialed(link, "1.0.2.1");
    return true;
  }

  refuseDial(): void {
    this.#dials.shift()?.onDialFailed("ECONNREFUSED");
  }

  /** Every upstream resets, and none can be dialled. */
  failUpstreams(): void {
    for (const link of this.upstreams) if (!link.isClosed) link.resets();
    while (this.#dials.length > 0) this.refuseDial();
  }

  /** The way in which the last client's link was closed from our side; undefined while it is open. */
  get clientFate(): "cut" | "ended" | undefined {
    const client = this.#clients.at(-1);
    return client && this.fateOf(client.link);
  }

  fateOf(link: FakeLink): "cut" | "ended" | undefined {
    const log = this.#clients.find((client) => client.link === link)?.log ?? [];
    if (log.includes("client destroy")) return "cut";
    const isEnded = ["client end", "client close", "client drop"].some((order) => log.includes(order));
    return isEnded ? "ended" : undefined;
  }

  /** Time goes by, in the steps of the worker's clock. */
  pass(ms: number): void {
    const { held, deadlines, cache, pool, settings } = this.#context;
    const fail = (error: unknown): never => {
      throw error;
    };
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now += TICK_MS;
      this.#context.now = this.#now;
      held.sweep(this.#now, fail);
      deadlines.sweep(this.#now, (_, error) => fail(error));
      cache?.deadlines.sweep(this.#now, (_, error) => fail(error));
      pool.expire(this.#now - settings.config.pool.idle);
    }
  }

  /** What is left when every client has gone, and nobody fetches for the store alone any more; undefined: nothing. */
  get left(): string | undefined {
    const open = this.upstreams.filter((link) => !link.isClosed);
    const { pool } = this.#context;
    if (open.length !== pool.size) return `${open.length} upstreams are open, and ${pool.size} in the pool`;
    if (open.some((link) => link.isPaused || link.isHeld)) return "an upstream in the pool is paused";
    for (const link of open) link.ends();
    return this.#leftInBooks;
  }

  /** The case is over: everyone hangs up, and nothing stays behind. */
  reset(): void {
    for (const { link } of this.#clients) if (!link.isClosed) link.resets();
    for (const link of this.upstreams) if (!link.isClosed) link.resets();
    if (this.#context.deadlines.size > 0) throw new Error("Cannot go on: a session outlived its client");
    if (this.#context.pool.size > 0) throw new Error("Cannot go on: the pool keeps a link that is closed");
    if (this.cache?.left !== undefined) throw new Error(`Cannot go on: ${this.cache.left}`);
    this.upstreams = [];
    this.#dials = [];
    this.#clients = [];
    this.cache?.clear(false);
  }

  get #leftInBooks(): string | undefined {
    const { deadlines, pool, counters, held } = this.#context;
    const books = {
      dials: this.#dials.length,
      sessions: deadlines.size,
      pooled: pool.size,
      held: held.size,
      exchanges: counters.read(cells.exchangesInFlight),
      connections: counters.read(cells.connectionsOpen),
      limits: countedAtOnce(this.#limits),
    };
    const open = Object.entries(books).filter(([, count]) => count !== 0);
    const words = open.map(([name, count]) => `${name}: ${count}`);
    if (this.cache?.left !== undefined) words.push(this.cache.left);
    return words.length === 0 ? undefined : words.join(", ");
  }

  #dial(waiter: Waiter): { cancel(): void } {
    this.#dials.push(waiter);
    return { cancel: () => void (this.#dials = this.#dials.filter((other) => other !== waiter)) };
  }
}
