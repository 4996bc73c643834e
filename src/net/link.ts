/**
 * One TCP connection, seen from inside. What the kernel will not take yet
 * waits in a bounded outbox. Everything above this file knows the interface
 * and never a socket; that is why relay tests need no network.
 *
 * A link reports to one owner at a time, which may hand it on: a session owns
 * the client's link, an exchange the upstream's, a pool the idle ones, and a
 * tunnel both. No closures per connection: ten thousand links stay small.
 */
import type { Socket, SocketHandler } from "bun";
import { canSendFiles, readAt, sendFile } from "./send-file.ts";

export interface LinkOwner {
  /** The bytes are the owner's to keep and to change. */
  onData(link: Link, bytes: Buffer): void;
  /** The outbox has room again after a `write` that returned false. */
  onDrain(link: Link): void;
  /** The peer has said all; it may still listen. */
  onEnd(link: Link): void;
  /** The link is gone; nothing comes after. An error when it was reset. */
  onClose(link: Link, error: Error | undefined): void;
}

export interface Link {
  owner: LinkOwner;
  /** Called when the link is gone, whoever owns it by then. */
  onGone: (() => void) | undefined;
  readonly remoteAddress: string;
  /** A write found the connection gone, and took nothing; `onClose` follows. */
  readonly isGone: boolean;
  /** What the kernel has not taken yet. */
  readonly outboxBytes: number;
  /** The outbox is past its high mark: nothing new should begin until `onDrain`. */
  readonly isFull: boolean;
  /** Takes all of `bytes`. False means: no more, please, until `onDrain`. */
  write(bytes: Buffer): boolean;
  /** Latin1 text, `bytes[from..to)`, latin1 text: in one system call while it is small. */
  writeFramed(before: string, bytes: Buffer, from: number, to: number, after: string): boolean;
  writeText(text: string): boolean;
  /** `bytes[0..to)`, which is the caller's again when it returns. */
  writeCopy(bytes: Buffer, to: number): boolean;
  /**
   * Bytes of a file, without copies of them: how many were taken, at most `count`. When
   * it is fewer, `onDrain` says when to go on. -1: it can't be done, or the file is no more what it was.
   */
  sendFile(file: number, at: number, count: number): number;
  /** Half-closes once the outbox is empty; the other direction stays open. */
  end(): void;
  /** Closes both directions once the outbox is empty. */
  close(): void;
  /** Closes now: cleanly when the outbox is empty, and else by a reset. */
  drop(): void;
  pause(): void;
  resume(): void;
  /** Reads nothing until `release`, whatever `pause` and `resume` say: they are for slow readers, this is for limits. */
  hold(): void;
  release(): void;
  /** Resets: what waits in the outbox is lost, and the peer can tell. */
  destroy(): void;
}

/** Past the high mark the sender must pause; at the low mark it may go on. */
const OUTBOX_BYTES_HIGH = 256 * 1024;
const OUTBOX_BYTES_LOW = 64 * 1024;

/** Heads and small bodies are put together here; larger pieces are written one by one. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

const NOTHING = Buffer.alloc(0);

/** Of a file that is sent, what waits in the outbox while the peer reads. */
const TAIL_BYTES = 4 * 1024;

type Ending = "open" | "half" | "full";

export class SocketLink implements Link {
  owner: LinkOwner;
  onGone: (() => void) | undefined = undefined;
  isGone = false;
  isFull = false;
  outboxBytes = 0;
  #socket: Socket<SocketLink> | undefined;
  #remoteAddress: string | undefined;
  /** Undefined while empty: most links never need one. */
  #outbox: Buffer[] | undefined;
  #ending: Ending = "open";
  #peerEnded = false;
  #isPaused = false;
  #isHeld = false;
  #bug: Error | undefined;

  constructor(socket: Socket<SocketLink>, owner: LinkOwner) {
    this.#socket = socket;
    this.owner = owner;
  }

  get remoteAddress(): string {
    this.#remoteAddress ??= plainAddress(this.#socket?.remoteAddress ?? "");
    return this.#remoteAddress;
  }

  write(bytes: Buffer): boolean {
    if (this.#outbox !== undefined) return this.#queue(bytes);
    const sent = this.#socket?.write(bytes) ?? -1;
    if (sent === bytes.length || this.#foundGone(sent)) return true;
    return this.#queue(sent === 0 ? bytes : bytes.subarray(sent));
  }

  writeText(text: string): boolean {
    return this.writeFramed(text, NOTHING, 0, 0, "");
  }

  writeFramed(before: string, bytes: Buffer, from: number, to: number, after: string): boolean {
    if (before === "" && after === "") {
      return this.write(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    }
    const size = before.length + to - from + after.length;
    if (size > SCRATCH_BYTES) {
      if (before !== "") this.write(Buffer.from(before, "latin1"));
      const hasRoom = this.write(bytes.subarray(from, to));
      return after === "" ? hasRoom : this.write(Buffer.from(after, "latin1"));
    }
    let at = scratch.latin1Write(before, 0);
    if (to > from) at += bytes.copy(scratch, at, from, to);
    if (after !== "") at += scratch.latin1Write(after, at);
    return this.writeCopy(scratch, at);
  }

  writeCopy(bytes: Buffer, to: number): boolean {
    if (this.#outbox !== undefined) return this.#queue(Buffer.from(bytes.subarray(0, to)));
    const sent = this.#socket?.write(bytes, 0, to) ?? -1;
    if (sent === to || this.#foundGone(sent)) return true;
    return this.#queue(Buffer.from(bytes.subarray(sent, to)));
  }

  sendFile(file: number, at: number, count: number): number {
    const socket = this.#socket as (Socket<SocketLink> & { readonly fd?: number }) | undefined;
    if (this.isGone) return count;
    if (socket?.fd === undefined || !canSendFiles()) return -1;
    if (this.#outbox !== undefined) {
      this.isFull = true;
      return 0;
    }
    let taken = 0;
    while (taken < count && this.#outbox === undefined && !this.isGone) {
      taken += sendFile(socket.fd, file, at + taken, count - taken);
      if (taken === count) break;
      // Bun tells when there is room again after a write of its own that found none.
      const tail = Math.min(TAIL_BYTES, count - taken);
      const read = readAt(file, scratch.subarray(0, tail), at + taken);
      if (read === 0) return -1;
      this.writeCopy(scratch, read);
      taken += read;
    }
    if (this.#outbox !== undefined) this.isFull = true;
    return taken;
  }

  end(): void {
    if (this.#ending !== "open") return;
    this.#ending = this.#peerEnded ? "full" : "half";
    if (this.#outbox === undefined) this.#finish();
  }

  close(): void {
    if (this.#ending === "full") return;
    this.#ending = "full";
    if (this.#outbox === undefined) this.#finish();
  }

  drop(): void {
    if (this.#outbox === undefined) this.#socket?.end();
    else this.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isHeld) this.#socket?.resume();
  }

  hold(): void {
    this.#isHeld = true;
    this.#socket?.pause();
  }

  release(): void {
    this.#isHeld = false;
    if (!this.#isPaused) this.#socket?.resume();
  }

  destroy(): void {
    this.#outbox = undefined;
    this.#socket?.terminate();
  }

  /** Called when the kernel takes bytes again, and by Bun now and then for nothing. */
  flush(): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    let next = 0;
    while (next < outbox.length) {
      const bytes = outbox[next]!;
      const sent = this.#socket?.write(bytes) ?? -1;
      if (this.#foundGone(sent)) return;
      this.outboxBytes -= sent;
      if (sent < bytes.length) {
        outbox[next] = bytes.subarray(sent);
        break;
      }
      next++;
    }
    if (next === outbox.length) this.#outbox = undefined;
    else if (next > 0) outbox.splice(0, next);
    if (this.#outbox === undefined && this.#ending !== "open") this.#finish();
    else if (this.isFull && this.outboxBytes <= OUTBOX_BYTES_LOW) {
      this.isFull = false;
      this.owner.onDrain(this);
    }
  }

  /** For the handlers below, which are the only ones to call these two. */
  peerEnded(): void {
    this.#peerEnded = true;
    if (this.#ending === "half") {
      this.#ending = "full";
      if (this.#outbox === undefined) this.#finish();
    }
    this.owner.onEnd(this);
  }

  closed(error: Error | undefined): void {
    this.#socket = undefined;
    this.#outbox = undefined;
    this.onGone?.();
    this.owner.onClose(this, error ?? this.#bug);
  }

  /** A handler threw. Bun tells of no error after a reset of ours, and this must not look like a clean end. */
  failed(bug: Error): void {
    this.#bug = bug;
    this.destroy();
  }

  #foundGone(sent: number): boolean {
    if (sent < 0) this.isGone = true;
    return sent < 0;
  }

  #queue(bytes: Buffer): boolean {
    if (this.#outbox === undefined) {
      this.#outbox = [bytes];
      this.outboxBytes = bytes.length;
    } else {
      this.#outbox.push(bytes);
      this.outboxBytes += bytes.length;
    }
    if (this.outboxBytes >= OUTBOX_BYTES_HIGH) this.isFull = true;
    return !this.isFull;
  }

  #finish(): void {
    if (this.#ending === "half") this.#socket?.shutdown();
    else this.#socket?.end();
  }
}

/** A handler that threw: our bug. It costs the link, never the process. */
export type ReportBug = (error: unknown) => void;

/** Bun shares one set of handlers among all sockets; each only finds its link. */
export function linkHandlers(reportBug: ReportBug): SocketHandler<SocketLink> {
  return {
    data: (socket, bytes) => {
      countGarbage(bytes.length);
      socket.data.owner.onData(socket.data, bytes);
    },
    drain: (socket) => socket.data.flush(),
    end: (socket) => socket.data.peerEnded(),
    close: (socket, error) => socket.data?.closed(error),
    error: (socket, error) => {
      reportBug(error);
      socket.data?.failed(error);
    },
  };
}

/**
 * What is read becomes garbage at once, and the engine lets as much of it pile up as the
 * heap is large, with the cache's arena for a part of it: 150 MB more for 64 MiB. Asked
 * for this often it collects in passing, and costs less than the pages would.
 */
const COLLECT_EACH_BYTES = 32 * 1024 * 1024;
let readBytes = 0;

/** For what makes more of it than the bytes that came. */
export function countGarbage(byteCount: number): void {
  readBytes += byteCount;
  if (readBytes < COLLECT_EACH_BYTES) return;
  readBytes = 0;
  Bun.gc(false);
}

/** A dual-stack socket tells IPv4 peers as `::ffff:1.2.3.4`. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
