/**
 * One client's share of a fetch: what comes of it is passed on as the client reads.
 * What has left memory before the client got there is read back from the disk.
 * What to do when the fetch has nothing for it is its owner's to say.
 */
import { decideConditional, notModifiedLines } from "../../cache/conditional.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { serializeInterim, serializeResponse } from "../../http1/serialize.ts";
import { NEVER } from "../../net/timer.ts";
import { touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import { answerRefusal } from "../gate/content.ts";
import { dateLine } from "../message/date.ts";
import { answerFor } from "../message/outgoing.ts";
import { reasonOf } from "../message/reasons.ts";
import type { Reply } from "../message/reply.ts";
import type { Asked } from "./asked.ts";
import { AskerAnswer } from "./asker-answer.ts";
import type { FetchAsker } from "./askers.ts";
import type { Fetch } from "./fetch.ts";
import type { Piece } from "./fill.ts";
import type { Outflow } from "./outflow.ts";
import type { Ruling } from "./ruling.ts";
import { persistence, type Told } from "./serve.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { type Because, fetched, hitAfterAll } from "./told.ts";

/** Each is the end of the share. */
export interface ShareOwner {
  /** The client has been given all. */
  onPassed(persists: boolean): void;
  /** Takes over a share of `stored`, which stands for the answer. */
  onStored(stored: StoredAnswer, told: Told): void;
  /** The answer is for others. */
  onAlone(varyNames?: string): void;
  onFailed(failure: Failure, mayTryAgain: boolean): void;
  onRedirected(reply: Reply): void;
}

const NOTHING: Piece = { bytes: Buffer.alloc(0), from: 0, to: 0 };

const READ_BACK_BYTES = 256 * 1024;

/** Its next piece is none in memory, nor will any be. */
const BEHIND = Number.POSITIVE_INFINITY;

const LOST: Failure = { word: "proxy_internal_error", detail: "What was kept of the answer is lost" };

export class FetchShare implements FetchAsker {
  nextPiece = 0;
  readonly asked: Asked;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly because: Because;
  private readonly outflow: Outflow;
  private readonly owner: ShareOwner;
  /** Undefined: it is over. */
  private fetch: Fetch | undefined;
  private isCollapsed: boolean;
  private answer: AskerAnswer | undefined = undefined;
  private isPumping = false;
  /** Bytes of the body that it has passed on. */
  private passed = 0;
  private isBehind = false;
  private isReadingBack = false;

  /** `because`: why it is fetched. `isCollapsed`: for another client, to begin with. */
  constructor(
    asked: Asked,
    because: Because,
    fetch: Fetch,
    isCollapsed: boolean,
    outflow: Outflow,
    owner: ShareOwner,
  ) {
    this.asked = asked;
    this.because = because;
    this.fetch = fetch;
    this.isCollapsed = isCollapsed;
    this.outflow = outflow;
    this.owner = owner;
  }

  /** The head of the answer has come. */
  get hasAnswer(): boolean {
    return this.answer !== undefined;
  }

  /** The client reads again. */
  onRoom(): void {
    if (this.answer === undefined) this.fetch?.roomAgain();
    else this.pump();
  }

  /** Its owner wants nothing more of it. */
  leave(): void {
    const { fetch } = this;
    this.fetch = undefined;
    fetch?.leave(this);
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
    this.fetch = undefined;
    const word = because === "validated" ? (this.isCollapsed ? "collapsed" : "revalidated") : "stale";
    const line = hitAfterAll(this.asked, this.because, stored.facts, because, upstreamStatus);
    this.owner.onStored(stored, { word, line });
  }

  onAlone(varyNames?: string): void {
    this.fetch = undefined;
    this.owner.onAlone(varyNames);
  }

  onFailed(failure: Failure, mayTryAgain: boolean): void {
    this.fetch = undefined;
    this.owner.onFailed(failure, mayTryAgain);
  }

  onRedirected(reply: Reply): void {
    this.fetch = undefined;
    this.owner.onRedirected(reply);
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
    this.finish(persists);
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
    if (answer.pipe.done) this.finish(answer.persists);
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

  private get isOver(): boolean {
    return this.fetch === undefined;
  }

  private finish(persists: boolean): void {
    this.leave();
    this.owner.onPassed(persists);
  }

  private fail(failure: Failure): void {
    this.leave();
    this.owner.onFailed(failure, false);
  }
}
