/**
 * One request to an upstream on behalf of the cache. It has no client: those who
 * asked for its answer share it as it comes, each at its own pace, and come and go.
 *
 *   the head of the answer says whether it may be stored, and for whom it is
 *     nothing came       a stored one if that may be stale; else one other tries
 *     304 to our own     the stored one is freshened, and everybody gets that
 *     for all            everybody it suits gets it, the others go on alone
 *     not for sharing    the first gets it, the others go on alone
 *
 * It pauses its upstream while those who have least are too far behind what came,
 * unless all of it is kept anyway.
 */
import { type Body, bodyOf } from "../../http1/body.ts";
import { ProtocolError } from "../../http1/error.ts";
import { type Framing, responseFraming } from "../../http1/framing.ts";
import { parseResponseHead, type ResponseHead } from "../../http1/head.ts";
import { persists } from "../../http1/persistence.ts";
import { forwardedTrailers } from "../../http1/trailers.ts";
import type { Link } from "../../net/link.ts";
import { NEVER } from "../../net/timer.ts";
import { cells } from "../../observe/cells.ts";
import { Attempt, type AttemptOwner } from "../attempt.ts";
import { deadlineIn, type RelayContext, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import type { Reply } from "../message/reply.ts";
import { Request } from "../message/request.ts";
import { overdue } from "../overdue.ts";
import type { Upstream } from "../upstream-pool.ts";
import type { Fetching, Since } from "./answer-cache.ts";
import type { Asked } from "./asked.ts";
import { Askers, type FetchAsker } from "./askers.ts";
import { Fill } from "./fill.ts";
import { Keeping } from "./keeping.ts";
import { mayBeGiven } from "./may-be-given.ts";
import type { Plan } from "./plan.ts";
import { type Ruling, ruleOn } from "./ruling.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** What may have come and not gone on, when nobody keeps it. */
const WINDOW_BYTES = 1024 * 1024;

/** Fetches of a worker that go on for the store alone. */
const ORPHANS_MAX = 64;

export class Fetch implements AttemptOwner, Fetching {
  deadlineAt = NEVER;
  deadlineSlot = -1;
  readonly fill = new Fill();
  /** All of the body is in `fill`. */
  isDone = false;
  trailers = "";
  ruling: Ruling | undefined = undefined;
  private framing: Framing = { kind: "close" };
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private readonly context: RelayContext;
  private readonly plan: Plan;
  private readonly attempt: Attempt;
  private readonly request: Request;
  private askers: Askers;
  private readonly since: Since;
  private keeping: Keeping | undefined = undefined;
  /** Ours to let go of. */
  private validates: StoredAnswer | undefined;
  private body: Body | undefined = undefined;
  private upstreamPersists = false;
  /** Who is asked: `address:port`. */
  private peer = "";
  private requestMs = 0;
  private answerBegan = false;
  private isPaused = false;
  private isTelling = false;
  /** The one who asked has no room for what comes before the answer. */
  private isHeldUp = false;
  /** What of the fill is counted. */
  private filledBytes = 0;
  private isOrphan = false;
  private orphanUntil = NEVER;
  isOver = false;

  constructor(asked: Asked, plan: Plan) {
    this.asked = asked;
    this.context = asked.context;
    this.plan = plan;
    this.askers = new Askers(asked);
    this.validates = plan.validates;
    this.since = asked.cache.since(asked.key);
    this.attempt = new Attempt(asked.context, asked.settings, asked.exchange, asked.passage, this);
    this.request = new Request(plan.head, asked.passage, asked.settings);
  }

  /** Something under its key was purged since it began: its answer may be what had to go. */
  get isOutdated(): boolean {
    const { cache, key } = this.asked;
    return cache.memory.sequence(key) !== this.since.memory;
  }

  /** `asker` may hear of it before this returns. None: nobody waits, it is for the store alone. */
  start(asker: FetchAsker | undefined): void {
    const { cache, key } = this.asked;
    if (asker !== undefined) this.askers.add(asker);
    if (this.plan.isShared) cache.fetches.set(key, this);
    cache.deadlines.add(this);
    this.attempt.start();
  }

  /** False: its answer is not for this one. */
  join(asker: FetchAsker): boolean {
    if (this.isOver) return false;
    const { ruling } = this;
    // What is not kept in memory is dropped as it is passed on.
    if (ruling !== undefined && (!this.isFor(asker, ruling) || this.keeping?.keepsAll !== true)) return false;
    this.askers.add(asker);
    this.isOrphanNoMore();
    if (ruling === undefined) return true;
    asker.onAnswer(ruling, false);
    asker.onMore();
    return true;
  }

  /** It wants nothing any more. */
  leave(asker: FetchAsker): void {
    this.askers.remove(asker);
    if (this.askers.isLeader(asker)) this.isHeldUp = false;
    if (this.isOver) return this.lastRead();
    if (!this.askers.isEmpty) return this.balance();
    if (this.keeping?.isWorthwhile(this.fill.bytes) === true && this.becomesOrphan()) return this.balance();
    this.abandon();
  }

  /** The one who asked reads again, or there is an answer, which waits for those who read on its own. */
  roomAgain(): void {
    this.isHeldUp = false;
    this.balance();
  }

  /** An asker has passed some of it on. */
  passedOn(): void {
    if (!this.isTelling) this.balance();
  }

  /** What fell out of the fill before an asker got there, from the disk; -1 when it is nowhere. */
  readBack(at: number, into: Buffer): Promise<number> {
    return this.keeping?.read(at, into) ?? Promise.resolve(-1);
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
    this.failed(failure);
  }

  onRedirected(reply: Reply): void {
    this.over().endWithRedirect(reply);
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
      const word = error.limit === undefined ? "http_protocol_error" : "http_response_header_section_size";
      this.failed({ word, detail: error.message });
    }
  }

  onDrain(): void {}

  onEnd(): void {
    if (this.isOver) return;
    touch(this.context);
    if (this.body === undefined) return this.upstreamDied();
    if (!this.body.end()) return this.cutShort();
    this.upstreamPersists = false;
    this.bodyEnded();
  }

  onClose(_link: Link, error: Error | undefined): void {
    if (this.isOver) return;
    if (error === undefined) return this.onEnd();
    touch(this.context);
    if (this.body === undefined) this.upstreamDied();
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
    if (told !== undefined) this.failed(told);
  }

  private read(upstream: Upstream, bytes: Buffer): void {
    let at = 0;
    while (this.body === undefined) {
      if (!this.answerBegan) {
        this.answerBegan = true;
        this.askers.tellFirstByte();
      }
      const { headLimits } = this.asked.settings;
      at = upstream.reader.take(bytes, at, headLimits);
      if (at < 0) return;
      const { reader } = upstream;
      const head = parseResponseHead(reader.release(), headLimits, reader.memo);
      if (head.status === 101) throw new ProtocolError("Cannot switch protocols: nobody asked for that");
      if (head.status >= 200) {
        if (this.isHeldUp) this.roomAgain();
        this.headCame(head, at < bytes.length);
        if (this.isOver) return;
      } else {
        this.isHeldUp = !this.askers.tellInterim(head);
        if (this.isHeldUp) this.balance();
        if (at === bytes.length) return;
      }
    }
    this.take(this.body, bytes, at);
  }

  /** `isFollowed`: more came with it. */
  private headCame(head: ResponseHead, isFollowed: boolean): void {
    const { asked, plan } = this;
    this.framing = responseFraming(asked.head.method, head.status, head.fields, head.minor);
    this.body = bodyOf(this.framing);
    const isShared = !asked.head.fields.authorizesConnection || head.status === 401;
    const isOverrun = isFollowed && this.body.done;
    this.upstreamPersists =
      isShared && !isOverrun && this.framing.kind !== "close" && persists(head.minor, head.fields);
    const times = { requestMs: this.requestMs, responseMs: asked.nowMs };
    const ruling = ruleOn(asked, plan, head, this.framing, times, this.since);
    this.ruling = ruling;
    if (ruling.stored !== undefined) return this.everybodyHas(ruling.stored, ruling);
    if (this.isOfNoUse(head.status, ruling)) return this.everybodyAgain();
    this.releaseValidated();
    const kept = this.keep(ruling);
    if (!kept.storing.store) this.loseOthers();
    this.ruling = kept;
    this.askers.tellAnswer(kept);
  }

  /**
   * It answers what we asked, and nobody else did: the rest of a part that does not go with it, or
   * that an answer is unchanged which is not the stored one (RFC 9111 §4.3.4).
   */
  private isOfNoUse(status: number, { prefix }: Ruling): boolean {
    const { completes, validates } = this.plan;
    if (completes !== undefined) return prefix === undefined && (status === 206 || status === 416);
    return validates !== undefined && status === 304;
  }

  /** What becomes of it when there is no place for it may be another thing. */
  private keep(ruling: Ruling): Ruling {
    const { prefix } = ruling;
    const piece = prefix && { bytes: prefix, from: 0, to: prefix.length };
    if (piece !== undefined) this.fill.add(piece);
    if (!ruling.storing.store) return ruling;
    this.keeping = Keeping.of(this.asked, ruling, this.peer, this.since, () => this.balance());
    if (this.keeping === undefined) return ruling.notStored("too large");
    if (piece !== undefined) this.keeping.take(piece, this.fill);
    this.askers.sendAway((asker) => !this.isFor(asker, ruling));
    return ruling;
  }

  /** May this one, who asked for the same, have what was fetched for another? */
  private isFor({ asked }: FetchAsker, ruling: Ruling): boolean {
    const { completes } = this.plan;
    const mayHavePart = completes === undefined || mayBeGiven(asked, completes.peer);
    return ruling.suits(asked) && mayHavePart && mayBeGiven(asked, this.peer);
  }

  private take(body: Body, bytes: Buffer, at: number): void {
    const end = body.take(bytes, at);
    if (body.dataEnd > at) {
      const piece = { bytes, from: at, to: body.dataEnd };
      this.fill.add(piece);
      this.keeping?.take(piece, this.fill);
      this.countFilled();
      if (!this.asked.cache.mayFill) this.keeping?.keepNoMore();
    }
    if (!body.done) {
      this.arm(this.asked.settings.config.timeouts.body);
      return this.tellMore();
    }
    if (end < bytes.length) this.upstreamPersists = false;
    this.trailers = forwardedTrailers(body.trailers);
    this.bodyEnded();
  }

  private bodyEnded(): void {
    this.isDone = true;
    this.attempt.done(this.upstreamPersists);
    this.context.counters.add(cells.cacheBytesFetched, this.fill.bytes);
    // Stored first: a client that asks again at once finds it.
    const stored = this.keeping?.finish(this.fill);
    this.close(stored);
    this.askers.tellMore();
  }

  private tellMore(): void {
    this.isTelling = true;
    this.askers.tellMore();
    this.isTelling = false;
    if (this.isOver) return;
    // Neither anybody nor a store wants the rest.
    if (this.askers.isEmpty && this.keeping?.isUnderWay !== true) this.abandon();
    else this.balance();
  }

  /** Everybody is answered from the store. */
  private everybodyHas(stored: StoredAnswer, ruling: Ruling): void {
    this.over().endWithStored(stored, ruling);
    this.releaseValidated();
  }

  private everybodyAgain(): void {
    const askers = this.over();
    this.releaseValidated();
    askers.endAlone();
  }

  private releaseValidated(): void {
    this.validates?.release();
    this.validates = undefined;
  }

  /** The answer is for the one in whose words it was asked for. */
  private loseOthers(): void {
    const { cache, key } = this.asked;
    if (this.plan.hasFlight) cache.flights.giveUp(key);
    if (cache.fetches.get(key) === this) cache.fetches.delete(key);
    const { hasAuthorization, control } = this.asked.request;
    const isAnswers = !hasAuthorization && !control.noStore;
    if (isAnswers && this.askers.hasOthers) cache.setUnshareable(key, this.context.now);
    this.askers.sendAway(() => true);
  }

  private balance(): void {
    const { fill } = this;
    // When all has come the store has a copy of its own.
    if (this.keeping?.keepsAll !== true || this.isOver) {
      fill.dropUntil(this.askers.firstNeeded(fill.count));
    }
    // Who is behind reads from the disk, and holds nobody up.
    if (this.keeping?.canBeReadBack === true) fill.dropBeyond(WINDOW_BYTES);
    this.countFilled();
    if (this.isOver) return;
    const mustPause =
      !this.isDone &&
      (this.isHeldUp ||
        this.keeping?.isFull === true ||
        (this.keeping?.keepsAll !== true && fill.heldBytes > WINDOW_BYTES));
    if (mustPause === this.isPaused) return;
    this.isPaused = mustPause;
    const link = this.attempt.upstream?.link;
    if (mustPause) {
      link?.pause();
      this.deadlineAt = NEVER;
    } else {
      link?.resume();
      const { body, firstByte } = this.asked.settings.config.timeouts;
      this.arm(this.body === undefined ? firstByte : body);
    }
  }

  /** Nobody waits for it any more: not so many at once, and not for long. False: one too many. */
  private becomesOrphan(): boolean {
    const { cache, settings } = this.asked;
    if (cache.orphans >= ORPHANS_MAX) return false;
    this.isOrphan = true;
    cache.orphans++;
    this.orphanUntil = deadlineIn(this.context, settings.config.timeouts.body);
    return true;
  }

  /** Somebody waits for it again, or it is over. */
  private isOrphanNoMore(): void {
    if (!this.isOrphan) return;
    this.isOrphan = false;
    this.asked.cache.orphans--;
    if (!this.isOver && !this.isPaused) this.arm(this.asked.settings.config.timeouts.body);
  }

  /** The fill of one that is over, and what its writer still has open. */
  private lastRead(): void {
    this.balance();
    if (this.askers.isEmpty) this.keeping?.close();
  }

  private countFilled(): void {
    const held = this.isOver && this.askers.isEmpty ? 0 : this.fill.heldBytes;
    this.asked.cache.filledBytes += held - this.filledBytes;
    this.filledBytes = held;
  }

  private upstreamDied(): void {
    const { answerBegan } = this;
    const word = answerBegan ? "http_response_incomplete" : "connection_terminated";
    const { method } = this.asked.head;
    if (this.attempt.again(word, { method, wasSent: this.request.wasSent, bodyGone: false, answerBegan }))
      return;
    const detail = `${this.asked.passage.endpoint} closed the connection before it had answered`;
    this.failed({ word, detail });
  }

  private cutShort(): void {
    const detail = `${this.asked.passage.endpoint} closed the connection within its answer`;
    this.failed({ word: "http_response_incomplete", detail });
  }

  private failed(failure: Failure): void {
    if (this.isOver) return;
    this.keeping?.giveUp(this.fill);
    const askers = this.over();
    if (this.ruling === undefined) askers.endUnanswered(failure, this.validates, !this.plan.isSecond);
    else askers.endCutShort(failure);
    this.releaseValidated();
  }

  private abandon(): void {
    this.keeping?.giveUp(this.fill);
    this.over();
    this.releaseValidated();
  }

  /** Lets go of the upstream, and of those who asked. */
  private over(): Askers {
    if (this.isPaused) this.attempt.upstream?.link.resume();
    // What is left of an answer that nobody needs is not waited for.
    if (this.body?.done === true) this.attempt.done(this.upstreamPersists);
    this.attempt.abandon();
    const { askers } = this;
    this.askers = new Askers(this.asked);
    this.close();
    return askers;
  }

  /** `stored`: who waits for it in other workers is told when it can be found. */
  private close(stored?: Promise<unknown>): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isPaused = false;
    const { cache, key } = this.asked;
    const land = (): void => cache.flights.end(key);
    if (this.plan.hasFlight && stored !== undefined) void stored.then(land, land);
    else if (this.plan.hasFlight) land();
    if (cache.fetches.get(key) === this) cache.fetches.delete(key);
    cache.deadlines.remove(this);
    this.deadlineAt = NEVER;
    this.isOrphanNoMore();
    if (this.askers.isEmpty) this.lastRead();
  }

  private arm(ms: number): void {
    const until = this.isPaused ? NEVER : deadlineIn(this.context, ms);
    this.deadlineAt = this.isOrphan ? Math.min(until, this.orphanUntil) : until;
  }
}
