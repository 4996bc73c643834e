/**
 * Collects the bytes of one head, however they are cut. The usual head comes
 * whole, in one piece, and costs one conversion to text and one search. One
 * that trickles in is looked at byte by byte, each byte once, and refused as
 * soon as it can't become a head any more.
 */
import { ProtocolError } from "./error.ts";
import { FieldMemo } from "./field-memo.ts";
import { type HeadLimits, refuseHeadSize, refuseUriSize } from "./head.ts";

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;

/** Most heads end within this; a longer one takes the slow way. */
const WINDOW_BYTES = 4096;

const PARTS_MAX = 64;

/** Nobody waits for the rest of an answer that does not begin with this. */
const RESPONSE_START = "HTTP/1.";

export class HeadReader {
  /** The fields of the head before this one, on the same connection. */
  readonly memo = new FieldMemo();
  /** The whole head, once `take` has returned a position. */
  text = "";
  readonly #kind: "request" | "response";
  #parts: Buffer[] | undefined;
  #size = 0;
  /** How much of CR LF CR LF the last bytes were: 0 to 3. */
  #matched = 0;
  /** Bytes of an empty line in front; they are not counted as the head's. */
  #leading = 0;
  #lines = 0;
  /** Up to the end of the first line: spaces, and bytes between the first two. */
  #spaces = 0;
  #targetBytes = 0;

  constructor(kind: "request" | "response") {
    this.#kind = kind;
  }

  /** Nothing of a head has come yet. */
  get isEmpty(): boolean {
    return this.#size <= this.#leading;
  }

  /** Returns the position after the head's end, or -1 while it is incomplete; then all of `bytes` is taken. */
  take(bytes: Buffer, at: number, limits: HeadLimits): number {
    if (this.#parts === undefined) {
      const text = bytes.latin1Slice(at, Math.min(bytes.length, at + WINDOW_BYTES));
      const end = text.indexOf("\r\n\r\n");
      // An empty line may precede a request (RFC 9112 §2.2); two end nothing but patience.
      if (end > 0 && end + 4 <= limits.headBytes) {
        // A part of a longer text would be copied anyway, once it is tested.
        this.text = end + 4 === text.length ? text : bytes.latin1Slice(at, at + end + 4);
        this.#dropEmptyLine();
        return at + end + 4;
      }
    }
    return this.#takeSlowly(bytes, at, limits);
  }

  /** The head's text, which the reader then does not keep: an idle connection holds nothing of it. */
  release(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  #takeSlowly(bytes: Buffer, at: number, limits: HeadLimits): number {
    const before = this.#size;
    if (before === 0) this.#restart(bytes[at] ?? 0);
    const most = Math.min(bytes.length, at + limits.headBytes + this.#leading + 1 - before);
    let end = at;
    while (end < most && this.#matched < 4) this.#step(bytes[end++]!);
    this.#size += end - at;
    this.#keep(bytes.subarray(at, end));
    if (this.#matched < 4 || this.#size - this.#leading > limits.headBytes) {
      this.#judge(before, limits);
      return -1;
    }
    this.text = this.#soFar(this.#size);
    this.#parts = undefined;
    this.#size = 0;
    this.#dropEmptyLine();
    return end;
  }

  /** Joined now and then: a head that comes byte by byte must not become as many objects. */
  #keep(part: Buffer): void {
    this.#parts ??= [];
    this.#parts.push(part);
    if (this.#parts.length === PARTS_MAX) this.#parts = [Buffer.concat(this.#parts)];
  }

  #restart(first: number): void {
    // An empty line may precede a request (RFC 9112 §2.2).
    this.#leading = this.#kind === "request" && first === CR ? 2 : 0;
    this.#matched = 0;
    this.#lines = 0;
    this.#spaces = 0;
    this.#targetBytes = 0;
  }

  #step(byte: number): void {
    if (byte === LF) {
      if (this.#matched !== 1 && this.#matched !== 3) this.#fail("line feed without carriage return");
      this.#matched++;
      if (this.#lines++ === this.#leading >> 1) this.#endFirstLine();
    } else if (this.#matched === 1 || this.#matched === 3) {
      this.#fail("carriage return without line feed");
    } else if (byte === CR) {
      this.#matched++;
    } else if (byte === 0) {
      this.#fail("control byte");
    } else {
      this.#matched = 0;
      if (byte === SPACE) this.#spaces++;
      else if (this.#spaces === 1) this.#targetBytes++;
    }
  }

  /** HTTP/0.9 ends here, and would wait for an answer that never comes. */
  #endFirstLine(): void {
    if (this.#kind === "request" && this.#spaces !== 2) this.#fail("the first line is malformed");
    // What follows is no target, whatever spaces it has.
    this.#spaces = 2;
  }

  /** What has come is no whole head: may it still become one? */
  #judge(before: number, limits: HeadLimits): void {
    if (this.#kind === "response") {
      const start = before < RESPONSE_START.length ? this.#soFar(RESPONSE_START.length) : "";
      if (!RESPONSE_START.startsWith(start)) this.#fail("not HTTP/1");
    } else if (this.#targetBytes > limits.uriBytes) {
      refuseUriSize(limits);
    }
    if (this.#size - this.#leading > limits.headBytes) refuseHeadSize(this.#kind, limits);
  }

  /** The first bytes of what has come, as text. */
  #soFar(most: number): string {
    const size = Math.min(this.#size, most);
    return Buffer.concat(this.#parts ?? [], size).latin1Slice(0, size);
  }

  #dropEmptyLine(): void {
    if (this.#kind === "request" && this.text.startsWith("\r\n")) this.text = this.text.slice(2);
  }

  #fail(detail: string): never {
    throw new ProtocolError(`Cannot read ${this.#kind} head: ${detail}`);
  }
}
