/**
 * Those who asked for what one fetch brings: who they are, and what they are told.
 * They come and go at any time, also while they are being told.
 */
import type { ResponseHead } from "../../http1/head.ts";
import type { Failure } from "../failure.ts";
import type { Reply } from "../message/reply.ts";
import type { Asked } from "./asked.ts";
import { type Ruling, standsFor } from "./ruling.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** One who waits for the answer, as the fetch sees it. */
export interface FetchAsker {
  readonly asked: Asked;
  /** The number of the first piece of the body that it has yet to pass on. */
  readonly nextPiece: number;
  /** False: its client reads nothing for now; `roomAgain` says when it does. */
  onInterim(head: ResponseHead): boolean;
  /** It is for it; there is nothing of its body yet. */
  onAnswer(ruling: Ruling, isFirst: boolean): void;
  /** There is more of the body, or its end. */
  onMore(): void;
  /** Takes over a share of `stored`. */
  onStored(stored: StoredAnswer, because: Ruling["because"], upstreamStatus: number | undefined): void;
  /** `varyNames`: it is another variant's, by these. */
  onAlone(varyNames?: string): void;
  onFailed(failure: Failure, mayTryAgain: boolean): void;
  onRedirected(reply: Reply): void;
}

export class Askers {
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly leader: Asked;
  private readonly waiting: FetchAsker[] = [];

  /** `leader`: in whose words the upstream is asked. It may not be among them. */
  constructor(leader: Asked) {
    this.leader = leader;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Some besides the leader. */
  get hasOthers(): boolean {
    return !this.waiting.every((asker) => this.isLeader(asker));
  }

  add(asker: FetchAsker): void {
    this.waiting.push(asker);
  }

  remove(asker: FetchAsker): void {
    const at = this.waiting.indexOf(asker);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** It was asked in this one's words, and so it is for it whatever it says. */
  isLeader({ asked }: FetchAsker): boolean {
    return asked === this.leader;
  }

  /** The number of the first piece that one of them needs; `count` when none needs any of so many. */
  firstNeeded(count: number): number {
    let first = count;
    for (const { nextPiece } of this.waiting) if (nextPiece < first) first = nextPiece;
    return first;
  }

  tellFirstByte(): void {
    for (const asker of this.waiting) if (this.isLeader(asker)) asker.asked.exchange.firstByteCame();
  }

  /** For the leader alone: nothing says yet that the answer is for all. False: it has no room for more. */
  tellInterim(head: ResponseHead): boolean {
    return this.waiting.every((asker) => !this.isLeader(asker) || asker.onInterim(head));
  }

  tellAnswer(ruling: Ruling): void {
    for (const asker of [...this.waiting]) asker.onAnswer(ruling, this.isLeader(asker));
  }

  tellMore(): void {
    for (const asker of [...this.waiting]) asker.onMore();
  }

  /** All but the leader, as far as these are meant. */
  sendAway(isMeant: (asker: FetchAsker) => boolean, varyNames = ""): void {
    for (const asker of [...this.waiting]) {
      if (this.isLeader(asker) || !isMeant(asker)) continue;
      this.remove(asker);
      asker.onAlone(varyNames);
    }
  }

  // What follows is the last that they hear of a fetch.

  /** `isForAll`: whom it suits has it, and not the leader alone. */
  endWithStored(stored: StoredAnswer, { because, isForAll, upstreamStatus }: Ruling): void {
    for (const asker of this.waiting) {
      const isMeant = this.isLeader(asker) || (isForAll && standsFor(stored, asker.asked, because));
      if (!isMeant) asker.onAlone();
      else {
        stored.retain();
        asker.onStored(stored, because, upstreamStatus);
      }
    }
  }

  endWithRedirect(reply: Reply): void {
    for (const asker of this.waiting) {
      if (this.isLeader(asker)) asker.onRedirected(reply);
      else asker.onAlone();
    }
  }

  endAlone(): void {
    for (const asker of this.waiting) asker.onAlone();
  }

  /**
   * Nothing has come: `stale` may do, or one other tries. What the gate refuses to one is
   * refused to no other by that.
   */
  endUnanswered(failure: Failure, stale: StoredAnswer | undefined, mayTryAgain: boolean): void {
    const isRefusal = failure.refusal !== undefined;
    for (const asker of this.waiting) {
      const isOther = !this.isLeader(asker);
      if (stale !== undefined && !isRefusal && standsFor(stale, asker.asked, "unreachable")) {
        stale.retain();
        asker.onStored(stale, "unreachable", undefined);
      } else if (isOther && isRefusal) asker.onAlone();
      else asker.onFailed(failure, isOther && mayTryAgain);
    }
  }

  /** After the answer's head, when nothing helps. */
  endCutShort(failure: Failure): void {
    for (const asker of this.waiting) asker.onFailed(failure, false);
  }
}
