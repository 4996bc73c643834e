/**
 * Connects to the first address that answers: happy eyeballs (RFC 8305). IPv6
 * and IPv4 take turns, the next one starts after a short delay or as soon as
 * one has failed, and the losers are closed. Only addresses are dialled, never
 * names: they were judged before. How long it may take in all is the caller's
 * to say, by `cancel`.
 */
import type { Socket, SocketHandler } from "bun";
import { DialCounts } from "./dial-counts.ts";
import { type Link, type LinkOwner, linkHandlers, type ReportBug, SocketLink } from "./link.ts";

export interface DialWaiter {
  onDialed(link: Link, address: string): void;
  /** Every address failed; the code is the last one's, such as ECONNREFUSED. */
  onDialFailed(code: string): void;
}

/** RFC 8305 §5: the recommended Connection Attempt Delay. */
const ATTEMPT_DELAY_MS = 250;

export class Dialer {
  readonly counts = new DialCounts();
  /** Connections now open. */
  open = 0;
  readonly #handlers: SocketHandler<SocketLink | Attempt>;

  constructor(reportBug: ReportBug) {
    this.#handlers = {
      ...(linkHandlers(reportBug) as unknown as SocketHandler<SocketLink | Attempt>),
      open: (socket) => (socket.data as Attempt).opened(socket as Socket<unknown> as Socket<SocketLink>),
      connectError: (socket, error) => (socket.data as Attempt).failed(codeOf(error)),
      close: (socket, error) => {
        if (!(socket.data instanceof SocketLink)) return;
        this.open--;
        socket.data.closed(error);
      },
    };
  }

  /** Connects that somebody waits for. */
  get attempts(): number {
    return this.counts.waitedFor;
  }

  /** Connects that nobody waits for any more, until the kernel gives up. */
  get abandoned(): number {
    return this.counts.abandoned;
  }

  /** It has not answered for a while, and somebody is finding out already whether it does now. */
  isSilent(address: string, port: number): boolean {
    return this.counts.isSilent(peerOf(address, port));
  }

  dial(addresses: readonly string[], port: number, waiter: DialWaiter): Dial {
    return new Dial(this, this.#handlers, alternateFamilies(addresses), port, waiter);
  }
}

/** IPv6 first, then by turns (RFC 8305 §4), each family in the order it came. */
export function alternateFamilies(addresses: readonly string[]): string[] {
  const v6 = addresses.filter((address) => address.includes(":"));
  const v4 = addresses.filter((address) => !address.includes(":"));
  const turns: string[] = [];
  for (let turn = 0; turn < Math.max(v6.length, v4.length); turn++) {
    turns.push(...v6.slice(turn, turn + 1), ...v4.slice(turn, turn + 1));
  }
  return turns;
}

export class Dial {
  readonly #dialer: Dialer;
  readonly #handlers: SocketHandler<SocketLink | Attempt>;
  readonly #addresses: readonly string[];
  readonly #port: number;
  #waiter: DialWaiter | undefined;
  /** Attempts that have neither connected nor failed. */
  readonly #pending = new Set<Attempt>();
  #started = 0;
  #failed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    dialer: Dialer,
    handlers: SocketHandler<SocketLink | Attempt>,
    addresses: readonly string[],
    port: number,
    waiter: DialWaiter,
  ) {
    this.#dialer = dialer;
    this.#handlers = handlers;
    this.#addresses = addresses;
    this.#port = port;
    this.#waiter = waiter;
    this.#startNext();
  }

  /** Nobody waits any more: what still connects is closed. */
  cancel(): void {
    this.#waiter = undefined;
    clearTimeout(this.#timer);
    for (const attempt of this.#pending) attempt.abandon();
    this.#pending.clear();
  }

  succeeded(attempt: Attempt, socket: Socket<SocketLink>, address: string): void {
    this.#pending.delete(attempt);
    const waiter = this.#waiter;
    if (waiter === undefined) {
      socket.end();
      return;
    }
    this.cancel();
    this.#dialer.open++;
    const link = new SocketLink(socket, NOBODY);
    socket.data = link;
    waiter.onDialed(link, address);
  }

  attemptFailed(attempt: Attempt, code: string): void {
    this.#pending.delete(attempt);
    this.#failed++;
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#started < this.#addresses.length) this.#startNext();
    else if (this.#failed === this.#addresses.length) {
      this.cancel();
      waiter.onDialFailed(code);
    }
  }

  #startNext(): void {
    clearTimeout(this.#timer);
    const address = this.#addresses[this.#started++];
    if (address === undefined) return;
    if (this.#started < this.#addresses.length) {
      this.#timer = setTimeout(() => this.#startNext(), ATTEMPT_DELAY_MS);
    }
    const attempt = new Attempt(this, this.#dialer.counts, address, this.#port);
    this.#pending.add(attempt);
    Bun.connect({
      hostname: address,
      port: this.#port,
      allowHalfOpen: true,
      data: attempt as SocketLink | Attempt,
      socket: this.#handlers,
    }).catch((error) => attempt.failed(codeOf(error)));
  }
}

/** One connect under way. Told of a failure by handler and promise both, it counts once. */
class Attempt {
  readonly #dial: Dial;
  readonly #counts: DialCounts;
  readonly #address: string;
  readonly #peer: string;
  #isOver = false;
  #isAbandoned = false;

  constructor(dial: Dial, counts: DialCounts, address: string, port: number) {
    this.#dial = dial;
    this.#counts = counts;
    this.#address = address;
    this.#peer = peerOf(address, port);
    counts.began(this.#peer);
  }

  opened(socket: Socket<SocketLink>): void {
    this.#end();
    this.#dial.succeeded(this, socket, this.#address);
  }

  failed(code: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#dial.attemptFailed(this, code);
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#counts.gaveUp(this.#peer);
  }

  #end(): void {
    this.#isOver = true;
    this.#counts.ended(this.#peer, this.#isAbandoned);
  }
}

/** Only compared, never read. */
function peerOf(address: string, port: number): string {
  return `${address} ${port}`;
}

/** Owns a link between its opening and the moment its first owner takes it, which is the same event. */
const NOBODY: LinkOwner = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "ECONNREFUSED";
}
