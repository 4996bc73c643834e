/**
 * Links that are not read for a while, because a limit on bytes wants the peer to
 * wait: what it sends meanwhile waits in the kernels, and nothing is dropped.
 */
import type { Link } from "../../net/link.ts";
import { type Deadlined, Deadlines } from "../../net/timer.ts";

export class HeldLinks {
  readonly #deadlines = new Deadlines<Held>();
  readonly #held = new Map<Link, Held>();

  get size(): number {
    return this.#held.size;
  }

  /** Until `untilMs` of the worker's clock; the later one counts when it is held already. */
  hold(link: Link, untilMs: number): void {
    const known = this.#held.get(link);
    if (known !== undefined) {
      known.deadlineAt = Math.max(known.deadlineAt, untilMs);
      return;
    }
    const held = new Held(link, untilMs, this);
    this.#held.set(link, held);
    this.#deadlines.add(held);
    link.hold();
  }

  /** Milliseconds for which nothing will be heard from it yet. */
  leftMs(link: Link, now: number): number {
    const until = this.#held.size === 0 ? undefined : this.#held.get(link)?.deadlineAt;
    return until === undefined ? 0 : Math.max(0, until - now);
  }

  /** At once: the link is done with what it was held for. */
  release(link: Link): void {
    const held = this.#held.size === 0 ? undefined : this.#held.get(link);
    if (held === undefined) return;
    this.#held.delete(link);
    this.#deadlines.remove(held);
    link.release();
  }

  sweep(now: number, onThrow: (error: unknown) => void): void {
    this.#deadlines.sweep(now, (_, error) => onThrow(error));
  }
}

class Held implements Deadlined {
  deadlineAt: number;
  deadlineSlot = -1;
  readonly #link: Link;
  readonly #owner: HeldLinks;

  constructor(link: Link, untilMs: number, owner: HeldLinks) {
    this.#link = link;
    this.deadlineAt = untilMs;
    this.#owner = owner;
  }

  onDeadline(): void {
    this.#owner.release(this.#link);
  }
}
