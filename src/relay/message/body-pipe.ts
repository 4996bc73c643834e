/**
 * One direction of a body: out of the framing that it came in, into the one
 * that it leaves in. A chunked body is written in chunks of our own.
 *
 * Here, between the two framings, a body is nothing but its data, and whoever
 * has to see it sees it here: a `BodyWatch` is shown each piece before it passes
 * and may cut the body short. What counts bytes is one; what looks for patterns
 * would be another. What a cut means to the exchange is not known here.
 */
import type { Body } from "../../http1/body.ts";
import { CHUNK_END, chunkStart, lastChunk } from "../../http1/serialize.ts";
import { forwardedTrailers } from "../../http1/trailers.ts";
import type { Link } from "../../net/link.ts";

export interface BodyWatch {
  /** Shown `bytes[from..to)`, never empty. False: neither this piece passes nor anything after it. */
  sees(bytes: Uint8Array, from: number, to: number): boolean;
}

export class BodyPipe {
  /** Bytes that the last `take` or `end` wrote, `before` included. */
  written = 0;
  /** False after a `take` that filled the outbox: no more until its `onDrain`. */
  hasRoom = true;
  /** The watch would not let it pass: nothing is written any more, and the body never counts as whole. */
  isCut = false;
  // Two are made for each request: private fields with a # would take three times as long to set up.
  private readonly body: Body;
  private readonly inChunks: boolean;
  private readonly watch: BodyWatch | undefined;

  constructor(body: Body, inChunks: boolean, watch: BodyWatch | undefined = undefined) {
    this.body = body;
    this.inChunks = inChunks;
    this.watch = watch;
  }

  get done(): boolean {
    return this.body.done && !this.isCut;
  }

  /**
   * Passes on what `bytes[at..)` holds of the body, `before` in front of it, and returns the position after that.
   * When the watch cuts it, `before` stays unwritten too.
   */
  take(bytes: Buffer, at: number, to: Link, before: string): number {
    if (this.body.done) {
      if (this.isCut) this.written = 0;
      else this.write(to, before, bytes, at, at, "");
      return at;
    }
    const end = this.body.take(bytes, at);
    const dataEnd = this.body.dataEnd;
    if (this.watch !== undefined && !this.mayPass(this.watch, bytes, at, dataEnd)) {
      this.written = 0;
      return end;
    }
    // Read even where they are left out: a body with malformed ones never counts as whole.
    const trailers = this.body.done ? forwardedTrailers(this.body.trailers) : "";
    if (!this.inChunks) {
      this.write(to, before, bytes, at, dataEnd, "");
      return end;
    }
    const last = this.body.done ? lastChunk(trailers) : "";
    if (dataEnd === at) this.write(to, before + last, bytes, at, at, "");
    else this.write(to, before + chunkStart(dataEnd - at), bytes, at, dataEnd, CHUNK_END + last);
    return end;
  }

  /** The sender closed: true when that ends the body properly, and then its end is written. */
  end(to: Link): boolean {
    this.written = 0;
    if (this.isCut) return false;
    if (this.body.done) return true;
    if (!this.body.end()) return false;
    if (this.inChunks) {
      const last = lastChunk("");
      this.written = last.length;
      to.writeText(last);
    }
    return true;
  }

  private mayPass(watch: BodyWatch, bytes: Buffer, from: number, end: number): boolean {
    if (!this.isCut && from < end) this.isCut = !watch.sees(bytes, from, end);
    return !this.isCut;
  }

  private write(to: Link, before: string, bytes: Buffer, from: number, end: number, after: string): void {
    this.written = before.length + end - from + after.length;
    // A piece may hold nothing but framing, and then it fills nothing.
    this.hasRoom = this.written === 0 || to.writeFramed(before, bytes, from, end, after);
  }
}
