/**
 * A relay without a network: clients and upstreams are fake links, the test
 * moves the clock, answers the dials and reads the records.
 *
 *   transcript("a sentence about behaviour", (relay) => { … });
 *
 * When the story is told, everyone still there hangs up, and the books must
 * balance: every exchange has one record, every gauge is back at zero, what limits
 * had given is given back, and no link is left open but those that the pool keeps.
 * With a cache (`cache.ts`), nothing is being fetched and no copy of an answer is held.
 */
import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Admitted } from "../../src/limits/connection-table.ts";
import { limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { ShedLevel } from "../../src/limits/shed.ts";
import type { DialWaiter } from "../../src/net/dial.ts";
import type { Resolution } from "../../src/net/resolve.ts";
import { Deadlines } from "../../src/net/timer.ts";
import { cells } from "../../src/observe/cells.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { Observer } from "../../src/observe/observer.ts";
import type { ExchangeRecord } from "../../src/observe/record.ts";
import { parseCidr } from "../../src/policy/address.ts";
import { reachOf } from "../../src/policy/destination.ts";
import type { HostList } from "../../src/policy/host-list.ts";
import type { AnswerCache } from "../../src/relay/cache/answer-cache.ts";
import { acceptClient, type ListenerFacts } from "../../src/relay/client/accept.ts";
import { shedLoad } from "../../src/relay/client/shed.ts";
import { type RelayContext, type Settings, TICK_MS } from "../../src/relay/context.ts";
import { UpstreamPool } from "../../src/relay/upstream-pool.ts";
import { FakeLink } from "./fake-link.ts";
import { countedAtOnce, gateParts, obey, settingsFor } from "./gate.ts";

/** As in a config file; what is left out has its default. */
export type RelaySettings = Readonly<Record<string, unknown>>;

export function transcript(name: string, story: (relay: FakeRelay) => void | Promise<void>): void {
  test(name, async () => {
    const relay = new FakeRelay();
    await story(relay);
    await relay.balance();
  });
}

/** A head as it travels. */
export function head(...lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The statuses of the answers that a client has got, interim ones too. */
export function statuses(client: FakeLink): number[] {
  return [...client.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Accepts per tick of an event loop that does not lag. */
const NO_PACE = Number.POSITIVE_INFINITY;

interface FakeDial {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly waiter: DialWaiter;
  isOver: boolean;
}

export class FakeRelay {
  readonly log: string[] = [];
  readonly records: ExchangeRecord[] = [];
  readonly counters = new Counters(countersBuffer(1), 0);
  readonly context: RelayContext;
  /** Addresses that have not answered for a while. */
  readonly silent = new Set<string>();
  /** What a name resolves to; a name not listed is at 1.0.2.1: those for documentation are never dialled. */
  readonly names = new Map<string, Resolution | Promise<Resolution>>();
  /** What the connection table says to the next client. */
  admits: Admitted = "admitted";
  readonly #dials: FakeDial[] = [];
  readonly #clients: FakeLink[] = [];
  readonly #upstreams: FakeLink[] = [];
  readonly #pool = new UpstreamPool();
  readonly #verifications: ((isRight: boolean) => void)[] = [];
  readonly #limits = limitsBuffers(1);
  /** A client for each of its connections. */
  readonly #admitted: string[] = [];

  constructor(cache?: AnswerCache) {
    const relay = this;
    this.context = {
      settings: settingsOn(readConfig({})),
      counters: this.counters,
      observer: new Observer(this.counters, (record) => this.records.push(toldOf(record))),
      deadlines: new Deadlines(),
      pool: this.#pool,
      resolver: { resolve: (host) => this.names.get(host) ?? found("1.0.2.1") },
      dialer: {
        get attempts() {
          return relay.#dials.length;
        },
        abandoned: 0,
        isSilent: (address) => this.silent.has(address),
        dial: (addresses, port, waiter) => this.#dial({ addresses, port, waiter, isOver: false }),
      },
      admission: {
        admit: (client) => this.#admit(client),
        release: (client) => void this.#admitted.splice(this.#admitted.indexOf(client), 1),
      },
      now: 1_000_000,
      clock: () => this.context.now,
      ...gateParts(readConfig({}), this.#limits, () => this.#verify(), {
        get total() {
          return relay.#admitted.length;
        },
        openOf: (client) => this.#admitted.filter((each) => each === client).length,
      }),
      cache,
      isDraining: false,
      refusedOpen: 0,
    };
  }

  /** Dials under way. */
  get dials(): number {
    return this.#dials.length;
  }

  /** Password hashes that are being verified. */
  get verifications(): number {
    return this.#verifications.length;
  }

  get pooled(): number {
    return this.#pool.size;
  }

  configure(settings: RelaySettings, lists?: ReadonlyMap<string, HostList>): void {
    const config = readConfig(settings);
    this.context.settings = settingsOn(config, lists);
    obey(this.context, config);
  }

  /** A client connects. */
  client(clients: readonly string[] = [], address?: string): FakeLink {
    const link = new FakeLink(nameOf("client", this.#clients), this.log, address);
    this.#clients.push(link);
    const owner = acceptClient(this.context, listenerOf(this.context.settings.config, clients), link);
    if (owner !== undefined) link.owner = owner;
    return link;
  }

  /** The oldest dial under way succeeds, by the first of its addresses; `prepare` sees the link first. */
  upstream(prepare: (link: FakeLink) => void = () => {}): FakeLink {
    const dial = this.#takeDial();
    const link = new FakeLink(nameOf("upstream", this.#upstreams), this.log);
    this.#upstreams.push(link);
    prepare(link);
    dial.waiter.onDialed(link, dial.addresses[0] ?? "");
    return link;
  }

  /** A client's request has reached an upstream; what was logged until then is forgotten. */
  exchange(request: string): { client: FakeLink; upstream: FakeLink } {
    const client = this.client();
    client.says(request);
    const upstream = this.upstream();
    this.told();
    return { client, upstream };
  }

  /** The password hash under way has been verified. */
  async verifies(isRight: boolean): Promise<void> {
    const verdict = this.#verifications.shift();
    if (verdict === undefined) throw new Error("Cannot verify a password: none is under way");
    verdict(isRight);
    await settled();
  }

  /** All promises that could go on have. */
  settled(): Promise<void> {
    return settled();
  }

  /** The oldest dial under way fails. */
  dialFails(code: string): void {
    this.#takeDial().waiter.onDialFailed(code);
  }

  /** Time goes by, in the steps of the worker's clock. */
  pass(ms: number): void {
    const until = this.context.now + ms;
    while (this.context.now < until) this.#tick(Math.min(until, this.context.now + TICK_MS), NO_PACE);
  }

  /** One tick, behind which so many new clients are taken in. */
  lags(accepts: number): void {
    this.#tick(this.context.now + TICK_MS, accepts);
  }

  /** Memory runs short, or is there again; what that means comes with the next tick. */
  sheds(level: ShedLevel): void {
    this.context.shedLevel = level;
  }

  drain(): void {
    this.context.isDraining = true;
    for (const client of this.context.deadlines) client.drain();
  }

  cut(): void {
    for (const client of this.context.deadlines) client.cut();
  }

  read(cell: number): number {
    return this.counters.read(cell);
  }

  /** What has been written down since the last call. */
  told(): string[] {
    return this.log.splice(0);
  }

  async balance(): Promise<void> {
    for (const client of this.#clients) if (!client.isClosed) client.resets();
    await Promise.resolve();
    const open = this.#upstreams.filter((link) => !link.isClosed);
    expect(open.length, "upstream links that nobody closed").toBe(this.#pool.size);
    expect(open.map((link) => link.isPaused)).not.toContain(true);
    for (const link of open) link.ends();
    expect(this.#pool.size, "links that stay in the pool though they are closed").toBe(0);
    expect(open.map((link) => link.isClosed)).not.toContain(false);

    expect({
      dials: this.#dials.length,
      admitted: this.#admitted.length,
      refusedOpen: this.context.refusedOpen,
      deadlines: this.context.deadlines.size,
      exchangesInFlight: this.read(cells.exchangesInFlight),
      tunnelsOpen: this.read(cells.tunnelsOpen),
      connectionsOpen: this.read(cells.connectionsOpen),
      held: this.context.held.size,
      waitingToBeTakenIn: this.context.acceptQueue.size,
      countedByLimits: countedAtOnce(this.#limits),
      fetches: this.context.cache?.fetches.size ?? 0,
      fetchDeadlines: this.context.cache?.deadlines.size ?? 0,
      copiedBytes: this.context.cache?.copiedBytes ?? 0,
    }).toEqual({
      dials: 0,
      admitted: 0,
      refusedOpen: 0,
      deadlines: 0,
      exchangesInFlight: 0,
      tunnelsOpen: 0,
      connectionsOpen: 0,
      held: 0,
      waitingToBeTakenIn: 0,
      countedByLimits: 0,
      fetches: 0,
      fetchDeadlines: 0,
      copiedBytes: 0,
    });
  }

  /** As in the worker. */
  #tick(now: number, accepts: number): void {
    const { context } = this;
    context.now = now;
    context.held.sweep(now, (error) => {
      throw error;
    });
    context.deadlines.sweep(now, (_, error) => {
      throw error;
    });
    context.cache?.deadlines.sweep(now, (_, error) => {
      throw error;
    });
    shedLoad(context);
    context.acceptQueue.tick(accepts);
    this.#pool.expire(now - context.settings.config.pool.idle);
  }

  #verify(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#verifications.push(resolve);
    return promise;
  }

  #admit(client: string): Admitted {
    if (this.admits === "admitted") this.#admitted.push(client);
    return this.admits;
  }

  #dial(dial: FakeDial): { cancel(): void } {
    this.#dials.push(dial);
    this.log.push(`dial ${dial.addresses.join(" ")} port ${dial.port}`);
    return {
      cancel: () => {
        if (dial.isOver) return;
        this.log.push("dial cancelled");
        this.#dials.splice(this.#dials.indexOf(dial), 1);
        dial.isOver = true;
      },
    };
  }

  #takeDial(): FakeDial {
    const dial = this.#dials.shift();
    if (dial === undefined) throw new Error("Cannot answer a dial: none is under way");
    dial.isOver = true;
    return dial;
  }
}

export function found(...addresses: readonly string[]): Resolution {
  return { ok: true, addresses };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** As it was at the end, without what an exchange has besides: a failed expectation would print all of a worker. */
function toldOf(record: ExchangeRecord): ExchangeRecord {
  const told = { ...record } as ExchangeRecord & { context?: unknown; grant?: unknown };
  delete told.context;
  delete told.grant;
  return told;
}

function readConfig(input: RelaySettings): Config {
  const loaded = parseConfig(input, {});
  if (!loaded.ok) throw new Error(`Cannot use these settings: ${loaded.problems.join("; ")}`);
  return loaded.config;
}

function settingsOn(config: Config, lists?: ReadonlyMap<string, HostList>): Settings {
  return settingsFor(config, [{ host: "127.0.0.1", port: 8888 }], lists);
}

/** `client`, then `client 2` and so on. */
function nameOf(peer: string, before: readonly FakeLink[]): string {
  return before.length === 0 ? peer : `${peer} ${before.length + 1}`;
}

function listenerOf({ listeners }: Config, clients: readonly string[]): ListenerFacts {
  return {
    place: 0,
    clients: clients.map(parseCidr).filter((range) => range !== undefined),
    reach: reachOf(listeners[0]?.address.host ?? ""),
  };
}
