/**
 * The life of a client's connection: heads are read one after the other, each
 * begins an exchange, and the next waits until that one has ended. What the
 * client says ahead of its turn waits here, in at most one read's worth,
 * because the link is paused meanwhile.
 *
 *   head ──request──▶ exchange ──ended──▶ head
 *     │                  │
 *     └──refused─────────┴──last──▶ gone
 *
 * With the last answer the link goes to `leaving.ts`, and with a tunnel's beginning
 * to that; the session is gone then.
 */
import { ProtocolError } from "../../http1/error.ts";
import { parseRequestHead, type RequestHead } from "../../http1/head.ts";
import { HeadReader } from "../../http1/head-reader.ts";
import type { Target } from "../../http1/target.ts";
import type { Link, LinkOwner } from "../../net/link.ts";
import { NEVER } from "../../net/timer.ts";
import { cells } from "../../observe/cells.ts";
import { begin, enterGate } from "../begin.ts";
import { type ClientConnection, deadlineIn, type RelayContext, type Settings, touch } from "../context.ts";
import { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import type { ClientFacts } from "../gate/client-facts.ts";
import { banned, tellRefusal } from "../gate/refusal.ts";
import { strike } from "../gate/strike.ts";
import type { ClientSide, Handler } from "../handler.ts";
import { dateLine } from "../message/date.ts";
import { type Reply, replyTo, serializeReply, wantsJson } from "../message/reply.ts";
import { HeadClock } from "./head-clock.ts";
import { Inbox } from "./inbox.ts";
import { Leaving } from "./leaving.ts";

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
  readonly client: ClientFacts;
  #settings: Settings;
  #state: "head" | "exchange" | "gone" = "head";
  readonly #reader = new HeadReader("request");
  #handler: Handler | undefined;
  /** The exchange under way, or the one that a half-read head will be. */
  #exchange: Exchange | undefined;
  readonly #inbox = new Inbox();
  /** Requests begun from the bytes of one read: all but the first came ahead of an answer. */
  #ahead = 0;
  #isAdvancing = false;
  #isPaused = false;
  /** No request has come yet. */
  #isNew = true;
  readonly #headClock: HeadClock;

  constructor(context: RelayContext, link: Link, client: ClientFacts) {
    this.context = context;
    this.link = link;
    this.client = client;
    this.#settings = context.settings;
    this.#headClock = new HeadClock(context, this.#settings.config);
    this.deadlineAt = this.#headClock.deadlineMs;
    context.deadlines.add(this);
    if (context.isDraining) this.drain();
  }

  /** The exchange under way, or the wait for the next. */
  get beganAtMs(): number {
    return this.#exchange?.beganAtMs ?? this.#headClock.fromMs;
  }

  /** While its last answer waits to be taken, it is not idle. */
  get stage(): "idle" | "exchange" {
    return this.#exchange === undefined && this.link.outboxBytes === 0 ? "idle" : "exchange";
  }

  get hasWaiting(): boolean {
    return this.#inbox.hasMore;
  }

  /** A client that came over a limit: it is told, and nothing of it is read. */
  turnAway(failure: Failure): void {
    if (this.context.refusedOpen > REFUSED_MAX) return this.link.destroy();
    this.refuse(failure);
  }

  onData(_link: Link, bytes: Buffer): void {
    touch(this.context);
    this.#ahead = 0;
    this.#inbox.add(bytes);
    this.advance();
  }

  onDrain(): void {
    if (this.#state === "exchange") this.#handler?.onClientDrain();
    else this.advance();
  }

  onEnd(): void {
    this.hasEnded = true;
    if (this.#state === "head") this.#leave();
    // What it has said already is heard first.
    else if (!this.hasWaiting) this.#handler?.onClientEnd();
  }

  onClose(): void {
    touch(this.context);
    this.context.deadlines.remove(this);
    this.#abandon();
    this.#endExchange();
    this.#state = "gone";
  }

  onDeadline(): void {
    if (this.#state === "exchange") return this.#handler?.onDeadline();
    const { counters, now } = this.context;
    if (this.#reader.isEmpty) {
      counters.add(cells.limitReached.timeout_idle);
      return this.#leave();
    }
    counters.add(
      now < this.#headClock.deadlineMs ? cells.limitReached.min_rate : cells.limitReached.timeout_head,
    );
    if (strike(this.context, this.client, "slow")) return this.refuse(banned());
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

  leave(): void {
    if (this.stage === "idle") this.#leave();
  }

  cut(): void {
    this.link.destroy();
  }

  /** Goes on with what waits: more requests, or more of a body. */
  advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    const inbox = this.#inbox;
    try {
      while (inbox.bytes !== undefined && this.#step(inbox.bytes)) inbox.settle();
    } finally {
      this.#isAdvancing = false;
    }
    if (this.hasEnded && this.#state === "head") return this.#leave();
    this.#settle();
    if (this.hasEnded && !this.hasWaiting) this.#handler?.onClientEnd();
  }

  exchangeEnded(persists: boolean): void {
    this.#handler = undefined;
    this.#endExchange();
    const saysMore = !this.hasEnded || this.hasWaiting;
    if (!persists || !saysMore || this.context.isDraining) return this.#leave();
    this.#state = "head";
    this.#settings = this.context.settings;
    const heldMs = this.context.held.leftMs(this.link, this.context.now);
    this.deadlineAt = deadlineIn(this.context, this.#settings.config.timeouts.idle + heldMs);
    if (this.#inbox.bytes !== undefined || this.#isPaused) this.advance();
  }

  /** Answers in place of an upstream. `persists` only when the whole request has been read. */
  reply(reply: Reply, head: RequestHead | undefined, persists: boolean): void {
    const exchange = this.#exchange;
    const stays = persists && !this.context.isDraining;
    const cacheLine = exchange?.cacheLine ?? "";
    const told = cacheLine === "" ? reply : { ...reply, fields: reply.fields + cacheLine };
    const message = serializeReply(told, {
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
    this.fail(failure, head, false);
  }

  fail(failure: Failure, head?: RequestHead, persists = false): void {
    this.#abandon();
    const exchange = this.#currentExchange();
    tellRefusal(this.context, exchange, failure);
    const mayTell = exchange.status === 0 && failure.refusal?.isReset !== true;
    if (mayTell) this.reply(replyTo(failure), head, persists);
    else this.link.destroy();
  }

  enter(head: RequestHead, target: Target): void {
    const exchange = this.#currentExchange();
    this.#handle(enterGate(this, this.#settings, exchange, head, target));
    if (this.#state === "exchange") this.advance();
  }

  handOver(): Buffer | undefined {
    const early = this.#inbox.empty();
    this.#handler = undefined;
    this.#exchange = undefined;
    this.#letGo();
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
      case "gone":
        return false;
    }
  }

  #readHead(bytes: Buffer): void {
    if (this.#exchange === undefined) this.#settings = this.context.settings;
    const { headLimits } = this.#settings;
    const wasEmpty = this.#reader.isEmpty;
    const at = this.#inbox.at;
    try {
      const end = this.#reader.take(bytes, at, headLimits);
      this.#inbox.at = end < 0 ? bytes.length : end;
      // An empty line in front of a head is nothing yet.
      if (end < 0 && this.#reader.isEmpty) return;
      const exchange = this.#currentExchange();
      exchange.bytesIn += this.#inbox.at - at;
      if (end >= 0) {
        const head = parseRequestHead(this.#reader.text, headLimits, this.#reader.memo);
        this.#reader.release();
        return this.#begin(exchange, head);
      }
      const { config } = this.#settings;
      if (wasEmpty) this.#headClock.begin(this.context, config, this.#isNew);
      this.deadlineAt = this.#headClock.after(exchange.bytesIn, config);
    } catch (error) {
      const exchange = this.#currentExchange();
      // Refused before it was counted.
      if (this.#inbox.at === at) exchange.bytesIn += bytes.length - at;
      exchange.nameRefused(
        this.#reader.release() || bytes.latin1Slice(at, Math.min(bytes.length, at + NAMED_BYTES)),
      );
      this.#protocolError(error);
    }
  }

  #currentExchange(): Exchange {
    this.#exchange ??= new Exchange(this.context, this.client.listener, this.client.text);
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
    this.#handle(begin(this, this.#settings, exchange, head));
  }

  /** Undefined: the request is answered already, and the next one may be under way. */
  #handle(handler: Handler | undefined): void {
    if (handler === undefined) return;
    this.#handler = handler;
    handler.start();
  }

  #takeBody(handler: Handler, bytes: Buffer): void {
    try {
      this.#inbox.at = handler.takeBody(bytes, this.#inbox.at);
    } catch (error) {
      this.#protocolError(error);
    }
  }

  #protocolError(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.limit !== undefined) this.context.counters.add(limitCells[error.limit]);
    if (strike(this.context, this.client, "errors")) return this.fail(banned());
    this.fail({ word: "http_request_error", detail: error.message, status: error.status });
  }

  #abandon(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.abandon();
  }

  /** Says no more: who has the link now waits until the client has read what was said. */
  #leave(): void {
    if (this.#state === "gone") return;
    this.#endExchange();
    this.#letGo();
    const { body } = this.#settings.config.timeouts;
    Leaving.from(this.context, this.link, this.hasEnded, body);
  }

  /** The link is somebody else's from now on. */
  #letGo(): void {
    this.context.deadlines.remove(this);
    this.#state = "gone";
    this.#inbox.empty();
    if (this.#isPaused) this.link.resume();
    this.#isPaused = false;
  }

  #settle(): void {
    if (this.#state === "gone") return;
    const mustPause = this.#inbox.bytes !== undefined || this.#handler?.isFull === true;
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
