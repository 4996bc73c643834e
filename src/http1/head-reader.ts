/**
 * Collects the bytes of one head, however they are cut. The usual head comes
 * whole, in one piece, and costs one conversion to text and one search. One
 * that trickles in is looked at byte by byte, each byte once, and refused as
 * soon as it can't become a head any more.
 */
import { ProtocolError } from "./error.ts";
import { checkPartialRequest, checkPartialResponse, type HeadLimits } from "./head.ts";

const CR = 0x0d;
const LF = 0x0a;

/** Most heads end within this; a longer one takes the slow way. */
const WINDOW_BYTES = 4096;

export class HeadReader {
  /** The whole head, once `take` has returned a position. */
  text = "";
  readonly #kind: "request" | "response";
  #parts: Buffer[] | undefined;
  #size = 0;
  /** How much of CR LF CR LF the last bytes were: 0 to 3. */
  #matched = 0;

  constructor(kind: "request" | "response") {
    this.#kind = kind;
  }

  /** Nothing of a head has come yet. */
  get isEmpty(): boolean {
    return this.#parts === undefined;
  }

  /** Returns the position after the head's end, or -1 while it is incomplete; then all of `bytes` is taken. */
  take(bytes: Buffer, at: number, limits: HeadLimits): number {
    if (this.#parts === undefined) {
      const text = bytes.latin1Slice(at, Math.min(bytes.length, at + WINDOW_BYTES));
      const end = text.indexOf("\r\n\r\n");
      // An empty line may precede a request (RFC 9112 §2.2); two end nothing but patience.
      if (end > 0) {
        this.text = text.slice(0, end + 4);
        this.#dropEmptyLine();
        return at + end + 4;
      }
    }
    return this.#takeSlowly(bytes, at, limits);
  }

  #takeSlowly(bytes: Buffer, at: number, limits: HeadLimits): number {
    const most = Math.min(bytes.length, at + limits.headBytes + 1 - this.#size);
    let end = at;
    while (end < most && this.#matched < 4) this.#step(bytes[end++]!);
    this.#size += end - at;
    this.#parts ??= [];
    this.#parts.push(bytes.subarray(at, end));
    if (this.#matched < 4) {
      this.#checkPartial(limits);
      return -1;
    }
    this.text = Buffer.concat(this.#parts).latin1Slice(0, this.#size);
    this.#parts = undefined;
    this.#size = 0;
    this.#matched = 0;
    this.#dropEmptyLine();
    return end;
  }

  #step(byte: number): void {
    if (byte === LF) {
      if (this.#matched !== 1 && this.#matched !== 3) this.#fail("line feed without carriage return");
      this.#matched++;
    } else if (this.#matched === 1 || this.#matched === 3) {
      this.#fail("carriage return without line feed");
    } else if (byte === CR) {
      this.#matched++;
    } else if (byte === 0) {
      this.#fail("control byte");
    } else {
      this.#matched = 0;
    }
  }

  /** Only the first few bytes tell a response from noise, and only the size can still go wrong: no text is made each time. */
  #checkPartial(limits: HeadLimits): void {
    if (this.#kind === "response") {
      if (this.#size > limits.headBytes || this.#size < 16) checkPartialResponse(this.#soFar(), limits);
    } else if (this.#size > Math.min(limits.uriBytes, limits.headBytes)) {
      if (this.#size > limits.headBytes || !this.#hasFirstLine()) checkPartialRequest(this.#soFar(), limits);
    }
  }

  #hasFirstLine(): boolean {
    return this.#parts?.some((part) => part.includes(LF)) ?? false;
  }

  #soFar(): string {
    return Buffer.concat(this.#parts ?? []).latin1Slice(0, this.#size);
  }

  #dropEmptyLine(): void {
    if (this.#kind === "request" && this.text.startsWith("\r\n")) this.text = this.text.slice(2);
  }

  #fail(detail: string): never {
    throw new ProtocolError(`Cannot read ${this.#kind} head: ${detail}`);
  }
}
