/**
 * A request's way to a connection: an idle one that it may use, or a new one; and
 * once more where that is safe. What is sent and what comes back is its owner's
 * business, whoever that is: an exchange, or a fetch of the cache.
 */
import type { Link, LinkOwner } from "../net/link.ts";
import { cells } from "../observe/cells.ts";
import type { FailureWord } from "../observe/failure-word.ts";
import { type AttemptFacts, decideRetry } from "../upstream/retry.ts";
import { Connecting, type ConnectWaiter } from "./connect.ts";
import { type RelayContext, type Settings, touch } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type Failure, failures } from "./failure.ts";
import { limitFailure } from "./gate/audit.ts";
import type { Passage } from "./gate/passage.ts";
import type { HostPlace } from "./host-place.ts";
import type { Reply } from "./message/reply.ts";
import { Upstream } from "./upstream-pool.ts";

export interface AttemptOwner extends LinkOwner {
  /** A new connection is being opened; it may take as long as the config says. */
  onConnecting(): void;
  /** Its link reports to the owner from now on. */
  onUpstream(upstream: Upstream): void;
  onAttemptFailed(failure: Failure): void;
  /** A rule says so, now that the address is known. */
  onRedirected(reply: Reply): void;
}

export class Attempt implements ConnectWaiter {
  /** Undefined until there is one, and when it has been let go. */
  upstream: Upstream | undefined = undefined;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly context: RelayContext;
  private readonly settings: Settings;
  private readonly exchange: Exchange;
  private readonly passage: Passage;
  private readonly owner: AttemptOwner;
  private connecting: Connecting | undefined = undefined;
  private retries = 0;

  constructor(
    context: RelayContext,
    settings: Settings,
    exchange: Exchange,
    passage: Passage,
    owner: AttemptOwner,
  ) {
    this.context = context;
    this.settings = settings;
    this.exchange = exchange;
    this.passage = passage;
    this.owner = owner;
  }

  /** May tell its owner before it returns. */
  start(): void {
    const pooled = this.context.pool.take(this.passage.endpoint);
    if (pooled === undefined) return this.connect();
    if (!this.passage.mayUse(pooled)) {
      this.putBack(pooled);
      return this.connect();
    }
    const refusal = pooled.place.takeAgain(this.passage.effects?.limits);
    const failure = refusal && limitFailure(this.context, this.settings, this.exchange, refusal);
    if (failure !== undefined) {
      this.putBack(pooled);
      return this.owner.onAttemptFailed(failure);
    }
    this.context.counters.add(cells.upstreamReuses);
    this.use(pooled);
  }

  /**
   * The connection died without an answer. True: another one is on its way, or its
   * failure has been told; false: what became of the request nobody knows.
   */
  again(word: FailureWord, facts: Omit<AttemptFacts, "reused" | "retries">): boolean {
    const { retries, exchange } = this;
    const maySendAgain =
      failures[word].retry === "if-safe" && decideRetry({ ...facts, reused: exchange.reused, retries });
    if (!maySendAgain) return false;
    this.letGo()?.link.drop();
    this.retries++;
    this.context.counters.add(cells.retries);
    this.connect();
    return true;
  }

  /** Both messages have ended on it. `persists`: it is kept for the next exchange, if the config says so. */
  done(persists: boolean): void {
    const { upstream } = this;
    if (upstream === undefined) return;
    this.context.held.release(upstream.link);
    if (persists) this.context.pool.put(upstream, this.settings.config.pool.perEndpoint, this.context.now);
    else this.letGo()?.link.drop();
    this.upstream = undefined;
  }

  /** Nobody wants the answer any more. */
  abandon(): void {
    this.connecting?.cancel();
    this.letGo()?.link.destroy();
  }

  onConnected(link: Link, peer: string, address: string, place: HostPlace): void {
    this.use(new Upstream(this.context.pool, link, this.passage.endpoint, peer, address, place));
  }

  onConnectFailed(failure: Failure): void {
    touch(this.context);
    this.owner.onAttemptFailed(failure);
  }

  onRedirected(reply: Reply): void {
    touch(this.context);
    this.owner.onRedirected(reply);
  }

  private connect(): void {
    this.owner.onConnecting();
    this.connecting = new Connecting(this.context, this.settings, this.passage, this);
    this.connecting.start();
  }

  private use(upstream: Upstream): void {
    this.connecting = undefined;
    this.upstream = upstream;
    upstream.link.owner = this.owner;
    upstream.uses++;
    this.exchange.upstream = upstream.peer;
    this.exchange.reused = upstream.uses > 1;
    this.owner.onUpstream(upstream);
  }

  /** It waits on as it did: whoever may not have it must not keep it alive. */
  private putBack(pooled: Upstream): void {
    this.context.pool.put(pooled, this.settings.config.pool.perEndpoint, pooled.idleSince);
  }

  /** Returns the upstream, whose link tells the owner nothing any more. */
  private letGo(): Upstream | undefined {
    const { upstream } = this;
    if (upstream !== undefined) {
      upstream.link.owner = upstream;
      // It closes in a while, and a retry needs the place now.
      upstream.place.leave();
    }
    this.upstream = undefined;
    return upstream;
  }
}
