/**
 * Connections that came while the event loop lagged. So many are taken in at each
 * tick, the rest wait here unread, in their order; who comes when the queue is full
 * is turned away. Without a lag nothing ever waits.
 */
import type { Link, LinkOwner } from "../../net/link.ts";

/** Each holds a descriptor and little else. */
const WAITING_MAX = 1_024;

export class AcceptQueue {
  readonly #waiting = new Set<Waiting>();
  /** How many more may be taken in before the next tick. */
  #left = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#waiting.size;
  }

  /** `later`: the link waits, and is held, until `takeIn` is called; it may close before. */
  offer(link: Link, takeIn: () => void): "now" | "later" | "never" {
    if (this.#left > 0 && this.#waiting.size === 0) {
      this.#left--;
      return "now";
    }
    if (this.#waiting.size >= WAITING_MAX) return "never";
    const waiting = new Waiting(link, takeIn, () => this.#waiting.delete(waiting));
    this.#waiting.add(waiting);
    link.owner = waiting;
    link.hold();
    return "later";
  }

  /** A new tick, in which `count` may be taken in. */
  tick(count: number): void {
    this.#left = count;
    for (const waiting of this.#waiting) {
      if (this.#left <= 0) return;
      this.#left--;
      this.#waiting.delete(waiting);
      waiting.enter();
    }
  }
}

class Waiting implements LinkOwner {
  readonly #link: Link;
  readonly #takeIn: () => void;
  readonly #forget: () => void;

  constructor(link: Link, takeIn: () => void, forget: () => void) {
    this.#link = link;
    this.#takeIn = takeIn;
    this.#forget = forget;
  }

  enter(): void {
    this.#takeIn();
    this.#link.release();
  }

  onData(): void {}

  onDrain(): void {}

  onEnd(): void {}

  onClose(): void {
    this.#forget();
  }
}
