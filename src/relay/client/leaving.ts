/**
 * A client that has been given its last answer, until it has read that and gone:
 * closed at once, the answer could be lost to it (RFC 9112 §9.6). What it still
 * says is not heard.
 */
import type { Link, LinkOwner } from "../../net/link.ts";
import { NEVER } from "../../net/timer.ts";
import { type ClientConnection, deadlineIn, type RelayContext } from "../context.ts";

/** How long a client that has all of its last answer may take to leave. */
const LINGER_MS = 2_000;

export class Leaving implements LinkOwner, ClientConnection {
  readonly beganAtMs: number;
  deadlineAt = NEVER;
  deadlineSlot = -1;
  readonly #context: RelayContext;
  readonly #link: Link;
  readonly #bodyMs: number;
  /** What the client had yet to take, when it was looked at last. */
  #outboxBytes = Number.POSITIVE_INFINITY;

  /** Takes the link over. `bodyMs`: how long it may stand still while there is something to take. */
  static from(context: RelayContext, link: Link, hasEnded: boolean, bodyMs: number): void {
    const leaving = new Leaving(context, link, bodyMs);
    link.owner = leaving;
    context.deadlines.add(leaving);
    leaving.onDeadline();
    if (hasEnded) link.close();
    else link.end();
  }

  constructor(context: RelayContext, link: Link, bodyMs: number) {
    this.#context = context;
    this.beganAtMs = context.now;
    this.#link = link;
    this.#bodyMs = bodyMs;
  }

  /** Without anything of its answer here, to cut it would free nothing. */
  get stage(): "exchange" | "leaving" {
    return this.#link.outboxBytes > 0 ? "exchange" : "leaving";
  }

  onData(): void {}

  onDrain(): void {}

  onEnd(): void {
    this.#link.close();
  }

  onClose(): void {
    this.#context.deadlines.remove(this);
  }

  /** A client that still takes what it was sent may go on; else it had its time. */
  onDeadline(): void {
    const { outboxBytes } = this.#link;
    if (outboxBytes >= this.#outboxBytes) return this.#link.drop();
    this.#outboxBytes = outboxBytes;
    this.deadlineAt = deadlineIn(this.#context, outboxBytes > 0 ? this.#bodyMs : LINGER_MS);
  }

  drain(): void {}

  leave(): void {}

  cut(): void {
    this.#link.destroy();
  }
}
