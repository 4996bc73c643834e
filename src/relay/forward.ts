/**
 * One request and its answer, to an upstream and back. Bodies stream both ways;
 * the side that can't keep up pauses the other. The upstream's connection is
 * kept for the next exchange when both messages ended cleanly on it.
 *
 * Before the head of an answer has gone to the client, a failure becomes an
 * answer of ours; after it, the client's connection is cut, so that half a body
 * never passes for a whole one.
 */
import { bodyOf } from "../http1/body.ts";
import { ProtocolError } from "../http1/error.ts";
import { type Framing, requestFraming } from "../http1/framing.ts";
import { parseResponseHead, type RequestHead, type ResponseHead } from "../http1/head.ts";
import { persists } from "../http1/persistence.ts";
import { serializeInterim, serializeRequest } from "../http1/serialize.ts";
import type { Origin } from "../http1/target.ts";
import type { Link, LinkOwner } from "../net/link.ts";
import { cells } from "../observe/cells.ts";
import { decideRetry } from "../upstream/retry.ts";
import { Answer } from "./answer.ts";
import { BodyPipe } from "./body-pipe.ts";
import { Connecting, type ConnectWaiter } from "./connect.ts";
import { deadlineIn, type RelayContext, type Settings, touch } from "./context.ts";
import { dateLine } from "./date.ts";
import type { Exchange } from "./exchange.ts";
import { type Failure, failures } from "./failure.ts";
import type { ClientSide, Handler } from "./handler.ts";
import { outgoingRequest } from "./outgoing.ts";
import { overdue, type Wait } from "./overdue.ts";
import { Tunnel } from "./tunnel.ts";
import { Upstream } from "./upstream-pool.ts";

export class Forward implements Handler, LinkOwner, ConnectWaiter {
  isFull = false;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly session: ClientSide;
  private readonly context: RelayContext;
  private readonly exchange: Exchange;
  private readonly settings: Settings;
  private readonly head: RequestHead;
  private readonly origin: Origin;
  private readonly path: string;
  private readonly framing: Framing;
  private readonly requestPipe: BodyPipe;
  private connecting: Connecting | undefined;
  private upstream: Upstream | undefined;
  /** The request's head, until it is written: with the first of the body, when that is here already. */
  private unsentHead = "";
  private wasSent = false;
  private bodyGone = false;
  private answerBegan = false;
  private retries = 0;
  private answer: Answer | undefined;
  private upstreamPaused = false;

  constructor(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    head: RequestHead,
    target: { readonly origin: Origin; readonly path: string },
  ) {
    this.session = session;
    this.context = session.context;
    this.exchange = exchange;
    this.settings = settings;
    this.head = head;
    this.origin = target.origin;
    this.path = target.path;
    this.framing = requestFraming(head.fields, head.minor);
    this.requestPipe = new BodyPipe(bodyOf(this.framing), this.framing.kind === "chunked");
    exchange.kind = "forward";
  }

  get wantsBody(): boolean {
    return this.upstream !== undefined && !this.isFull && !this.requestPipe.done;
  }

  start(): void {
    const pooled = this.context.pool.take(this.origin.authority);
    if (pooled === undefined) return this.connect();
    this.context.counters.add(cells.upstreamReuses);
    this.use(pooled);
  }

  takeBody(bytes: Buffer, at: number): number {
    const upstream = this.upstream;
    if (upstream === undefined) return at;
    const pipe = this.requestPipe;
    const before = this.unsentHead;
    const end = pipe.take(bytes, at, upstream.link, before);
    this.unsentHead = "";
    this.bodyGone = true;
    this.exchange.bytesIn += end - at;
    this.wrote(upstream, pipe.written);
    this.isFull = !pipe.hasRoom;
    const { firstByte, body } = this.settings.config.timeouts;
    this.arm(pipe.done && this.answer === undefined ? firstByte : body);
    return end;
  }

  onClientDrain(): void {
    if (this.answer !== undefined) {
      this.answer.pipe.hasRoom = true;
      this.arm(this.settings.config.timeouts.body);
    }
    if (this.upstream !== undefined) this.resume(this.upstream);
  }

  onClientEnd(): void {
    // Half a request stays half; after a whole one the client still hears its answer.
    if (!this.requestPipe.done) this.session.link.destroy();
  }

  abandon(): void {
    this.connecting?.cancel();
    this.letGo()?.link.destroy();
  }

  onDeadline(): void {
    const { cell, failure } = overdue[this.waitsFor()];
    this.context.counters.add(cell);
    const told = failure(this.origin.authority);
    if (told === undefined) this.session.link.destroy();
    else this.fail(told);
  }

  onConnected(link: Link, peer: string): void {
    this.use(new Upstream(this.context.pool, link, this.origin.authority, peer));
  }

  onConnectFailed(failure: Failure): void {
    touch(this.context);
    this.fail(failure);
  }

  onData(_link: Link, bytes: Buffer): void {
    const upstream = this.upstream;
    if (upstream === undefined) return;
    touch(this.context);
    this.context.counters.add(cells.bytesFromUpstreams, bytes.length);
    try {
      this.read(upstream, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail({ word: wordOf(error), detail: error.message });
    }
  }

  onDrain(): void {
    this.isFull = false;
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

  private waitsFor(): Wait {
    if (this.upstream === undefined) return "connection";
    if (this.answer !== undefined) return this.answer.pipe.hasRoom ? "answer_body" : "client_room";
    if (this.requestPipe.done) return "first_byte";
    return this.isFull ? "upstream_room" : "request_body";
  }

  private connect(): void {
    this.arm(this.settings.config.timeouts.connect);
    this.connecting = new Connecting(this.context, this.settings, this.origin, this);
    this.connecting.start();
  }

  private use(upstream: Upstream): void {
    this.connecting = undefined;
    this.upstream = upstream;
    upstream.link.owner = this;
    upstream.uses++;
    this.exchange.upstream = upstream.peer;
    this.exchange.reused = upstream.uses > 1;
    const head = outgoingRequest(this.head);
    this.unsentHead = serializeRequest(
      head,
      this.path,
      this.origin.authority,
      this.framing,
      this.settings.viaLines[head.minor],
    );
    if (!this.requestPipe.done && this.session.hasWaiting) return this.session.advance();
    this.sendHead(upstream);
  }

  private sendHead(upstream: Upstream): void {
    const head = this.unsentHead;
    this.unsentHead = "";
    upstream.link.writeText(head);
    this.wrote(upstream, head.length);
    const { timeouts } = this.settings.config;
    this.arm(this.requestPipe.done ? timeouts.firstByte : timeouts.body);
  }

  private wrote(upstream: Upstream, byteCount: number): void {
    if (!upstream.link.isGone) this.wasSent = true;
    this.context.counters.add(cells.bytesToUpstreams, byteCount);
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
      if (head.status === 101) return this.switchProtocols(upstream, head, bytes.subarray(at));
      if (head.status >= 200) this.answer = this.answerWith(head);
      else {
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

  private answerWith(head: ResponseHead): Answer {
    const viaLine = this.settings.viaLines[head.minor];
    const addedLines = head.fields.hasDate ? viaLine : dateLine(this.context) + viaLine;
    return new Answer(this.head, head, addedLines, this.requestPipe.done, this.context.isDraining);
  }

  private passAnswer(upstream: Upstream, answer: Answer, bytes: Buffer, at: number): void {
    answer.pass(bytes, at, this.session.link);
    this.exchange.status = answer.status;
    this.exchange.bytesOut += answer.pipe.written;
    if (answer.pipe.done) return this.finish(answer);
    this.arm(this.settings.config.timeouts.body);
    if (!answer.pipe.hasRoom) this.pause(upstream);
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
    const upstream = this.upstream;
    const { perEndpoint } = this.settings.config.pool;
    if (upstream !== undefined) {
      this.resume(upstream);
      if (answer.upstreamPersists && perEndpoint > 0)
        this.context.pool.put(upstream, perEndpoint, this.context.now);
      else this.letGo()?.link.drop();
    }
    this.upstream = undefined;
    this.session.exchangeEnded(answer.clientPersists);
  }

  /** RFC 9110 §7.8: after a 101 both connections carry another protocol, and nothing is read of it. */
  private switchProtocols(upstream: Upstream, head: ResponseHead, early: Buffer): void {
    if (
      outgoingRequest(this.head).fields.upgrade === undefined ||
      head.fields.upgrade === undefined ||
      !this.requestPipe.done
    ) {
      return this.fail({
        word: "http_upgrade_failed",
        detail: `${this.origin.authority} switched protocols unasked`,
      });
    }
    const text = serializeInterim(head, this.settings.viaLines[head.minor]);
    this.exchange.kind = "upgrade";
    this.exchange.status = 101;
    this.exchange.bytesOut += text.length;
    this.session.link.writeText(text);
    Tunnel.join(this.session, this.exchange, this.settings, upstream.link, early);
  }

  /** Before any answer: once more where that is safe, else the client is told. */
  private upstreamDied(): void {
    const word = this.answerBegan ? "http_response_incomplete" : "connection_terminated";
    const maySendAgain =
      failures[word].retry === "if-safe" &&
      decideRetry({
        method: this.head.method,
        reused: this.exchange.reused,
        wasSent: this.wasSent,
        bodyGone: this.bodyGone,
        answerBegan: this.answerBegan,
        retries: this.retries,
      });
    if (!maySendAgain)
      return this.fail({
        word,
        detail: `${this.origin.authority} closed the connection before it had answered`,
      });
    this.letGo()?.link.drop();
    this.retries++;
    this.wasSent = false;
    this.context.counters.add(cells.retries);
    this.connect();
  }

  private cutShort(): void {
    this.fail({
      word: "http_response_incomplete",
      detail: `${this.origin.authority} closed the connection within its answer`,
    });
  }

  private fail(failure: Failure): void {
    const persisting = this.requestPipe.done && persists(this.head.minor, this.head.fields);
    this.session.fail(failure, this.head, persisting);
  }

  /** Returns the upstream, whose link tells this exchange nothing any more. */
  private letGo(): Upstream | undefined {
    const upstream = this.upstream;
    if (upstream !== undefined) upstream.link.owner = upstream;
    this.upstream = undefined;
    this.isFull = false;
    return upstream;
  }

  private arm(ms: number): void {
    this.session.deadlineAt = deadlineIn(this.context, ms);
  }
}

function wordOf(error: ProtocolError): Failure["word"] {
  return error.limit === undefined ? "http_protocol_error" : "http_response_header_section_size";
}
