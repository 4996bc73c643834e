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
import type { Framing } from "../../http1/framing.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { cells } from "../../observe/cells.ts";
import type { Failure } from "../failure.ts";
import type { Reply } from "../message/reply.ts";
import type { Fetching, Since } from "./answer-cache.ts";
import type { Asked } from "./asked.ts";
import { Askers, type FetchAsker } from "./askers.ts";
import { Fill, type Piece } from "./fill.ts";
import { Keeping } from "./keeping.ts";
import { mayBeGiven } from "./may-be-given.ts";
import type { Plan } from "./plan.ts";
import { isOfNoUse, type Ruling, ruleOn } from "./ruling.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { UpstreamSide, type UpstreamSideOwner } from "./upstream-side.ts";

/** What may have come and not gone on, when nobody keeps it. */
const WINDOW_BYTES = 1024 * 1024;

/** Fetches of a worker that go on for the store alone. */
const ORPHANS_MAX = 64;

export class Fetch implements UpstreamSideOwner, Fetching {
  readonly fill: Fill;
  /** All of the body is in `fill`. */
  isDone = false;
  trailers = "";
  isOver = false;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private readonly plan: Plan;
  private readonly since: Since;
  private readonly upstream: UpstreamSide;
  private askers: Askers;
  private ruling: Ruling | undefined = undefined;
  private keeping: Keeping | undefined = undefined;
  /** Ours to let go of. */
  private validates: StoredAnswer | undefined;
  private isTelling = false;
  /** The one who asked has no room for what comes before the answer. */
  private isHeldUp = false;
  private isOrphan = false;

  constructor(asked: Asked, plan: Plan) {
    this.asked = asked;
    this.plan = plan;
    this.validates = plan.validates;
    this.since = asked.cache.since(asked.key);
    this.fill = new Fill(asked.cache);
    this.askers = new Askers(asked);
    this.upstream = new UpstreamSide(asked, plan.head, this);
  }

  /** Something under its key was purged since it began: its answer may be what had to go. */
  get isOutdated(): boolean {
    const { cache, key } = this.asked;
    return cache.memory.sequence(key) !== this.since.memory;
  }

  /** `asker` may hear of it before this returns. None: nobody waits, it is for the store alone. */
  start(asker: FetchAsker | undefined): void {
    const { cache } = this.asked;
    if (asker !== undefined) this.askers.add(asker);
    if (this.plan.isShared) cache.fetches.set(this.plan.shareKey, this);
    this.upstream.start();
  }

  /** False: its answer is not for this one. */
  join(asker: FetchAsker): boolean {
    if (this.isOver) return false;
    const { ruling } = this;
    // What is kept nowhere is dropped as it is passed on.
    const isAllThere = this.keeping?.keepsAll === true || this.keeping?.canBeReadBack === true;
    if (ruling !== undefined && (!this.isFor(asker, ruling) || !isAllThere)) return false;
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

  onFirstByte(): void {
    this.askers.tellFirstByte();
  }

  onInterim(head: ResponseHead): void {
    this.isHeldUp = !this.askers.tellInterim(head);
    if (this.isHeldUp) this.balance();
  }

  onHead(head: ResponseHead, framing: Framing): void {
    if (this.isHeldUp) this.roomAgain();
    const { asked, plan, upstream } = this;
    const times = { requestMs: upstream.requestMs, responseMs: asked.nowMs };
    const ruling = ruleOn(asked, plan, head, framing, times, this.since);
    this.ruling = ruling;
    if (ruling.stored !== undefined) return this.endWithStored(ruling.stored, ruling);
    if (isOfNoUse(plan, head.status, ruling)) return this.endAlone();
    this.releaseValidated();
    const kept = this.keep(ruling);
    if (!kept.storing.store) this.loseOthers();
    this.ruling = kept;
    this.askers.tellAnswer(kept);
  }

  onPiece(piece: Piece): void {
    this.fill.add(piece);
    this.keeping?.take(piece, this.fill);
    if (!this.asked.cache.mayFill) this.keeping?.keepNoMore();
  }

  onMore(): void {
    this.isTelling = true;
    this.askers.tellMore();
    this.isTelling = false;
    if (this.isOver) return;
    // Neither anybody nor a store wants the rest.
    if (this.askers.isEmpty && this.keeping?.isUnderWay !== true) this.abandon();
    else this.balance();
  }

  onBodyEnd(trailers: string): void {
    this.isDone = true;
    this.trailers = trailers;
    this.asked.context.counters.add(cells.cacheBytesFetched, this.fill.bytes);
    if (!this.askers.isEmpty) this.keeping?.keepOpen();
    // Stored first: a client that asks again at once finds it.
    const stored = this.keeping?.finish(this.fill);
    this.close(stored);
    this.askers.tellMore();
  }

  onFailed(failure: Failure): void {
    if (this.isOver) return;
    this.keeping?.giveUp(this.fill);
    const askers = this.over();
    if (this.ruling === undefined) askers.endUnanswered(failure, this.validates, !this.plan.isSecond);
    else askers.endCutShort(failure);
    this.releaseValidated();
  }

  onRedirected(reply: Reply): void {
    this.over().endWithRedirect(reply);
  }

  /** What becomes of it when there is no place for it may be another thing. */
  private keep(ruling: Ruling): Ruling {
    const { prefix } = ruling;
    const piece = prefix && { bytes: prefix, from: 0, to: prefix.length };
    if (piece !== undefined) this.fill.add(piece);
    if (!ruling.storing.store) return ruling;
    this.keeping = Keeping.of(this.asked, ruling, this.upstream.peer, this.since, () => this.balance());
    if (this.keeping === undefined) return ruling.notStored("too large");
    if (piece !== undefined) this.keeping.take(piece, this.fill);
    this.askers.sendAway((asker) => !this.isFor(asker, ruling), ruling.storing.varyNames);
    return ruling;
  }

  /** May this one, who asked for the same, have what was fetched for another? */
  private isFor({ asked }: FetchAsker, ruling: Ruling): boolean {
    const { completes } = this.plan;
    const mayHavePart = completes === undefined || mayBeGiven(asked, completes.peer);
    return ruling.suits(asked) && mayHavePart && mayBeGiven(asked, this.upstream.peer);
  }

  /** The answer is for the one in whose words it was asked for. */
  private loseOthers(): void {
    const { cache, context } = this.asked;
    const { shareKey } = this.plan;
    if (this.plan.hasFlight) cache.flights.giveUp(shareKey);
    if (cache.fetches.get(shareKey) === this) cache.fetches.delete(shareKey);
    const { hasAuthorization, control } = this.asked.request;
    const isAnswers = !hasAuthorization && !control.noStore;
    if (isAnswers && this.askers.hasOthers) cache.setUnshareable(shareKey, context.now);
    this.askers.sendAway(() => true);
  }

  /** Drops what nobody needs any more, and reads on or does not. */
  private balance(): void {
    const { fill, keeping } = this;
    const keepsAll = keeping?.keepsAll === true;
    // When all has come the store has a copy of its own.
    if (!keepsAll || this.isOver) fill.dropUntil(this.askers.firstNeeded(fill.count));
    // Who is behind reads from the disk, and holds nobody up.
    if (keeping?.canBeReadBack === true) fill.dropBeyond(WINDOW_BYTES);
    if (this.isOver) return;
    const isFull = keeping?.isFull === true || (!keepsAll && fill.heldBytes > WINDOW_BYTES);
    this.upstream.setPaused(!this.isDone && (this.isHeldUp || isFull));
  }

  /** Nobody waits for it any more: not so many at once, and not for long. False: one too many. */
  private becomesOrphan(): boolean {
    const { cache, settings } = this.asked;
    if (cache.orphans >= ORPHANS_MAX) return false;
    this.isOrphan = true;
    cache.orphans++;
    this.upstream.limit(settings.config.timeouts.body);
    return true;
  }

  /** Somebody waits for it again, or it is over. */
  private isOrphanNoMore(): void {
    if (!this.isOrphan) return;
    this.isOrphan = false;
    this.asked.cache.orphans--;
    this.upstream.unlimit();
  }

  /** Everybody is answered from the store. */
  private endWithStored(stored: StoredAnswer, ruling: Ruling): void {
    this.over().endWithStored(stored, ruling);
    this.releaseValidated();
  }

  private endAlone(): void {
    const askers = this.over();
    this.releaseValidated();
    askers.endAlone();
  }

  private abandon(): void {
    this.keeping?.giveUp(this.fill);
    this.over();
    this.releaseValidated();
  }

  /** Lets go of the upstream, and of those who asked. */
  private over(): Askers {
    this.upstream.letGo();
    const { askers } = this;
    this.askers = new Askers(this.asked);
    this.close();
    return askers;
  }

  /** `stored`: who waits for it in other workers is told when it can be found. */
  private close(stored?: Promise<unknown>): void {
    if (this.isOver) return;
    this.isOver = true;
    const { cache } = this.asked;
    const { shareKey } = this.plan;
    const land = (): void => cache.flights.end(shareKey);
    if (this.plan.hasFlight && stored !== undefined) void stored.then(land, land);
    else if (this.plan.hasFlight) land();
    if (cache.fetches.get(shareKey) === this) cache.fetches.delete(shareKey);
    this.isOrphanNoMore();
    if (this.askers.isEmpty) this.lastRead();
  }

  /** The fill of one that is over, and what its writer still has open. */
  private lastRead(): void {
    this.balance();
    if (this.askers.isEmpty) this.keeping?.close();
  }

  private releaseValidated(): void {
    this.validates?.release();
    this.validates = undefined;
  }
}
