/**
 * A link without a socket: every order that it gets, and every byte, goes to a
 * transcript that it shares with the other links of a test. It closes as Bun
 * does, within the very call that asks for it, and holds its owner to what
 * `Link` promises: nothing is heard from a link that is gone.
 *
 *   upstream < text      it was given that to write, but for a Date (test/relay/date.test.ts)
 *   client pause         it was given that order
 */
import type { Link, LinkOwner } from "../../src/net/link.ts";

/** The one line that is another in every run. */
const DATE = /Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/;

export class FakeLink implements Link {
  owner: LinkOwner = NOBODY;
  onGone: (() => void) | undefined = undefined;
  isGone = false;
  isFull = false;
  isPaused = false;
  isHeld = false;
  isClosed = false;
  outboxBytes = 0;
  /** While set, what is written waits, and a write returns false. */
  full = false;
  readonly name: string;
  readonly remoteAddress: string;
  /** All that was written to it. */
  received = "";
  /** And how much that was, dates included. */
  receivedBytes = 0;
  readonly #log: string[];
  #ending: "open" | "half" | "full" = "open";
  #peerEnded = false;

  constructor(name: string, log: string[], remoteAddress = "192.0.2.7") {
    this.name = name;
    this.remoteAddress = remoteAddress;
    this.#log = log;
  }

  get canBeHeard(): boolean {
    return !this.isPaused && !this.isHeld && !this.isClosed && !this.#peerEnded;
  }

  write(bytes: Buffer): boolean {
    return this.writeFramed("", bytes, 0, bytes.length, "");
  }

  writeCopy(bytes: Buffer, to: number): boolean {
    return this.writeFramed("", bytes, 0, to, "");
  }

  sendFile(): number {
    return -1;
  }

  writeText(text: string): boolean {
    return this.writeFramed(text, Buffer.alloc(0), 0, 0, "");
  }

  writeFramed(before: string, bytes: Buffer, from: number, to: number, after: string): boolean {
    if (this.isClosed) this.isGone = true;
    if (this.isGone) return true;
    if (this.#ending !== "open") throw new Error(`Cannot write to ${this.name}: it was ended`);
    const text = `${before.replace(DATE, "")}${bytes.latin1Slice(from, to)}${after}`;
    this.received += text;
    this.receivedBytes += before.length + to - from + after.length;
    this.#log.push(`${this.name} < ${text}`);
    if (this.full) this.outboxBytes += text.length;
    this.isFull ||= this.full;
    return !this.isFull;
  }

  end(): void {
    if (this.#ending !== "open" || this.isClosed) return;
    this.#log.push(`${this.name} end`);
    this.#ending = this.#peerEnded ? "full" : "half";
    if (this.#ending === "full" && this.outboxBytes === 0) this.#close(undefined);
  }

  close(): void {
    if (this.#ending === "full" || this.isClosed) return;
    this.#log.push(`${this.name} close`);
    this.#ending = "full";
    if (this.outboxBytes === 0) this.#close(undefined);
  }

  drop(): void {
    if (this.isClosed) return;
    this.#log.push(`${this.name} ${this.outboxBytes === 0 ? "drop" : "destroy"}`);
    this.#close(undefined);
  }

  pause(): void {
    this.#log.push(`${this.name} pause`);
    this.isPaused = true;
  }

  resume(): void {
    this.#log.push(`${this.name} resume`);
    this.isPaused = false;
  }

  hold(): void {
    this.#log.push(`${this.name} hold`);
    this.isHeld = true;
  }

  release(): void {
    this.#log.push(`${this.name} release`);
    this.isHeld = false;
  }

  destroy(): void {
    if (this.isClosed) return;
    this.#log.push(`${this.name} destroy`);
    this.#close(undefined);
  }

  says(text: string): void {
    this.#mustBeHeard();
    this.owner.onData(this, Buffer.from(text, "latin1"));
  }

  /** The peer has read all that it was sent. */
  drains(): void {
    this.full = false;
    this.outboxBytes = 0;
    if (this.#ending === "full") this.#close(undefined);
    if (this.#ending !== "open" || !this.isFull) return;
    this.isFull = false;
    this.owner.onDrain(this);
  }

  /** The peer has read some of it. */
  takes(bytes: number): void {
    this.outboxBytes -= bytes;
  }

  /** The peer has said all. After our own half-close that is the end of the link. */
  ends(): void {
    this.#mustBeHeard();
    this.#peerEnded = true;
    if (this.#ending !== "open") {
      this.#ending = "full";
      if (this.outboxBytes === 0) this.#close(undefined);
      return;
    }
    this.owner.onEnd(this);
  }

  /** Both directions are over, in order. */
  closes(): void {
    this.#close(undefined);
  }

  resets(): void {
    this.#close(new Error("ECONNRESET"));
  }

  /** The connection has died, and only the next write finds out. */
  dies(): void {
    this.isGone = true;
  }

  /** While a link is paused or held the kernel keeps what its peer says, the end too: a test that has it heard is wrong. */
  #mustBeHeard(): void {
    if (!this.canBeHeard) {
      throw new Error(`Cannot hear anything on ${this.name}: it is paused, held, ended or closed`);
    }
  }

  #close(error: Error | undefined): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onGone?.();
    this.owner.onClose(this, error);
  }
}

const NOBODY: LinkOwner = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
