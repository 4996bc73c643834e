/**
 * The life of a client's connection: heads are read one after the other, each
 * begins an exchange, and the next waits until that one has ended. What the
 * client says ahead of its turn waits here, in at most one read's worth,
 * because the link is paused meanwhile.
 *
 *   head ──request──▶ exchange ──ended──▶ head
 *     │                  │
 *     └──refused─────────┴──last──▶ closing ──client has read it──▶ gone
 *
 * A tunnel takes the link over for good, and the session is gone.
 */
import { ProtocolError } from "../http1/error.ts";
import { parseRequestHead, type RequestHead } from "../http1/head.ts";
import { HeadReader } from "../http1/head-reader.ts";
import { checkHost, parseTarget } from "../http1/target.ts";
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
import { dateLine } from "./date.ts";
import { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { Forward } from "./forward.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { answerOurselves } from "./own-answer.ts";
import { type Reply, replyTo, serializeReply, wantsJson } from "./reply.ts";
import { TunnelSetup } from "./tunnel-setup.ts";

/** How long a client that has all of its last answer may take to leave. */
const LINGER_MS = 2_000;

/** While draining, a connection that has been idle this long is closed: its client is not just about to ask. */
const DRAIN_IDLE_MS = 1_000;

/** Clients turned away at a limit that may linger to read why; beyond, they are reset. */
const REFUSED_MAX = 256;

/** Of a request that is refused, the log tells the target as far as this. */
const NAMED_BYTES = 2_048;

export class Session implements ClientSide, ClientConnection, LinkOwner {
  deadlineAt = NEVER;
  deadlineSlot = -1;
  hasEnded = false;
  readonly context: RelayContext;
  readonly link: Link;
  readonly client: string;
  readonly listener: number;
  #settings: Settings;
  #state: "head" | "exchange" | "closing" = "head";
  readonly #reader = new HeadReader("request");
  #handler: Handler | undefined;
  /** The exchange under way, or the one that a half-read head will be. */
  #exchange: Exchange | undefined;
  #waiting: Buffer | undefined;
  #waitingAt = 0;
  /** Requests begun from the bytes of one read: all but the first came ahead of an answer. */
  #ahead = 0;
  #isAdvancing = false;
  #isPaused = false;
  /** No request has come yet. */
  #isNew = true;
  /** While closing: what the client had yet to take of its last answer. */
  #outboxBytes = 0;
  readonly #isCounted: boolean;

  constructor(context: RelayContext, link: Link, client: string, listener: number, isCounted: boolean) {
    this.context = context;
    this.link = link;
    this.client = client;
    this.listener = listener;
    this.#settings = context.settings;
    this.#isCounted = isCounted;
    this.deadlineAt = deadlineIn(context, this.#settings.config.timeouts.head);
    context.deadlines.add(this);
    if (context.isDraining) this.drain();
  }

  get hasWaiting(): boolean {
    return this.#waiting !== undefined && this.#waitingAt < this.#waiting.length;
  }

  /** A client that came over a limit: it is told, and nothing of it is read. */
  turnAway(failure: Failure): void {
    this.context.refusedOpen++;
    if (this.context.refusedOpen > REFUSED_MAX) return this.link.destroy();
    this.#exchange = new Exchange(this.context, this.listener, this.client);
    this.refuse(failure);
  }

  onData(_link: Link, bytes: Buffer): void {
    touch(this.context);
    if (this.#state === "closing") return;
    this.#ahead = 0;
    if (this.#waiting === undefined) {
      this.#waiting = bytes;
      this.#waitingAt = 0;
    } else {
      this.#waiting = Buffer.concat([this.#waiting.subarray(this.#waitingAt), bytes]);
      this.#waitingAt = 0;
    }
    this.advance();
  }

  onDrain(): void {
    if (this.#state === "exchange") this.#handler?.onClientDrain();
    else this.advance();
  }

  onEnd(): void {
    this.hasEnded = true;
    if (this.#state === "exchange") this.#handler?.onClientEnd();
    else this.#leave();
  }

  onClose(): void {
    touch(this.context);
    this.context.deadlines.remove(this);
    if (this.#isCounted) clientLeft(this.context, this.listener, this.client);
    else this.context.refusedOpen--;
    this.#abandon();
    this.#endExchange();
    this.#state = "closing";
  }

  onDeadline(): void {
    if (this.#state === "exchange") return this.#handler?.onDeadline();
    const { counters } = this.context;
    if (this.#state === "closing") return this.#linger();
    if (this.#reader.isEmpty) {
      counters.add(cells.limitReached.timeout_idle);
      return this.#leave();
    }
    counters.add(cells.limitReached.timeout_head);
    this.refuse({
      word: "http_request_error",
      detail: "The request's head did not come in time",
      status: 408,
    });
  }

  drain(): void {
    if (this.#state === "head" && this.#reader.isEmpty) {
      this.deadlineAt = Math.min(this.deadlineAt, this.context.now + DRAIN_IDLE_MS);
    }
  }

  cut(): void {
    this.link.destroy();
  }

  /** Goes on with what waits: more requests, or more of a body. */
  advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#waiting !== undefined && this.#step(this.#waiting)) {
      if (this.#waitingAt === this.#waiting?.length) this.#waiting = undefined;
    }
    this.#isAdvancing = false;
    if (this.hasEnded && this.#state === "head") this.#leave();
    else this.#settle();
  }

  exchangeEnded(persists: boolean): void {
    this.#handler = undefined;
    this.#endExchange();
    const saysMore = !this.hasEnded || this.hasWaiting;
    if (!persists || !saysMore || this.context.isDraining) return this.#leave();
    this.#state = "head";
    this.#settings = this.context.settings;
    this.deadlineAt = deadlineIn(this.context, this.#settings.config.timeouts.idle);
    if (this.#waiting !== undefined || this.#isPaused) this.advance();
  }

  /** Answers in place of an upstream. `persists` only when the whole request has been read. */
  reply(reply: Reply, head: RequestHead | undefined, persists: boolean): void {
    const exchange = this.#exchange;
    const stays = persists && !this.context.isDraining;
    const message = serializeReply(reply, {
      pseudonym: this.#settings.config.via.pseudonym,
      wantsJson: head !== undefined && wantsJson(head.fields.forwarded),
      isHead: head?.method === "HEAD",
      dateLine: dateLine(this.context),
      connection: stays ? (head?.minor === 0 ? "keep-alive" : "implied") : "close",
    });
    if (exchange !== undefined) {
      exchange.status = reply.status;
      exchange.failure = reply.word;
      exchange.bytesOut += message.length;
    }
    this.link.writeText(message);
    this.exchangeEnded(stays);
  }

  /** What can't be read as a request, or may not come now: told, and closed. */
  refuse(failure: Failure, head?: RequestHead): void {
    this.reply(replyTo(failure), head, false);
  }

  fail(failure: Failure, head?: RequestHead, persists = false): void {
    this.#abandon();
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.status === 0) return this.reply(replyTo(failure), head, persists);
    exchange.failure = failure.word;
    this.link.destroy();
  }

  handOver(): Buffer | undefined {
    this.context.deadlines.remove(this);
    const early = this.#waiting?.subarray(this.#waitingAt);
    this.#waiting = undefined;
    this.#handler = undefined;
    this.#exchange = undefined;
    if (this.#isPaused) this.link.resume();
    this.#isPaused = false;
    this.#state = "closing";
    return early;
  }

  /** Returns false when what waits has to wait on. */
  #step(bytes: Buffer): boolean {
    switch (this.#state) {
      case "head":
        // A client that asks and asks and never reads would fill the memory with its answers.
        if (this.link.isFull) return false;
        this.#readHead(bytes);
        return true;
      case "exchange":
        if (this.#handler?.wantsBody !== true) return false;
        this.#takeBody(this.#handler, bytes);
        return true;
      case "closing":
        this.#waiting = undefined;
        return false;
    }
  }

  #readHead(bytes: Buffer): void {
    if (this.#exchange === undefined) this.#settings = this.context.settings;
    const { headLimits } = this.#settings;
    const wasEmpty = this.#reader.isEmpty;
    const at = this.#waitingAt;
    try {
      const end = this.#reader.take(bytes, at, headLimits);
      this.#waitingAt = end < 0 ? bytes.length : end;
      // An empty line in front of a head is nothing yet.
      if (end < 0 && this.#reader.isEmpty) return;
      const exchange = this.#currentExchange();
      exchange.bytesIn += this.#waitingAt - at;
      if (end >= 0) {
        const head = parseRequestHead(this.#reader.text, headLimits, this.#reader.memo);
        this.#reader.release();
        return this.#begin(exchange, head);
      }
      // A new connection has had this deadline since it was accepted.
      if (wasEmpty && !this.#isNew) {
        this.deadlineAt = deadlineIn(this.context, this.#settings.config.timeouts.head);
      }
    } catch (error) {
      const exchange = this.#currentExchange();
      // Refused before it was counted.
      if (this.#waitingAt === at) exchange.bytesIn += bytes.length - at;
      exchange.nameRefused(
        this.#reader.release() || bytes.latin1Slice(at, Math.min(bytes.length, at + NAMED_BYTES)),
      );
      this.#protocolError(error);
    }
  }

  #currentExchange(): Exchange {
    this.#exchange ??= new Exchange(this.context, this.listener, this.client);
    return this.#exchange;
  }

  #begin(exchange: Exchange, head: RequestHead): void {
    this.#state = "exchange";
    this.#isNew = false;
    exchange.method = head.method;
    exchange.target = head.target;
    if (this.#ahead++ > this.#settings.config.limits.pipelined) {
      this.context.counters.add(cells.limitReached.pipelined);
      return this.refuse(
        { word: "http_request_denied", detail: "Too many requests ahead of their answers", status: 429 },
        head,
      );
    }
    const target = parseTarget(head.method, head.target);
    checkHost(head.fields.host, head.minor, target);
    const own = answerOurselves(head, target, this.#settings);
    if (own !== undefined) return this.reply(own.reply, head, own.persists);
    const handler =
      target.form === "authority"
        ? new TunnelSetup(this, exchange, this.#settings, head, target.origin)
        : target.form === "absolute"
          ? new Forward(this, exchange, this.#settings, head, target)
          : undefined;
    if (handler === undefined)
      throw new Error(`Cannot forward ${target.form}-form: it has an answer of ours`);
    this.#handler = handler;
    handler.start();
  }

  #takeBody(handler: Handler, bytes: Buffer): void {
    try {
      this.#waitingAt = handler.takeBody(bytes, this.#waitingAt);
    } catch (error) {
      this.#protocolError(error);
    }
  }

  #protocolError(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.limit !== undefined) this.context.counters.add(limitCells[error.limit]);
    this.fail({ word: "http_request_error", detail: error.message, status: error.status });
  }

  #abandon(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.abandon();
  }

  /** Says no more, and waits until the client has read what was said. */
  #leave(): void {
    this.#state = "closing";
    this.#waiting = undefined;
    if (this.hasEnded) this.link.close();
    else this.link.end();
    this.#outboxBytes = Number.POSITIVE_INFINITY;
    this.#linger();
    this.#settle();
  }

  /** A client that still takes what it was sent may go on; else it had its time. */
  #linger(): void {
    const { outboxBytes } = this.link;
    if (outboxBytes >= this.#outboxBytes) return this.link.drop();
    this.#outboxBytes = outboxBytes;
    const { body } = this.#settings.config.timeouts;
    this.deadlineAt = deadlineIn(this.context, outboxBytes > 0 ? body : LINGER_MS);
  }

  #settle(): void {
    const mustPause = this.#waiting !== undefined || this.#handler?.isFull === true;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.link.pause();
    else this.link.resume();
  }

  #endExchange(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) exchange.end();
  }
}

const limitCells = {
  headBytes: cells.limitReached.head_bytes,
  uriBytes: cells.limitReached.uri_bytes,
  headerCount: cells.limitReached.header_count,
};
