/**
 * A stored answer that takes more than one write: text and ranges of the body, in
 * order, as fast as the client reads and the store gives.
 */
import type { ByteRange } from "../../cache/ranges.ts";
import { NEVER } from "../../net/timer.ts";
import { deadlineIn, touch } from "../context.ts";
import type { Failure } from "../failure.ts";
import type { Handler } from "../handler.ts";
import type { Asked } from "./asked.ts";
import { chargeRequest, countSaved, Outflow } from "./outflow.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** Text, or what to send of the whole body, first and last byte included. */
export type Segment = string | ByteRange;

/** Status line and fields, which go out with the first of the body: until then there is place for a failure. */
export interface Opening {
  readonly status: number;
  readonly text: string;
}

/** Read and written at once: the most that a slow client keeps in memory. */
const PIECE_BYTES = 256 * 1024;

/** Given to the kernel at once: a disk that has to be waited for is waited for no longer than this takes. */
const SEND_BYTES = 512 * 1024;

export class Serving implements Handler {
  readonly wantsBody = false;
  readonly isFull = false;
  readonly #asked: Asked;
  readonly #stored: StoredAnswer;
  readonly #segments: readonly Segment[];
  readonly #persists: boolean;
  readonly #onLost: (() => void) | undefined;
  readonly #outflow: Outflow;
  readonly #piece: Buffer;
  /** Undefined when it has gone. */
  #opening: Opening | undefined;
  #next = 0;
  /** Of the segment under way, what has been sent of it. */
  #sent = 0;
  #isReading = false;
  #isOver = false;

  /** Keeps `stored` until it is over. `onLost`: its first bytes are not what was stored, and nothing has been sent; the client is another's then. */
  constructor(
    asked: Asked,
    stored: StoredAnswer,
    opening: Opening,
    segments: readonly Segment[],
    persists: boolean,
    onLost: (() => void) | undefined,
  ) {
    this.#opening = opening;
    this.#onLost = onLost;
    this.#asked = asked;
    this.#stored = stored;
    this.#segments = segments;
    this.#persists = persists;
    this.#outflow = new Outflow(asked);
    const most = Math.max(
      0,
      ...segments.map((segment) => (typeof segment === "string" ? 0 : lengthOf(segment))),
    );
    this.#piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, most));
    asked.cache.copiedBytes += this.#copied;
  }

  start(): void {
    this.#asked.session.deadlineAt = NEVER;
    const failure = chargeRequest(this.#asked) ?? this.#outflow.waitForDebts();
    if (failure !== undefined) return this.#fail(failure);
    this.#pump();
  }

  takeBody(_bytes: Buffer, at: number): number {
    return at;
  }

  onClientDrain(): void {
    this.#outflow.drained();
    this.#pump();
  }

  onClientEnd(): void {}

  abandon(): void {
    this.#close();
  }

  onDeadline(): void {
    if (this.#isReading) return this.#lost();
    if (this.#outflow.onDeadline()) this.#pump();
  }

  get #copied(): number {
    return this.#stored.isOnDisk ? this.#piece.length : this.#stored.facts.bodyBytes;
  }

  #pump(): void {
    while (!this.#isOver && !this.#isReading && this.#outflow.isOpen) {
      const segment = this.#segments[this.#next];
      if (segment === undefined) {
        this.#open();
        return this.#finish();
      }
      if (typeof segment === "string") this.#sendText(segment);
      else this.#readPiece(segment);
    }
  }

  #open(): void {
    if (this.#opening === undefined) return;
    const { status, text } = this.#opening;
    const { session, exchange } = this.#asked;
    this.#opening = undefined;
    exchange.status = status;
    exchange.bytesOut += text.length;
    this.#outflow.wrote(session.link.writeText(text));
  }

  #sendText(text: string): void {
    this.#open();
    this.#next++;
    this.#asked.exchange.bytesOut += text.length;
    this.#outflow.wrote(this.#asked.session.link.writeText(text));
  }

  /** From the disk to the client within the kernel, where nothing looks at it on the way. False: not this way. */
  #sendFromFile(range: ByteRange): boolean {
    const stored = this.#stored;
    const { session, passage, exchange } = this.#asked;
    if (!stored.isOnDisk || passage.grant !== undefined || passage.answerWatch !== undefined) return false;
    const at = range.first - stored.facts.rangeFirst + this.#sent;
    const count = Math.min(SEND_BYTES, lengthOf(range) - this.#sent);
    const place = stored.entry.placeOf(at, at + count);
    if (place === undefined) return false;
    this.#open();
    if (!this.#outflow.isOpen) return true;
    const taken = session.link.sendFile(place.file, place.at, count);
    if (taken < 0) return false;
    exchange.bytesOut += taken;
    this.#sentOf(range, taken);
    this.#outflow.wrote(taken === count);
    return true;
  }

  #sentOf(range: ByteRange, count: number): void {
    countSaved(this.#asked, count);
    this.#sent += count;
    if (this.#sent < lengthOf(range)) return;
    this.#next++;
    this.#sent = 0;
  }

  #readPiece(range: ByteRange): void {
    if (this.#sendFromFile(range)) return;
    const { rangeFirst } = this.#stored.facts;
    const wanted = Math.min(this.#piece.length, lengthOf(range) - this.#sent);
    const at = range.first - rangeFirst + this.#sent;
    const read = this.#stored.read(at, this.#piece.subarray(0, wanted));
    if (typeof read === "number") return this.#sendPiece(range, read);
    this.#isReading = true;
    const { session, context, settings } = this.#asked;
    session.deadlineAt = deadlineIn(context, settings.config.timeouts.body);
    void read.then((count) => this.#cameLate(range, count));
  }

  #cameLate(range: ByteRange, count: number): void {
    this.#isReading = false;
    if (this.#isOver) return;
    touch(this.#asked.context);
    this.#asked.session.deadlineAt = NEVER;
    this.#sendPiece(range, count);
    this.#pump();
  }

  #sendPiece(range: ByteRange, count: number): void {
    if (count <= 0) return this.#lost();
    const failure = this.#outflow.admit(this.#piece, 0, count);
    if (failure !== undefined) return this.#fail(failure);
    this.#open();
    const { session, exchange } = this.#asked;
    exchange.bytesOut += count;
    this.#outflow.wrote(session.link.writeCopy(this.#piece, count));
    this.#sentOf(range, count);
  }

  /** Altered on the disk, or it does not answer: half an answer must not pass for a whole one. */
  #lost(): void {
    if (this.#opening !== undefined && this.#onLost !== undefined) {
      this.#close();
      return this.#onLost();
    }
    this.#fail({ word: "proxy_internal_error", detail: "The stored answer is damaged" });
  }

  #fail(failure: Failure): void {
    const { session, head } = this.#asked;
    session.fail(failure, head, false);
  }

  #finish(): void {
    this.#close();
    this.#asked.session.exchangeEnded(this.#persists);
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#asked.cache.copiedBytes -= this.#copied;
    this.#stored.release();
  }
}

function lengthOf({ first, last }: ByteRange): number {
  return last - first + 1;
}
