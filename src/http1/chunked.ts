/**
 * Takes a chunked body apart (RFC 9112 §7.1). Bytes in, the data they carry
 * out: no sockets, no timers. The framing never travels on: the proxy writes
 * chunks of its own, so that the next hop can't read other boundaries than we
 * did. It is held to its strictest reading: CRLF only, no signs, no spaces in
 * a size, no control byte in an extension.
 *
 * The data is moved together in place, so a piece that lies within one chunk
 * (the usual case for a large body) is not copied at all.
 */
import { ProtocolError } from "./error.ts";

type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-field"
  | "trailer-lf"
  | "last-lf";

const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
const SEMICOLON = 0x3b;

/** 13 hex digits stay below 2^52, and a double counts exactly up to 2^53. */
const SIZE_DIGITS_MAX = 13;

/** Extensions and trailers are legal and rare; a peer that sends this many is probing. */
const OVERHEAD_BYTES_MAX = 16 * 1024;

/** One-byte chunks cost us more than the peer: this much framing for each byte of data, past the first overhead. */
const OVERHEAD_RATIO_MAX = 8;

export class ChunkedDecoder {
  done = false;
  /** Where the data of the last `take` ends in its bytes; it starts where that call was told to start. */
  dataEnd = 0;
  /** The trailer section as it came, each line with its CRLF. Complete once `done`. */
  trailers = "";
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #dataBytes = 0;

  /** Consumes from `at` on, moves the data to `bytes[at..dataEnd)`, and returns the position after the last byte used. */
  take(bytes: Uint8Array, at: number): number {
    let from = at;
    let to = at;
    while (from < bytes.length && !this.done) {
      if (this.#state !== "data") {
        this.#step(bytes[from++]!);
        continue;
      }
      const step = Math.min(this.#size, bytes.length - from);
      if (to !== from) bytes.copyWithin(to, from, from + step);
      to += step;
      from += step;
      this.#dataBytes += step;
      this.#size -= step;
      if (this.#size === 0) this.#state = "data-cr";
    }
    this.dataEnd = to;
    return from;
  }

  /** The peer said it is finished: fine only after the last chunk. */
  end(): boolean {
    return this.done;
  }

  /** For all states but "data", which `take` moves piece by piece. */
  #step(byte: number): void {
    switch (this.#state) {
      case "size":
        if (byte === CR && this.#digits > 0) this.#state = "size-lf";
        else if (byte === SEMICOLON && this.#digits > 0) this.#state = "extension";
        else this.#addDigit(byte);
        return;
      case "extension":
        if (byte === CR) this.#state = "size-lf";
        else this.#spendExtension(byte);
        return;
      case "size-lf":
        expect(byte, LF);
        this.#state = this.#size > 0 ? "data" : "trailer";
        this.#digits = 0;
        return;
      case "data-cr":
        expect(byte, CR);
        this.#state = "data-lf";
        return;
      case "data-lf":
        expect(byte, LF);
        this.#state = "size";
        return;
      case "trailer":
        if (byte === CR) this.#state = "last-lf";
        else {
          this.#keepTrailer(byte);
          this.#state = "trailer-field";
        }
        return;
      case "trailer-field":
        if (byte === CR) this.#state = "trailer-lf";
        else this.#keepTrailer(byte);
        return;
      case "trailer-lf":
        expect(byte, LF);
        this.trailers += "\r\n";
        this.#state = "trailer";
        return;
      case "last-lf":
        expect(byte, LF);
        this.done = true;
    }
  }

  #addDigit(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0) fail(`size has byte ${byte}, which is no hex digit`);
    if (++this.#digits > SIZE_DIGITS_MAX) fail(`size has more than ${SIZE_DIGITS_MAX} digits`);
    this.#size = this.#size * 16 + digit;
  }

  #spendExtension(byte: number): void {
    if ((byte < 0x20 && byte !== TAB) || byte === 0x7f) fail(`extension has control byte ${byte}`);
    if (++this.#extensionBytes > OVERHEAD_BYTES_MAX + this.#dataBytes * OVERHEAD_RATIO_MAX) {
      fail("extensions never end");
    }
  }

  #keepTrailer(byte: number): void {
    if (byte === LF) fail("line feed without carriage return");
    if (this.trailers.length >= OVERHEAD_BYTES_MAX) fail("trailers never end");
    this.trailers += String.fromCharCode(byte);
  }
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) fail(`byte ${byte} where ${wanted} belongs`);
}

function fail(detail: string): never {
  throw new ProtocolError(`Cannot read chunked body: ${detail}`);
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
