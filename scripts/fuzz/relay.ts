/**
 * The relay as it runs, between a client and upstreams that are fake links. One
 * for all cases: a case has its own client, and when it is over no upstream is
 * left in the pool for the next.
 */
import { parseConfig } from "../../src/config/load.ts";
import { Deadlines } from "../../src/net/timer.ts";
import { Counters, countersBuffer } from "../../src/observe/counters.ts";
import { Observer } from "../../src/observe/observer.ts";
import { acceptClient } from "../../src/relay/client/accept.ts";
import type { RelayContext, UpstreamDialer } from "../../src/relay/context.ts";
import { UpstreamPool } from "../../src/relay/upstream-pool.ts";
import { FakeLink } from "../../test/support/fake-link.ts";
import { gateParts, settingsFor } from "../../test/support/gate.ts";

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

/** Time stands still: deadlines are not what is tried here. */
const NOW = 1_000_000;

type Waiter = Parameters<UpstreamDialer["dial"]>[2];

export class FuzzRelay {
  /** Of the case at hand, in the order in which they were dialled. */
  upstreams: FakeLink[] = [];
  #client: FakeLink | undefined;
  #clientLog: string[] = [];
  #dials: Waiter[] = [];
  readonly #context: RelayContext;

  /** `settings` as in a config file, besides the limits. */
  constructor(settings: Readonly<Record<string, unknown>> = {}) {
    const loaded = parseConfig({ ...settings, limits: LIMITS, bans: NO_BANS }, {});
    if (!loaded.ok) throw new Error(`Cannot use these limits: ${loaded.problems.join("; ")}`);
    const counters = new Counters(countersBuffer(1), 0);
    this.#context = {
      settings: settingsFor(loaded.config),
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
      clock: () => NOW,
      now: NOW,
      ...gateParts(loaded.config),
      cache: undefined,
      isDraining: false,
      refusedOpen: 0,
    };
  }

  client(): FakeLink {
    this.#clientLog = [];
    const link = new FakeLink("client", this.#clientLog);
    const owner = acceptClient(this.#context, { place: 0, reach: "local", clients: [] }, link);
    if (owner === undefined) throw new Error("Cannot fuzz: the client was turned away");
    link.owner = owner;
    this.#client = link;
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

  /** The way in which the client's link was closed from our side; undefined while it is open. */
  get clientFate(): "cut" | "ended" | undefined {
    if (this.#clientLog.includes("client destroy")) return "cut";
    const isEnded = this.#clientLog.includes("client end") || this.#clientLog.includes("client close");
    return isEnded ? "ended" : undefined;
  }

  /** The case is over: everyone hangs up. */
  reset(): void {
    if (this.#client?.isClosed === false) this.#client.resets();
    for (const link of this.upstreams) if (!link.isClosed) link.resets();
    if (this.#context.deadlines.size > 0) throw new Error("Cannot go on: a session outlived its client");
    if (this.#context.pool.size > 0) throw new Error("Cannot go on: the pool keeps a link that is closed");
    this.upstreams = [];
    this.#dials = [];
    this.#client = undefined;
  }

  #dial(waiter: Waiter): { cancel(): void } {
    this.#dials.push(waiter);
    return { cancel: () => void (this.#dials = this.#dials.filter((other) => other !== waiter)) };
  }
}
