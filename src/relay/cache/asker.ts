/**
 * One client that asked for what is not in memory, or not fresh: it waits for the
 * disk, for another worker, for a fetch of its own or one that it shares, and then
 * is given the answer as it comes, at its own pace.
 */
import { decideConditional, notModifiedLines } from "../../cache/conditional.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { serializeInterim, serializeResponse } from "../../http1/serialize.ts";
import { NEVER } from "../../net/timer.ts";
import { deadlineIn, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import { answerRefusal } from "../gate/content.ts";
import type { Handler } from "../handler.ts";
import { dateLine } from "../message/date.ts";
import { answerFor } from "../message/outgoing.ts";
import { reasonOf } from "../message/reasons.ts";
import type { Reply } from "../message/reply.ts";
import { overdue } from "../overdue.ts";
import type { Asked } from "./asked.ts";
import { AskerAnswer } from "./asker-answer.ts";
import type { FetchAsker } from "./askers.ts";
import { Fetch } from "./fetch.ts";
import type { Piece } from "./fill.ts";
import { forwardHead } from "./head-request.ts";
import { mayBeGiven } from "./may-be-given.ts";
import { isKeptFromFetching, tellMissing } from "./missing.ts";
import { chargeRequest, Outflow } from "./outflow.ts";
import { type Plan, planFor } from "./plan.ts";
import { refresh } from "./refresh.ts";
import type { Ruling } from "./ruling.ts";
import { persistence, serve } from "./serve.ts";
import { DiskAnswer, type StoredAnswer } from "./stored-answer.ts";
import { takeStored } from "./take-stored.ts";
import { type Because, fetched, forwarded, hitAfterAll, sharedHit } from "./told.ts";

const NOTHING: Piece = { bytes: Buffer.alloc(0), from: 0, to: 0 };

const READ_BACK_BYTES = 256 * 1024;

/** Its next piece is none in memory, nor will any be. */
const BEHIND = Number.POSITIVE_INFINITY;

const LOST: Failure = { word: "proxy_internal_error", detail: "What was kept of the answer is lost" };

/** Rounds of waiting for another worker, which may fail each time; then it goes on alone. */
const WAITS_MAX = 2;

export class Asker implements Handler, FetchAsker {
  readonly wantsBody = false;
  readonly isFull = false;
  nextPiece = 0;
  readonly asked: Asked;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private because: Because;
  /** What was found, and can't be used as it is. */
  private stale: StoredAnswer | undefined;
  private readonly outflow: Outflow;
  private fetch: Fetch | undefined = undefined;
  private answer: AskerAnswer | undefined = undefined;
  /** Somebody else sees to the client now. */
  private successor: Handler | undefined = undefined;
  private isAlone = false;
  private isCollapsed = false;
  private isSecond = false;
  private isOver = false;
  private isPumping = false;
  /** Bytes of the body that it has passed on. */
  private passed = 0;
  private isBehind = false;
  private isReadingBack = false;
  private waits = 0;

  constructor(asked: Asked, because: Because, stale: StoredAnswer | undefined, isAlone: boolean) {
    this.asked = asked;
    this.because = because;
    this.stale = stale;
    this.isAlone = isAlone;
    this.outflow = new Outflow(asked);
  }

  start(): void {
    const { asked } = this;
    const { session, cache } = asked;
    session.deadlineAt = NEVER;
    const failure = asked.isHead ? undefined : chargeRequest(asked);
    if (failure !== undefined) return this.fail(failure);
    if (this.stale === undefined && cache.disk?.mayHave(asked.key) === true) return this.lookOnDisk();
    this.goAndFetch();
  }

  takeBody(_bytes: Buffer, at: number): number {
    return at;
  }

  onClientDrain(): void {
    if (this.successor !== undefined) return this.successor.onClientDrain();
    this.outflow.drained();
    if (this.answer === undefined) this.fetch?.roomAgain();
    else this.pump();
  }

  onClientEnd(): void {
    this.successor?.onClientEnd();
  }

  abandon(): void {
    this.successor?.abandon();
    this.close()?.leave(this);
  }

  onDeadline(): void {
    if (this.successor !== undefined) return this.successor.onDeadline();
    if (this.answer === undefined && !this.outflow.isFull) return this.overdueWait();
    if (this.outflow.onDeadline()) this.pump();
  }

  /** RFC 9110 §15.2: passed on, but not to HTTP/1.0, which knows none. */
  onInterim(head: ResponseHead): boolean {
    const { session, exchange, settings } = this.asked;
    if (this.asked.head.minor === 0) return true;
    const text = serializeInterim(head, settings.viaLines[head.minor]);
    exchange.bytesOut += text.length;
    const hasRoom = session.link.writeText(text);
    this.outflow.wrote(hasRoom);
    return hasRoom;
  }

  onAnswer(ruling: Ruling, isFirst: boolean): void {
    const { context, settings, exchange, passage, session, head, request } = this.asked;
    const refusal = answerRefusal(context, settings, exchange, passage, ruling.head);
    if (refusal !== undefined) return this.fail(refusal);
    this.isCollapsed = !isFirst;
    exchange.cache = this.isCollapsed ? "collapsed" : "miss";
    const answer = answerFor(isFirst ? ruling.head : ruling.sharedHead, passage.effects?.response);
    const { storing } = ruling;
    const isUnchanged =
      storing.store && decideConditional(head.method, request, storing.facts, storing.lines) === 304;
    const status = isUnchanged ? 304 : answer.status;
    const line = fetched(this.asked, this.because, ruling, this.isCollapsed, status);
    const viaLine = settings.viaLines[ruling.head.minor];
    const added = (answer.fields.hasDate ? "" : dateLine(context)) + line + viaLine;
    if (isUnchanged) return this.notModified(answer, added);
    this.answer = new AskerAnswer(answer, {
      minor: head.minor,
      isHead: this.asked.isHead,
      framing: ruling.framing,
      addedLines: added,
      persists: this.asked.persists,
    });
    if (!this.outflow.isFull) session.deadlineAt = NEVER;
    const failure = this.outflow.waitForDebts();
    if (failure !== undefined) this.fail(failure);
  }

  onMore(): void {
    this.pump();
  }

  onStored(stored: StoredAnswer, because: Ruling["because"], upstreamStatus: number | undefined): void {
    this.close();
    const word = because === "validated" ? (this.isCollapsed ? "collapsed" : "revalidated") : "stale";
    const line = hitAfterAll(this.asked, this.because, stored.facts, because, upstreamStatus);
    this.succeed(serve(this.asked, stored, { word, line }, () => this.lost()));
  }

  onAlone(): void {
    this.fetch = undefined;
    this.isCollapsed = false;
    this.isAlone = true;
    this.goAndFetch();
  }

  onFailed(failure: Failure, mayTryAgain: boolean): void {
    this.fetch = undefined;
    this.isCollapsed = false;
    if (!mayTryAgain) return this.fail(failure);
    this.isSecond = true;
    this.goAndFetch();
  }

  onRedirected(reply: Reply): void {
    this.close();
    this.asked.session.reply(reply, this.asked.head, this.asked.persists);
  }

  private lookOnDisk(): void {
    const { cache, context, session, settings, key } = this.asked;
    session.deadlineAt = deadlineIn(context, settings.config.timeouts.firstByte);
    void cache.open(key, this.asked.request).then((entry) => {
      touch(context);
      if (this.isOver) return entry?.close();
      session.deadlineAt = NEVER;
      if (entry === undefined) return this.goAndFetch();
      this.found(new DiskAnswer(entry));
    });
  }

  /** On the disk, or stored by another worker meanwhile. */
  private found(stored: StoredAnswer): void {
    if (!mayBeGiven(this.asked, stored.peer)) {
      stored.release();
      return this.onAlone();
    }
    const taken = takeStored(this.asked, stored);
    if (taken.result === "serve") {
      this.close();
      // Another worker was waited for.
      const isShared = this.waits > 0;
      const line = sharedHit(this.asked, this.because, stored.facts);
      const told = isShared ? ({ word: "collapsed", line } as const) : taken.told;
      if (taken.mustRefresh) refresh(this.asked, stored);
      return this.succeed(serve(this.asked, stored, told, () => this.lost()));
    }
    this.because = taken.because;
    this.dropStale();
    this.stale = stored;
    this.goAndFetch();
  }

  /** Altered on the disk: as if it had not been there. */
  private lost(): void {
    this.successor = undefined;
    this.isOver = false;
    this.goAndFetch();
  }

  private goAndFetch(): void {
    if (this.isOver) return;
    const { asked, stale } = this;
    const { session, exchange, settings, cache, head, passage, key, context } = asked;
    if (isKeptFromFetching(asked)) {
      this.close();
      return tellMissing(session, exchange, settings, cache, head, passage);
    }
    if (asked.isHead) {
      this.close();
      return this.succeed(forwardHead(asked, this.because));
    }
    const plan = planFor(asked, stale, { isAlone: this.isAlone, isSecond: this.isSecond });
    if (plan.isShared) {
      const running = cache.fetches.get(key);
      if (running instanceof Fetch && !running.isOutdated) {
        if (this.join(running)) return;
        return this.begin({ ...plan, isShared: false });
      }
      if (cache.isUnshareable(key, context.now)) return this.begin({ ...plan, isShared: false });
      const flight = cache.flights.begin(key);
      if (flight === "theirs" && this.waits < WAITS_MAX) return this.awaitOther();
      return this.begin({
        ...plan,
        isShared: flight === "mine" || flight === "unknown",
        hasFlight: flight === "mine",
      });
    }
    this.begin(plan);
  }

  private begin(plan: Plan): void {
    // What the fetch makes use of is its to let go of.
    if (plan.validates === undefined && plan.completes === undefined) this.dropStale();
    this.stale = undefined;
    this.fetch = new Fetch(this.asked, plan);
    this.fetch.start(this);
  }

  /** It may have its answer at once. */
  private join(running: Fetch): boolean {
    this.isCollapsed = true;
    this.fetch = running;
    if (running.join(this)) {
      this.dropStale();
      return true;
    }
    this.fetch = undefined;
    this.isCollapsed = false;
    return false;
  }

  private dropStale(): void {
    this.stale?.release();
    this.stale = undefined;
  }

  /** Another worker is fetching it: the answer will be in the store. */
  private awaitOther(): void {
    const { cache, key, context, session, settings } = this.asked;
    this.waits++;
    const { firstByte } = settings.config.timeouts;
    const sequence = cache.memory.sequence(key);
    session.deadlineAt = NEVER;
    void cache.flights.wait(key, firstByte).then((how) => {
      if (this.isOver) return;
      touch(context);
      // Purged meanwhile: who joins our fetch must not be given it.
      if (cache.memory.sequence(key) !== sequence) this.dropStale();
      if (how === "unshareable") cache.setUnshareable(key, context.now);
      if (how !== "ended") return this.onAlone();
      const stored = cache.copyOf(key, this.asked.request);
      if (stored !== undefined) return this.found(stored);
      if (cache.disk?.mayHave(key) === true) return this.lookOnDisk();
      this.goAndFetch();
    });
  }

  /** It has what it asks about already. */
  private notModified(answer: ResponseHead, added: string): void {
    const { session, exchange, head, persists } = this.asked;
    const fields = {
      ...answer.fields,
      forwarded: notModifiedLines(answer.fields.forwarded),
      contentLength: -1,
    };
    const given = { minor: 1, status: 304, reason: reasonOf(304), fields } as const;
    const text = serializeResponse(given, { kind: "none" }, added, persistence(head.minor, persists));
    exchange.status = 304;
    exchange.bytesOut += text.length;
    session.link.writeText(text);
    this.close()?.leave(this);
    session.exchangeEnded(persists);
  }

  private pump(): void {
    const { answer, fetch } = this;
    if (answer === undefined || fetch === undefined || this.isPumping) return;
    this.isPumping = true;
    while (!this.isOver && this.outflow.isOpen && !answer.pipe.done) {
      if (this.nextPiece < fetch.fill.dropped) this.fallBehind();
      if (this.isBehind && this.passed < fetch.fill.bytes) {
        this.readBack(answer, fetch);
        break;
      }
      const piece = fetch.fill.at(this.nextPiece);
      // The head does not wait for a body.
      if (piece === undefined && !fetch.isDone && answer.hasBegun) break;
      this.pass(answer, fetch, piece ?? NOTHING);
    }
    this.isPumping = false;
    if (this.isOver) return;
    if (answer.pipe.done) this.finish(answer);
    else fetch.passedOn();
  }

  private pass(answer: AskerAnswer, fetch: Fetch, piece: Piece): void {
    const failure = this.outflow.admit(piece.bytes, piece.from, piece.to);
    if (failure !== undefined) return this.fail(failure);
    if (piece !== NOTHING) this.nextPiece++;
    this.passed += piece.to - piece.from;
    const isLast = fetch.isDone && this.passed >= fetch.fill.bytes;
    answer.pass(piece, isLast, fetch.trailers, this.asked.session.link);
    this.asked.exchange.status = answer.status;
    this.asked.exchange.bytesOut += answer.pipe.written;
    this.outflow.wrote(answer.pipe.hasRoom);
  }

  /** What it wants next is on the disk alone; and so it goes on from there. */
  private fallBehind(): void {
    this.isBehind = true;
    this.nextPiece = BEHIND;
  }

  private readBack(answer: AskerAnswer, fetch: Fetch): void {
    if (this.isReadingBack) return;
    this.isReadingBack = true;
    const bytes = Buffer.allocUnsafeSlow(READ_BACK_BYTES);
    void fetch.readBack(this.passed, bytes).then((count) => {
      this.isReadingBack = false;
      if (this.isOver) return;
      touch(this.asked.context);
      // What has come was written, or it is lost.
      if (count <= 0) return this.fail(LOST);
      this.pass(answer, fetch, { bytes, from: 0, to: count });
      this.pump();
    });
  }

  private finish({ persists }: AskerAnswer): void {
    this.close()?.leave(this);
    this.asked.session.exchangeEnded(persists);
  }

  private overdueWait(): void {
    const { cell, failure } = overdue.first_byte;
    this.asked.context.counters.add(cell);
    const told = failure(this.asked.passage.endpoint);
    if (told !== undefined) this.fail(told);
  }

  private fail(failure: Failure): void {
    const { session, head, persists, exchange, settings } = this.asked;
    exchange.cache ??= "miss";
    exchange.cacheLine = forwarded(settings, this.because);
    session.fail(failure, head, persists);
  }

  private succeed(handler: Handler | undefined): void {
    this.successor = handler;
    handler?.start();
  }

  /** Nothing more comes of it; the fetch that it was part of. */
  private close(): Fetch | undefined {
    const { fetch } = this;
    this.isOver = true;
    this.fetch = undefined;
    this.dropStale();
    return fetch;
  }
}
