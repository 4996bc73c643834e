/**
 * What of an answer a client may be given now: limits on bytes are charged before
 * a piece passes, rules on content see it, and a client that reads slowly is
 * waited for. The same for what is stored and for what is being fetched.
 */
import { NEVER } from "../../net/timer.ts";
import { cells } from "../../observe/cells.ts";
import { deadlineIn } from "../context.ts";
import type { Failure } from "../failure.ts";
import { tooLarge } from "../gate/content.ts";
import { budgetUsedUp, charge, chargeOnly } from "../gate/shaping.ts";
import { overdue } from "../overdue.ts";
import type { Asked } from "./asked.ts";

const NOTHING = new Uint8Array(0);

export class Outflow {
  /** The client's outbox is full: nothing passes until it has drained. */
  isFull = false;
  // Made for each request: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private heldUntil = 0;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  get isOpen(): boolean {
    return !this.isFull && this.heldUntil === 0;
  }

  /** Whoever is in debt from the answers before waits for this one. */
  waitForDebts(): Failure | undefined {
    return this.admit(NOTHING, 0, 0);
  }

  /** Charges for `bytes[from..to)`. A failure: the exchange has to end, and this may not pass. */
  admit(bytes: Uint8Array, from: number, to: number): Failure | undefined {
    const { passage, session, settings, exchange, context } = this.asked;
    if (to > from && passage.answerWatch?.sees(bytes, from, to) === false) return tooLarge(passage, "answer");
    const { grant } = passage;
    if (grant === undefined) return undefined;
    const holdMs = chargeOnly(context, settings, exchange, grant, "down", to - from);
    if (holdMs < 0) return budgetUsedUp(context, grant);
    if (holdMs > 0) {
      this.heldUntil = context.now + holdMs;
      session.deadlineAt = this.heldUntil;
    }
    return undefined;
  }

  /** A write has returned this. */
  wrote(hasRoom: boolean): void {
    if (hasRoom) return;
    this.isFull = true;
    // Who is held hears of a full outbox when the hold is over.
    if (this.heldUntil === 0) this.arm();
  }

  drained(): void {
    this.isFull = false;
    this.asked.session.deadlineAt = this.heldUntil > 0 ? this.heldUntil : NEVER;
  }

  /** The session's deadline has come. True: nothing but a hold was over, go on. */
  onDeadline(): boolean {
    const { context, session } = this.asked;
    if (this.heldUntil > 0 && context.now >= this.heldUntil) {
      this.heldUntil = 0;
      if (!this.isFull) return true;
      this.arm();
      return false;
    }
    context.counters.add(overdue.client_room.cell);
    session.link.destroy();
    return false;
  }

  private arm(): void {
    const { context, session, settings } = this.asked;
    session.deadlineAt = deadlineIn(context, settings.config.timeouts.body);
  }
}

/** Limits on bytes count requests too, once each; a forward does it itself. A failure: a budget is used up. */
export function chargeRequest(asked: Asked): Failure | undefined {
  const { passage, session, settings, exchange, context } = asked;
  const { grant } = passage;
  if (grant === undefined || asked.isCharged) return undefined;
  asked.isCharged = true;
  const holdMs = charge(context, settings, exchange, grant, "up", session.link, exchange.bytesIn);
  return holdMs < 0 ? budgetUsedUp(context, grant) : undefined;
}

/** Body bytes that no upstream had to send. */
export function countSaved({ context }: Asked, byteCount: number): void {
  context.counters.add(cells.cacheBytesSaved, byteCount);
}
