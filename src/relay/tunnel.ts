/**
 * Carries bytes both ways until both ways have ended or one side fails. A side
 * that has said all is told to the other by a half-close, a reset by a reset.
 * Owns both links.
 */
import type { Link, LinkOwner } from "../net/link.ts";
import { NEVER } from "../net/timer.ts";
import { cells } from "../observe/cells.ts";
import type { SniDecision } from "../policy/sni.ts";
import { type ClientConnection, deadlineIn, type RelayContext, type Settings, touch } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { tellAudited } from "./gate/audit.ts";
import type { HelloGuard } from "./gate/hello-guard.ts";
import type { Passage } from "./gate/passage.ts";
import { refusedBySni, tellRefusal } from "./gate/refusal.ts";
import { budgetUsedUp, charge } from "./gate/shaping.ts";
import type { ClientSide } from "./handler.ts";

/** What a peer has not read when this is over, after the tunnel was closed for idleness, it won't. */
const LINGER_MS = 2_000;

export class Tunnel implements LinkOwner, ClientConnection {
  readonly stage = "tunnel";
  readonly beganAtMs: number;
  deadlineAt = NEVER;
  deadlineSlot = -1;
  readonly #context: RelayContext;
  readonly #exchange: Exchange;
  readonly #passage: Passage;
  readonly #client: Link;
  readonly #upstream: Link;
  readonly #settings: Settings;
  /** Undefined when it has seen what it wanted, or nothing has to be seen. */
  #guard: HelloGuard | undefined;
  #linksOpen = 2;
  #isClosing = false;
  #isCut = false;

  /**
   * Takes the client's link over from its session. `fromUpstream` is what the
   * upstream has said already; `guard` looks at what the client says first.
   */
  static join(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    passage: Passage,
    upstream: Link,
    fromUpstream: Buffer | undefined,
    guard: HelloGuard | undefined,
  ): void {
    const { context, link: client } = session;
    const tunnel = new Tunnel(context, exchange, settings, passage, client, upstream, guard);
    const fromClient = session.handOver();
    // Who is in debt from before waits.
    tunnel.#pay("down", upstream, 0);
    if (fromClient !== undefined && fromClient.length > 0) tunnel.onData(client, fromClient);
    if (fromUpstream !== undefined && fromUpstream.length > 0) tunnel.onData(upstream, fromUpstream);
    if (session.hasEnded) tunnel.onEnd(client);
  }

  constructor(
    context: RelayContext,
    exchange: Exchange,
    settings: Settings,
    passage: Passage,
    client: Link,
    upstream: Link,
    guard: HelloGuard | undefined,
  ) {
    this.#context = context;
    this.beganAtMs = context.now;
    this.#exchange = exchange;
    this.#passage = passage;
    this.#client = client;
    this.#upstream = upstream;
    this.#settings = settings;
    this.#guard = guard;
    this.deadlineAt = deadlineIn(context, settings.config.timeouts.tunnelIdle);
    client.owner = this;
    upstream.owner = this;
    context.deadlines.add(this);
    context.counters.add(cells.tunnelsOpen);
  }

  onData(from: Link, bytes: Buffer): void {
    const { counters } = this.#context;
    this.#stayOpen();
    if (from === this.#client) {
      this.#exchange.bytesIn += bytes.length;
      if (!this.#pay("up", from, bytes.length)) return;
      if (this.#guard !== undefined && !this.#looksAt(this.#guard, bytes)) return;
      this.#toUpstream(bytes);
      return;
    }
    if (this.#exchange.firstByteMs === undefined) {
      touch(this.#context);
      this.#exchange.firstByteCame();
    }
    counters.add(cells.bytesFromUpstreams, bytes.length);
    if (!this.#pay("down", from, bytes.length)) return;
    this.#exchange.bytesOut += bytes.length;
    if (!this.#client.write(bytes)) from.pause();
  }

  onDrain(link: Link): void {
    this.#stayOpen();
    this.#otherOf(link).resume();
  }

  onEnd(from: Link): void {
    if (from === this.#client && this.#guard !== undefined) this.#judge(this.#guard.ends());
    this.#otherOf(from).end();
  }

  onClose(link: Link, error: Error | undefined): void {
    const other = this.#otherOf(link);
    // What it still says goes nowhere, and costs nothing.
    this.#context.held.release(other);
    if (error === undefined && !this.#isCut) other.end();
    else other.destroy();
    if (error !== undefined && link === this.#upstream) this.#exchange.failure ??= "connection_terminated";
    if (--this.#linksOpen === 0) this.#end();
  }

  onDeadline(): void {
    if (this.#isClosing) return this.cut();
    this.#isClosing = true;
    this.#context.counters.add(cells.limitReached.timeout_tunnel_idle);
    this.deadlineAt = deadlineIn(this.#context, LINGER_MS);
    this.#client.close();
    this.#upstream.close();
  }

  /** A tunnel ends when its peers end it, or when the time for draining is over. */
  drain(): void {}

  leave(): void {}

  /** Both sides can tell: what they have of the other is not all. */
  cut(): void {
    this.#isCut = true;
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** Something moved. When one side is gone, what the other still says goes nowhere, and moves nothing. */
  #stayOpen(): void {
    if (this.#isClosing || this.#linksOpen < 2) return;
    const { held, now } = this.#context;
    // Who is held can't move anything.
    const heldMs = Math.max(held.leftMs(this.#client, now), held.leftMs(this.#upstream, now));
    this.deadlineAt = deadlineIn(this.#context, this.#settings.config.timeouts.tunnelIdle + heldMs);
  }

  #toUpstream(bytes: Buffer): void {
    this.#context.counters.add(cells.bytesToUpstreams, bytes.length);
    if (!this.#upstream.write(bytes)) this.#client.pause();
  }

  /** Whether the piece may go on by the common way: it is not kept, and nothing is wrong with it. */
  #looksAt(guard: HelloGuard, bytes: Buffer): boolean {
    const decision = guard.sees(bytes);
    if (decision !== undefined) this.#judge(decision);
    return !guard.holdsBack;
  }

  #judge(decision: SniDecision): void {
    const guard = this.#guard;
    this.#guard = undefined;
    if (guard === undefined) return;
    if (decision.verdict === "deny") {
      const failure = refusedBySni(decision, this.#passage.host);
      if (guard.holdsBack) return this.#refuse(failure);
      tellAudited(this.#context, this.#exchange, failure);
    }
    for (const bytes of guard.takeHeldBack()) this.#toUpstream(bytes);
  }

  /** Charges the limits; who sent it waits as long as they say. False: a budget is used up, and the tunnel is cut. */
  #pay(direction: "up" | "down", from: Link, byteCount: number): boolean {
    const { grant } = this.#passage;
    if (grant === undefined || this.#linksOpen < 2) return true;
    const holdMs = charge(this.#context, this.#settings, this.#exchange, grant, direction, from, byteCount);
    if (holdMs < 0) {
      this.#refuse(budgetUsedUp(this.#context, grant));
      return false;
    }
    this.deadlineAt += holdMs;
    return true;
  }

  /** Nothing can be told in a tunnel but by cutting it. */
  #refuse(failure: Failure): void {
    tellRefusal(this.#context, this.#exchange, failure);
    this.cut();
  }

  #otherOf(link: Link): Link {
    return link === this.#client ? this.#upstream : this.#client;
  }

  #end(): void {
    touch(this.#context);
    this.#context.deadlines.remove(this);
    this.#context.held.release(this.#client);
    this.#context.held.release(this.#upstream);
    this.#context.counters.add(cells.tunnelsOpen, -1);
    this.#exchange.end();
  }
}
