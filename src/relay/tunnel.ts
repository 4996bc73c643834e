/**
 * Carries bytes both ways until both ways have ended or one side fails. A side
 * that has said all is told to the other by a half-close, a reset by a reset.
 * Owns both links, and the place of the client's session.
 */
import type { Link, LinkOwner } from "../net/link.ts";
import { NEVER } from "../net/timer.ts";
import { cells } from "../observe/cells.ts";
import {
  type ClientConnection,
  clientLeft,
  deadlineIn,
  type RelayContext,
  type Settings,
  touch,
} from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { ClientSide } from "./handler.ts";

/** What a peer has not read when this is over, after the tunnel was closed for idleness, it won't. */
const LINGER_MS = 2_000;

export class Tunnel implements LinkOwner, ClientConnection {
  deadlineAt = NEVER;
  deadlineSlot = -1;
  readonly #context: RelayContext;
  readonly #exchange: Exchange;
  readonly #client: Link;
  readonly #upstream: Link;
  readonly #idleMs: number;
  #linksOpen = 2;
  #isClosing = false;

  /** Takes the client's link over from its session. `fromUpstream` is what the upstream has said already. */
  static join(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    upstream: Link,
    fromUpstream: Buffer | undefined,
  ): void {
    const tunnel = new Tunnel(
      session.context,
      exchange,
      session.link,
      upstream,
      settings.config.timeouts.tunnelIdle,
    );
    const fromClient = session.handOver();
    if (fromClient !== undefined && fromClient.length > 0) tunnel.onData(session.link, fromClient);
    if (fromUpstream !== undefined && fromUpstream.length > 0) tunnel.onData(upstream, fromUpstream);
    if (session.hasEnded) upstream.end();
  }

  constructor(context: RelayContext, exchange: Exchange, client: Link, upstream: Link, idleMs: number) {
    this.#context = context;
    this.#exchange = exchange;
    this.#client = client;
    this.#upstream = upstream;
    this.#idleMs = idleMs;
    this.deadlineAt = deadlineIn(context, idleMs);
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
      counters.add(cells.bytesToUpstreams, bytes.length);
      if (!this.#upstream.write(bytes)) from.pause();
      return;
    }
    if (this.#exchange.firstByteMs === undefined) {
      touch(this.#context);
      this.#exchange.firstByteCame();
    }
    this.#exchange.bytesOut += bytes.length;
    counters.add(cells.bytesFromUpstreams, bytes.length);
    if (!this.#client.write(bytes)) from.pause();
  }

  onDrain(link: Link): void {
    this.#stayOpen();
    this.#otherOf(link).resume();
  }

  onEnd(from: Link): void {
    this.#otherOf(from).end();
  }

  onClose(link: Link, error: Error | undefined): void {
    const other = this.#otherOf(link);
    if (error === undefined) other.end();
    else {
      if (link === this.#upstream) this.#exchange.failure ??= "connection_terminated";
      other.destroy();
    }
    if (--this.#linksOpen === 0) this.#end();
  }

  onDeadline(): void {
    if (this.#isClosing) {
      this.#client.destroy();
      this.#upstream.destroy();
      return;
    }
    this.#isClosing = true;
    this.#context.counters.add(cells.limitReached.timeout_tunnel_idle);
    this.deadlineAt = deadlineIn(this.#context, LINGER_MS);
    this.#client.close();
    this.#upstream.close();
  }

  /** A tunnel ends when its peers end it, or when the time for draining is over. */
  drain(): void {}

  cut(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** Something moved. When one side is gone, what the other still says goes nowhere, and moves nothing. */
  #stayOpen(): void {
    if (this.#isClosing || this.#linksOpen < 2) return;
    this.deadlineAt = deadlineIn(this.#context, this.#idleMs);
  }

  #otherOf(link: Link): Link {
    return link === this.#client ? this.#upstream : this.#client;
  }

  #end(): void {
    touch(this.#context);
    this.#context.deadlines.remove(this);
    this.#context.counters.add(cells.tunnelsOpen, -1);
    clientLeft(this.#context, this.#exchange.listener, this.#exchange.client);
    this.#exchange.end();
  }
}
