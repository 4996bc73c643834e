/**
 * One client that asked for what is not in memory, or not fresh: it waits for the
 * disk, for another worker, or for a fetch, its own or one that it shares. What it
 * is given then is the business of whoever has it: `serve.ts`, `fetch-share.ts`.
 */
import { NEVER } from "../../net/timer.ts";
import { deadlineIn, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import type { Handler } from "../handler.ts";
import type { Reply } from "../message/reply.ts";
import { overdue } from "../overdue.ts";
import type { Asked } from "./asked.ts";
import { Fetch } from "./fetch.ts";
import { FetchShare, type ShareOwner } from "./fetch-share.ts";
import { forwardHead } from "./head-request.ts";
import { mayBeGiven } from "./may-be-given.ts";
import { isKeptFromFetching, tellMissing } from "./missing.ts";
import { chargeRequest, Outflow } from "./outflow.ts";
import { type Plan, planFor } from "./plan.ts";
import { refresh } from "./refresh.ts";
import { serve, type Told } from "./serve.ts";
import { DiskAnswer, type StoredAnswer } from "./stored-answer.ts";
import { takeStored } from "./take-stored.ts";
import { type Because, forwarded, sharedHit } from "./told.ts";

/** Milliseconds: what another worker takes longer for is fetched once more, and shared here. As long as nginx's proxy_cache_lock_timeout. */
const OTHER_MS = 5_000;

/** Rounds of waiting for another worker, which may fail each time; then it goes on alone. */
const WAITS_MAX = 2;

export class Asker implements Handler, ShareOwner {
  readonly wantsBody = false;
  readonly isFull = false;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private because: Because;
  /** What was found, and can't be used as it is. */
  private stale: StoredAnswer | undefined;
  private readonly outflow: Outflow;
  /** Of the fetch under way for it. */
  private share: FetchShare | undefined = undefined;
  /** Somebody else sees to the client now. */
  private successor: Handler | undefined = undefined;
  private isAlone = false;
  /** What the answers under its key turned out to vary by. */
  private varyNames = "";
  /** Who fetches it elsewhere takes too long. */
  private skipsFlights = false;
  private isSecond = false;
  private isOver = false;
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
    this.share?.onRoom();
  }

  onClientEnd(): void {
    this.successor?.onClientEnd();
  }

  abandon(): void {
    this.successor?.abandon();
    this.close();
  }

  onDeadline(): void {
    if (this.successor !== undefined) return this.successor.onDeadline();
    if (this.share?.hasAnswer !== true && !this.outflow.isFull) return this.overdueWait();
    if (this.outflow.onDeadline()) this.share?.onMore();
  }

  onPassed(persists: boolean): void {
    this.close();
    this.asked.session.exchangeEnded(persists);
  }

  onStored(stored: StoredAnswer, told: Told): void {
    this.close();
    this.succeed(serve(this.asked, stored, told, () => this.lost()));
  }

  onAlone(varyNames = ""): void {
    this.share = undefined;
    if (varyNames !== "" && this.varyNames === "") return this.goForVariant(varyNames);
    this.isAlone = true;
    this.goAndFetch();
  }

  onFailed(failure: Failure, mayTryAgain: boolean): void {
    this.share = undefined;
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
      // Another worker was waited for.
      const isShared = this.waits > 0;
      const line = sharedHit(this.asked, this.because, stored.facts);
      const told = isShared ? ({ word: "collapsed", line } as const) : taken.told;
      if (taken.mustRefresh) refresh(this.asked, stored);
      return this.onStored(stored, told);
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

  /** What it waited for is another's: its own may be stored, or others want the same one. */
  private goForVariant(varyNames: string): void {
    const { cache, key, request } = this.asked;
    this.varyNames = varyNames;
    const stored = cache.copyOf(key, request);
    if (stored === undefined) this.goAndFetch();
    else this.found(stored);
  }

  private goAndFetch(): void {
    if (this.isOver) return;
    const { asked, stale } = this;
    const { session, exchange, settings, cache, head, passage, context } = asked;
    if (isKeptFromFetching(asked)) {
      this.close();
      return tellMissing(session, exchange, settings, cache, head, passage);
    }
    if (asked.isHead) {
      this.close();
      return this.succeed(forwardHead(asked, this.because));
    }
    const { isAlone, isSecond, varyNames } = this;
    const plan = planFor(
      asked,
      stale,
      varyNames === "" ? { isAlone, isSecond } : { isAlone, isSecond, varyNames },
    );
    if (plan.isShared) {
      const { shareKey } = plan;
      const running = cache.fetches.get(shareKey);
      if (running instanceof Fetch && !running.isOutdated) {
        if (this.join(running)) return;
        return this.begin({ ...plan, isShared: false });
      }
      if (cache.isUnshareable(shareKey, context.now)) return this.begin({ ...plan, isShared: false });
      const flight = this.skipsFlights ? "unknown" : cache.flights.begin(shareKey);
      if (flight === "theirs" && this.waits < WAITS_MAX) return this.awaitOther(shareKey);
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
    const fetch = new Fetch(this.asked, plan);
    this.share = this.shareOf(fetch, false);
    fetch.start(this.share);
  }

  /** It may have its answer at once. */
  private join(running: Fetch): boolean {
    this.share = this.shareOf(running, true);
    if (running.join(this.share)) {
      this.dropStale();
      return true;
    }
    this.share = undefined;
    return false;
  }

  private shareOf(fetch: Fetch, isCollapsed: boolean): FetchShare {
    return new FetchShare(this.asked, this.because, fetch, isCollapsed, this.outflow, this);
  }

  private dropStale(): void {
    this.stale?.release();
    this.stale = undefined;
  }

  /** Another worker is fetching it: the answer will be in the store. */
  private awaitOther(shareKey: string): void {
    const { cache, key, context, session, settings } = this.asked;
    this.waits++;
    const patienceMs = Math.min(settings.config.timeouts.firstByte, OTHER_MS);
    const sequence = cache.memory.sequence(key);
    session.deadlineAt = NEVER;
    void cache.flights.wait(shareKey, patienceMs).then((how) => {
      if (this.isOver) return;
      touch(context);
      // Purged meanwhile: who joins our fetch must not be given it.
      if (cache.memory.sequence(key) !== sequence) this.dropStale();
      this.skipsFlights = how !== "ended";
      if (this.skipsFlights) return this.goAndFetch();
      const stored = cache.copyOf(key, this.asked.request);
      if (stored !== undefined) return this.found(stored);
      if (cache.disk?.mayHave(key) === true) return this.lookOnDisk();
      this.goAndFetch();
    });
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

  /** Nothing more comes of it, nor of the fetch that it was part of. */
  private close(): void {
    this.isOver = true;
    this.dropStale();
    this.share?.leave();
    this.share = undefined;
  }
}
