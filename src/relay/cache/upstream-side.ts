/**
 * The upstream's side of a fetch: a way to it, the request, and what it answers,
 * read as it comes. It is given up when it takes too long, and not read while its
 * owner wants no more. Knows neither who asked nor what becomes of the answer.
 */
import { type Body, bodyOf } from "../../http1/body.ts";
import { ProtocolError } from "../../http1/error.ts";
import { type Framing, responseFraming } from "../../http1/framing.ts";
import { parseResponseHead, type RequestHead, type ResponseHead } from "../../http1/head.ts";
import { persists } from "../../http1/persistence.ts";
import { forwardedTrailers } from "../../http1/trailers.ts";
import { countGarbage, type Link } from "../../net/link.ts";
import { type Deadlined, NEVER } from "../../net/timer.ts";
import { cells } from "../../observe/cells.ts";
import { Attempt, type AttemptOwner } from "../attempt.ts";
import { deadlineIn, type RelayContext, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import type { Reply } from "../message/reply.ts";
import { Request } from "../message/request.ts";
import { overdue } from "../overdue.ts";
import type { Upstream } from "../upstream-pool.ts";
import type { Asked } from "./asked.ts";
import type { Piece } from "./fill.ts";

/** The last three are the end: nothing more is heard after one of them, nor after `letGo`. */
export interface UpstreamSideOwner {
  onFirstByte(): void;
  onInterim(head: ResponseHead): void;
  onHead(head: ResponseHead, framing: Framing): void;
  /** Of the body, which goes on: `onMore` or its end comes next. */
  onPiece(piece: Piece): void;
  /** What came at once has been told, without the end. */
  onMore(): void;
  onBodyEnd(trailers: string): void;
  onFailed(failure: Failure): void;
  onRedirected(reply: Reply): void;
}

/** What the head of an interim answer leaves behind: there may be thousands of them in one read. */
const INTERIM_BYTES = 4_096;

export class UpstreamSide implements AttemptOwner, Deadlined {
  deadlineAt = NEVER;
  deadlineSlot = -1;
  /** Who is asked: `address:port`. */
  peer = "";
  /** When it was asked, in milliseconds since the epoch. */
  requestMs = 0;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private readonly context: RelayContext;
  private readonly owner: UpstreamSideOwner;
  private readonly attempt: Attempt;
  private readonly request: Request;
  /** Of the answer, once its head has come. */
  private body: Body | undefined = undefined;
  private mayPersist = false;
  private answerBegan = false;
  private isPaused = false;
  private endsAt = NEVER;
  private isOver = false;

  /** `head`: what it is asked in place of the client. */
  constructor(asked: Asked, head: RequestHead, owner: UpstreamSideOwner) {
    this.asked = asked;
    this.context = asked.context;
    this.owner = owner;
    this.attempt = new Attempt(asked.context, asked.settings, asked.exchange, asked.passage, this);
    this.request = new Request(head, asked.passage, asked.settings);
  }

  /** Its owner may hear of it before this returns. */
  start(): void {
    this.asked.cache.deadlines.add(this);
    this.attempt.start();
  }

  /** A pause is the owner's doing: meanwhile the upstream is late for nothing. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    const link = this.attempt.upstream?.link;
    if (isPaused) {
      link?.pause();
      this.deadlineAt = NEVER;
    } else {
      link?.resume();
      const { body, firstByte } = this.asked.settings.config.timeouts;
      this.arm(this.body === undefined ? firstByte : body);
    }
  }

  /** From now on it has so long for all that is left. */
  limit(ms: number): void {
    this.endsAt = deadlineIn(this.context, ms);
  }

  /** It has as long again as others. */
  unlimit(): void {
    this.endsAt = NEVER;
    if (!this.isOver && !this.isPaused) this.arm(this.asked.settings.config.timeouts.body);
  }

  /** Its owner wants no more. */
  letGo(): void {
    if (this.isPaused) this.attempt.upstream?.link.resume();
    // What is left of an answer that nobody needs is not waited for.
    if (this.body?.done === true) this.attempt.done(this.mayPersist);
    this.attempt.abandon();
    this.end();
  }

  onConnecting(): void {
    this.arm(this.asked.settings.config.timeouts.connect);
  }

  onUpstream(upstream: Upstream): void {
    this.peer = upstream.peer;
    this.requestMs = this.asked.nowMs;
    this.request.begin(this.asked.passage, this.context.now);
    this.request.sendHead(upstream.link);
    this.context.counters.add(cells.bytesToUpstreams, this.request.written);
    this.arm(this.asked.settings.config.timeouts.firstByte);
  }

  onAttemptFailed(failure: Failure): void {
    this.owner.onFailed(failure);
  }

  onRedirected(reply: Reply): void {
    this.owner.onRedirected(reply);
  }

  onData(_link: Link, bytes: Buffer): void {
    const { upstream } = this.attempt;
    if (upstream === undefined || this.isOver) return;
    touch(this.context);
    this.context.counters.add(cells.bytesFromUpstreams, bytes.length);
    try {
      this.read(upstream, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Its body may have ended in what can't be read.
      this.mayPersist = false;
      const word = error.limit === undefined ? "http_protocol_error" : "http_response_header_section_size";
      this.owner.onFailed({ word, detail: error.message });
    }
  }

  onDrain(): void {}

  onEnd(): void {
    if (this.isOver) return;
    touch(this.context);
    if (this.body === undefined) return this.died();
    if (!this.body.end()) return this.cutShort();
    this.mayPersist = false;
    this.bodyEnded("");
  }

  onClose(_link: Link, error: Error | undefined): void {
    if (this.isOver) return;
    if (error === undefined) return this.onEnd();
    touch(this.context);
    if (this.body === undefined) this.died();
    else this.cutShort();
  }

  onDeadline(): void {
    const wait =
      this.attempt.upstream === undefined
        ? "connection"
        : this.body === undefined
          ? "first_byte"
          : "answer_body";
    const { cell, failure } = overdue[wait];
    this.context.counters.add(cell);
    const told = failure(this.asked.passage.endpoint);
    if (told !== undefined) this.owner.onFailed(told);
  }

  private read(upstream: Upstream, bytes: Buffer): void {
    let at = 0;
    while (this.body === undefined) {
      if (!this.answerBegan) {
        this.answerBegan = true;
        this.owner.onFirstByte();
      }
      const { headLimits } = this.asked.settings;
      at = upstream.reader.take(bytes, at, headLimits);
      if (at < 0) return;
      const { reader } = upstream;
      const head = parseResponseHead(reader.release(), headLimits, reader.memo);
      if (head.status === 101) throw new ProtocolError("Cannot switch protocols: nobody asked for that");
      if (head.status >= 200) this.headCame(head, at < bytes.length);
      else {
        countGarbage(INTERIM_BYTES);
        this.owner.onInterim(head);
      }
      if (this.isOver || (head.status < 200 && at === bytes.length)) return;
    }
    this.take(this.body, bytes, at);
  }

  /** `isFollowed`: more came with it. */
  private headCame(head: ResponseHead, isFollowed: boolean): void {
    const { head: request } = this.asked;
    const framing = responseFraming(request.method, head.status, head.fields, head.minor);
    this.body = bodyOf(framing);
    const isShared = !request.fields.authorizesConnection || head.status === 401;
    const isOverrun = isFollowed && this.body.done;
    this.mayPersist = isShared && !isOverrun && framing.kind !== "close" && persists(head.minor, head.fields);
    this.owner.onHead(head, framing);
  }

  private take(body: Body, bytes: Buffer, at: number): void {
    const end = body.take(bytes, at);
    if (body.dataEnd > at) this.owner.onPiece({ bytes, from: at, to: body.dataEnd });
    if (!body.done) {
      this.arm(this.asked.settings.config.timeouts.body);
      return this.owner.onMore();
    }
    if (end < bytes.length) this.mayPersist = false;
    this.bodyEnded(forwardedTrailers(body.trailers));
  }

  private bodyEnded(trailers: string): void {
    this.attempt.done(this.mayPersist);
    this.end();
    this.owner.onBodyEnd(trailers);
  }

  private died(): void {
    const { answerBegan } = this;
    const word = answerBegan ? "http_response_incomplete" : "connection_terminated";
    const { method } = this.asked.head;
    if (this.attempt.again(word, { method, wasSent: this.request.wasSent, bodyGone: false, answerBegan }))
      return;
    const detail = `${this.asked.passage.endpoint} closed the connection before it had answered`;
    this.owner.onFailed({ word, detail });
  }

  private cutShort(): void {
    const detail = `${this.asked.passage.endpoint} closed the connection within its answer`;
    this.owner.onFailed({ word: "http_response_incomplete", detail });
  }

  private arm(ms: number): void {
    const until = this.isPaused ? NEVER : deadlineIn(this.context, ms);
    this.deadlineAt = Math.min(until, this.endsAt);
  }

  private end(): void {
    this.isOver = true;
    this.isPaused = false;
    this.deadlineAt = NEVER;
    this.asked.cache.deadlines.remove(this);
  }
}
