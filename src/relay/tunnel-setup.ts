/**
 * A CONNECT until its tunnel stands, or can't. What the client has said for the
 * tunnel already waits in the session, and is the first that the upstream hears.
 */
import type { RequestHead } from "../http1/head.ts";
import type { Link } from "../net/link.ts";
import { Connecting, type ConnectWaiter } from "./connect.ts";
import { deadlineIn, type Settings, touch } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { HelloGuard } from "./gate/hello-guard.ts";
import type { Passage } from "./gate/passage.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { overdue } from "./overdue.ts";
import { Tunnel } from "./tunnel.ts";

/** RFC 9110 §9.3.6: no body and no framing; the words are those that clients know from squid. */
const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

export class TunnelSetup implements Handler, ConnectWaiter {
  readonly wantsBody = false;
  readonly isFull = false;
  readonly #session: ClientSide;
  readonly #exchange: Exchange;
  readonly #settings: Settings;
  readonly #head: RequestHead;
  readonly #connecting: Connecting;
  readonly #passage: Passage;

  constructor(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    head: RequestHead,
    passage: Passage,
  ) {
    this.#session = session;
    this.#exchange = exchange;
    this.#settings = settings;
    this.#head = head;
    this.#passage = passage;
    this.#connecting = new Connecting(session.context, settings, passage, this);
  }

  start(): void {
    this.#session.deadlineAt = deadlineIn(this.#session.context, this.#settings.config.timeouts.connect);
    this.#connecting.start();
  }

  takeBody(_bytes: Buffer, at: number): number {
    return at;
  }

  onClientDrain(): void {}

  onClientEnd(): void {}

  abandon(): void {
    this.#connecting.cancel();
  }

  onDeadline(): void {
    const { cell, failure } = overdue.connection;
    this.#session.context.counters.add(cell);
    const told = failure(this.#passage.authority);
    if (told !== undefined) this.onConnectFailed(told);
  }

  onConnected(link: Link, peer: string): void {
    this.#exchange.upstream = peer;
    this.#exchange.status = 200;
    this.#exchange.bytesOut += ESTABLISHED.length;
    this.#session.link.writeText(ESTABLISHED);
    const guard = HelloGuard.for(this.#settings, this.#passage);
    Tunnel.join(this.#session, this.#exchange, this.#settings, this.#passage, link, undefined, guard);
  }

  onConnectFailed(failure: Failure): void {
    touch(this.#session.context);
    // What comes next may be meant for the tunnel, and must not be read as a request.
    this.#session.fail(failure, this.#head, false);
  }

  onRedirected(): void {
    throw new Error("Cannot redirect a tunnel: a redirect denies it");
  }
}
