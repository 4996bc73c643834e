/**
 * Where a body ends, whichever way it is framed (RFC 9112 §6). Bytes in, the
 * data they carry and the place where the next message starts out.
 */
import { ChunkedDecoder } from "./chunked.ts";
import type { Framing } from "./framing.ts";

export interface Body {
  /** The last byte of the message has been taken. */
  readonly done: boolean;
  /** After `take(bytes, at)` the data is `bytes[at..dataEnd)`. */
  readonly dataEnd: number;
  /** Trailer lines with their CRLFs, once done; only a chunked body can have some. */
  readonly trailers: string;
  /** Returns the position in `bytes` after what belongs to the body. Throws `ProtocolError`. */
  take(bytes: Uint8Array, at: number): number;
  /** The peer said it is finished: true when that ends the body properly. */
  end(): boolean;
}

export function bodyOf(framing: Framing): Body {
  switch (framing.kind) {
    case "none":
      return NO_BODY;
    case "length":
      return framing.length === 0 ? NO_BODY : new LengthBody(framing.length);
    case "chunked":
      return new ChunkedDecoder();
    case "close":
      return new CloseBody();
  }
}

const NO_BODY: Body = {
  done: true,
  dataEnd: 0,
  trailers: "",
  take: (_bytes, at) => at,
  end: () => true,
};

class LengthBody implements Body {
  done = false;
  dataEnd = 0;
  readonly trailers = "";
  private left: number;

  constructor(length: number) {
    this.left = length;
  }

  take(bytes: Uint8Array, at: number): number {
    const step = Math.min(this.left, bytes.length - at);
    this.left -= step;
    this.done = this.left === 0;
    this.dataEnd = at + step;
    return this.dataEnd;
  }

  end(): boolean {
    return this.done;
  }
}

/** RFC 9112 §6.3, 8: a response without a length lasts until the connection closes. */
class CloseBody implements Body {
  done = false;
  dataEnd = 0;
  readonly trailers = "";

  take(bytes: Uint8Array): number {
    this.dataEnd = bytes.length;
    return bytes.length;
  }

  end(): boolean {
    this.done = true;
    return true;
  }
}
