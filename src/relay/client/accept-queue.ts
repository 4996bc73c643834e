/**
 * Connections that came while the event loop lagged. So many are taken in at each
 * tick, the rest wait here unread, in their order; who comes when the queue is full
 * is turned away, and so is who has waited for too long. Without a lag nothing ever
 * waits.
 */
import type { Link, LinkOwner } from "../../net/link.ts";

/** Each holds a descriptor and little else. */
const WAITING_MAX = 1_024;

/** What happens to a link that has waited. */
export interface Turn {
  isOverdue(): boolean;
  takeIn(): void;
  giveUp(): void;
}

export class AcceptQueue {
  readonly #waiting = new Set<Waiting>();
  /** How many more may be taken in before the next tick. */
  #left = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#waiting.size;
  }

  /** `later`: the link waits, and is held, until one of the two is called; it may close before. */
  offer(link: Link, turn: Turn): "now" | "later" | "never" {
    if (this.#left > 0 && this.#waiting.size === 0) {
      this.#left--;
      return "now";
    }
    if (this.#waiting.size >= WAITING_MAX) return "never";
    const waiting = new Waiting(link, turn, () => this.#waiting.delete(waiting));
    this.#waiting.add(waiting);
    link.owner = waiting;
    link.hold();
    return "later";
  }

  /** A new tick, in which `count` may be taken in. */
  tick(count: number): void {
    this.#left = count;
    for (const waiting of this.#waiting) {
      const { isOverdue } = waiting;
      if (this.#left <= 0 && !isOverdue) return;
      this.#waiting.delete(waiting);
      if (isOverdue) waiting.giveUp();
      else {
        this.#left--;
        waiting.enter();
      }
    }
  }
}

class Waiting implements LinkOwner {
  readonly #link: Link;
  readonly #turn: Turn;
  readonly #forget: () => void;

  constructor(link: Link, turn: Turn, forget: () => void) {
    this.#link = link;
    this.#turn = turn;
    this.#forget = forget;
  }

  get isOverdue(): boolean {
    return this.#turn.isOverdue();
  }

  enter(): void {
    this.#turn.takeIn();
    this.#link.release();
  }

  giveUp(): void {
    this.#turn.giveUp();
  }

  onData(): void {}

  onDrain(): void {}

  onEnd(): void {}

  onClose(): void {
    this.#forget();
  }
}
