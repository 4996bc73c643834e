/**
 * One request and its answer, to an upstream and back. Bodies stream both ways;
 * the side that can't keep up pauses the other. The upstream's connection is
 * kept for the next exchange when both messages ended cleanly on it.
 *
 * Before the head of an answer has gone to the client, a failure becomes an
 * answer of ours; after it, the client's connection is cut, so that half a body
 * never passes for a whole one.
 */
import { ProtocolError } from "../http1/error.ts";
import { parseResponseHead, type RequestHead, type ResponseHead } from "../http1/head.ts";
import { persists } from "../http1/persistence.ts";
import { serializeInterim } from "../http1/serialize.ts";
import type { Link } from "../net/link.ts";
import { cells } from "../observe/cells.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import { deadlineIn, type RelayContext, type Settings, TICK_MS, touch } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { Failure } from "./failure.ts";
import { answerRefusal, tooLarge } from "./gate/content.ts";
import type { Passage } from "./gate/passage.ts";
import { banned } from "./gate/refusal.ts";
import { budgetUsedUp, charge } from "./gate/shaping.ts";
import { strike } from "./gate/strike.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { Answer } from "./message/answer.ts";
import type { BodyWatch } from "./message/body-pipe.ts";
import { dateLine } from "./message/date.ts";
import { answerFor } from "./message/outgoing.ts";
import type { Reply } from "./message/reply.ts";
import { Request } from "./message/request.ts";
import { overdue, type Wait } from "./overdue.ts";
import { switchProtocols } from "./upgrade.ts";
import type { Upstream } from "./upstream-pool.ts";

/** Sees the answer pass. */
export interface Onlooker {
  /** In the answer, each with its CRLF. */
  readonly addedLines: string;
  /** Sees the body as well, when it says so. */
  onAnswer(head: ResponseHead): BodyWatch | undefined;
  /** All of the answer has passed. */
  onEnded?(): void;
}

export class Forward implements Handler, AttemptOwner {
  isFull = false;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly session: ClientSide;
  private readonly context: RelayContext;
  private readonly exchange: Exchange;
  private readonly settings: Settings;
  private readonly head: RequestHead;
  private readonly passage: Passage;
  private readonly request: Request;
  private readonly attempt: Attempt;
  private readonly onlooker: Onlooker | undefined;
  private answerBegan = false;
  private answer: Answer | undefined;
  private upstreamPaused = false;

  constructor(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    head: RequestHead,
    passage: Passage,
    onlooker?: Onlooker,
  ) {
    this.session = session;
    this.context = session.context;
    this.exchange = exchange;
    this.settings = settings;
    this.head = head;
    this.passage = passage;
    this.onlooker = onlooker;
    this.request = new Request(head, passage, settings);
    this.attempt = new Attempt(this.context, settings, exchange, passage, this);
  }

  get wantsBody(): boolean {
    return this.attempt.upstream !== undefined && !this.isFull && !this.request.pipe.done;
  }

  start(): void {
    this.attempt.start();
  }

  takeBody(bytes: Buffer, at: number): number {
    const { upstream } = this.attempt;
    if (upstream === undefined) return at;
    const { request } = this;
    const end = request.take(bytes, at, upstream.link, this.context.now);
    this.exchange.bytesIn += end - at;
    this.context.counters.add(cells.bytesToUpstreams, request.written);
    if (request.pipe.isCut) {
      this.fail(tooLarge(this.passage, "request"));
      return end;
    }
    this.isFull = !request.pipe.hasRoom;
    this.waitForMore();
    this.pay("up", this.session.link, end - at);
    return end;
  }

  onClientDrain(): void {
    if (this.answer !== undefined) {
      this.answer.pipe.hasRoom = true;
      this.arm(this.settings.config.timeouts.body);
    }
    if (this.attempt.upstream !== undefined) this.resume(this.attempt.upstream);
  }

  onClientEnd(): void {
    // Half a request stays half; after a whole one the client still hears its answer.
    if (!this.request.pipe.done) this.session.link.destroy();
  }

  abandon(): void {
    this.attempt.abandon();
  }

  onDeadline(): void {
    const wait = this.waitsFor();
    const { cell, failure } = overdue[wait];
    this.context.counters.add(cell);
    if (wait === "request_body" && strike(this.context, this.session.client, "slow")) {
      return this.fail(banned());
    }
    const told = failure(this.passage.endpoint);
    if (told === undefined) this.session.link.destroy();
    else this.fail(told);
  }

  onConnecting(): void {
    this.isFull = false;
    this.arm(this.settings.config.timeouts.connect);
  }

  onAttemptFailed(failure: Failure): void {
    this.fail(failure);
  }

  onRedirected(reply: Reply): void {
    this.session.reply(reply, this.head, this.mayPersist);
  }

  onData(_link: Link, bytes: Buffer): void {
    const { upstream } = this.attempt;
    if (upstream === undefined) return;
    touch(this.context);
    this.context.counters.add(cells.bytesFromUpstreams, bytes.length);
    if (!this.pay("down", upstream.link, bytes.length)) return;
    try {
      this.read(upstream, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail({ word: wordOf(error), detail: error.message });
    }
  }

  onDrain(): void {
    this.isFull = false;
    this.request.countRateFrom(this.context.now);
    this.session.advance();
  }

  onEnd(): void {
    const { answer } = this;
    if (answer === undefined) return this.upstreamDied();
    if (!answer.end(this.session.link)) return this.cutShort();
    this.exchange.bytesOut += answer.pipe.written;
    this.finish(answer);
  }

  onClose(_link: Link, error: Error | undefined): void {
    if (error === undefined) return this.onEnd();
    if (this.answer === undefined) this.upstreamDied();
    else this.cutShort();
  }

  /** The rest of the request's body within its time, and no slower than the least rate. */
  private waitForMore(): void {
    const { timeouts } = this.settings.config;
    if (this.request.pipe.done || this.waitsForContinue()) {
      return this.arm(this.answer === undefined ? timeouts.firstByte : timeouts.body);
    }
    this.arm(timeouts.body);
    if (this.isFull) return;
    this.session.deadlineAt = Math.min(this.session.deadlineAt, this.request.slowAtMs + TICK_MS);
  }

  /** RFC 9110 §10.1.1: the client sends its body when the upstream says so, and that has said nothing. */
  private waitsForContinue(): boolean {
    const { request, head } = this;
    return !this.answerBegan && !request.bodyGone && /(?:^|\n)expect:/i.test(head.fields.forwarded);
  }

  private waitsFor(): Wait {
    if (this.attempt.upstream === undefined) return "connection";
    if (this.answer !== undefined) return this.answer.pipe.hasRoom ? "answer_body" : "client_room";
    if (this.request.pipe.done || this.waitsForContinue()) return "first_byte";
    return this.isFull ? "upstream_room" : "request_body";
  }

  onUpstream(upstream: Upstream): void {
    const { request, context } = this;
    // The head costs as well; and who is in debt from the answers before waits for this one.
    if (!this.pay("up", this.session.link, this.exchange.bytesIn)) return;
    if (!this.pay("down", upstream.link, 0)) return;
    request.begin(this.passage, context.now);
    if (!request.pipe.done && this.session.hasWaiting) this.session.advance();
    else {
      request.sendHead(upstream.link);
      context.counters.add(cells.bytesToUpstreams, request.written);
      this.waitForMore();
    }
  }

  private read(upstream: Upstream, bytes: Buffer): void {
    let at = 0;
    while (this.answer === undefined) {
      if (!this.answerBegan) {
        this.answerBegan = true;
        this.exchange.firstByteCame();
      }
      at = upstream.reader.take(bytes, at, this.settings.headLimits);
      if (at < 0) return;
      const { reader } = upstream;
      const head = parseResponseHead(reader.release(), this.settings.headLimits, reader.memo);
      if (head.status === 101) return this.switchTo(upstream, head, bytes.subarray(at));
      if (head.status >= 200) {
        const refusal = answerRefusal(this.context, this.settings, this.exchange, this.passage, head);
        if (refusal !== undefined) return this.fail(refusal);
        this.answer = this.answerWith(head);
      } else {
        this.passInterim(upstream, head);
        if (at === bytes.length) return;
      }
    }
    this.passAnswer(upstream, this.answer, bytes, at);
  }

  /** RFC 9110 §15.2: passed on, but not to HTTP/1.0, which knows none. */
  private passInterim(upstream: Upstream, head: ResponseHead): void {
    if (this.head.minor === 0) return;
    const text = serializeInterim(head, this.settings.viaLines[head.minor]);
    this.exchange.bytesOut += text.length;
    if (!this.session.link.writeText(text)) this.pause(upstream);
  }

  private answerWith(given: ResponseHead): Answer {
    const { onlooker } = this;
    const watch = onlooker?.onAnswer(given);
    const head = answerFor(given, this.passage.effects?.response);
    const viaLine = this.settings.viaLines[head.minor];
    const ownLines = onlooker === undefined ? viaLine : onlooker.addedLines + viaLine;
    return new Answer(this.head, head, {
      addedLines: head.fields.hasDate ? ownLines : dateLine(this.context) + ownLines,
      // What is watched for its content is not looked at twice.
      watch: this.passage.answerWatch ?? watch,
      requestDone: this.request.pipe.done,
      isLast: this.context.isDraining,
    });
  }

  private passAnswer(upstream: Upstream, answer: Answer, bytes: Buffer, at: number): void {
    answer.pass(bytes, at, this.session.link);
    if (answer.pipe.isCut) return this.fail(tooLarge(this.passage, "answer"));
    this.exchange.status = answer.status;
    this.exchange.bytesOut += answer.pipe.written;
    if (answer.pipe.done) return this.finish(answer);
    this.arm(this.settings.config.timeouts.body);
    if (!answer.pipe.hasRoom) this.pause(upstream);
  }

  /** Charges the limits; the sender waits as long as they say. False: a budget is used up, and the exchange has ended. */
  private pay(direction: "up" | "down", from: Link, byteCount: number): boolean {
    const { grant } = this.passage;
    if (grant === undefined) return true;
    const holdMs = charge(this.context, this.settings, this.exchange, grant, direction, from, byteCount);
    if (holdMs < 0) {
      this.fail(budgetUsedUp(this.context, grant));
      return false;
    }
    this.session.deadlineAt += holdMs;
    if (holdMs > 0 && direction === "up") this.request.countRateFrom(this.context.now + holdMs);
    return true;
  }

  private pause(upstream: Upstream): void {
    this.upstreamPaused = true;
    upstream.link.pause();
  }

  private resume(upstream: Upstream): void {
    if (this.upstreamPaused) upstream.link.resume();
    this.upstreamPaused = false;
  }

  private finish(answer: Answer): void {
    const { upstream } = this.attempt;
    if (upstream !== undefined) this.resume(upstream);
    this.attempt.done(answer.upstreamPersists);
    this.onlooker?.onEnded?.();
    this.session.exchangeEnded(answer.clientPersists);
  }

  private switchTo(upstream: Upstream, answer: ResponseHead, early: Buffer): void {
    const request = { head: this.head, done: this.request.pipe.done };
    const { session, exchange, settings, passage } = this;
    const failure = switchProtocols(
      session,
      exchange,
      settings,
      passage,
      request,
      answer,
      upstream.link,
      early,
    );
    if (failure !== undefined) this.fail(failure);
  }

  /** Before any answer: once more where that is safe, else the client is told. */
  private upstreamDied(): void {
    const word = this.answerBegan ? "http_response_incomplete" : "connection_terminated";
    const { request, answerBegan } = this;
    const { wasSent, bodyGone } = request;
    if (this.attempt.again(word, { method: this.head.method, wasSent, bodyGone, answerBegan })) return;
    const detail = `${this.passage.endpoint} closed the connection before it had answered`;
    this.fail({ word, detail });
  }

  private cutShort(): void {
    this.fail({
      word: "http_response_incomplete",
      detail: `${this.passage.endpoint} closed the connection within its answer`,
    });
  }

  private fail(failure: Failure): void {
    this.session.fail(failure, this.head, this.mayPersist);
  }

  /** After an answer of ours. */
  private get mayPersist(): boolean {
    return this.request.pipe.done && persists(this.head.minor, this.head.fields);
  }

  /** The time starts when nobody is held any more. */
  private arm(ms: number): void {
    const heldMs = this.passage.grant === undefined ? 0 : this.heldMs();
    this.session.deadlineAt = deadlineIn(this.context, ms + heldMs);
  }

  private heldMs(): number {
    const { held, now } = this.context;
    const upstreamMs = this.attempt.upstream === undefined ? 0 : held.leftMs(this.attempt.upstream.link, now);
    return Math.max(upstreamMs, held.leftMs(this.session.link, now));
  }
}

function wordOf(error: ProtocolError): Failure["word"] {
  return error.limit === undefined ? "http_protocol_error" : "http_response_header_section_size";
}
