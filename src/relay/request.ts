/**
 * The way there of an exchange: a client's request, written anew for the upstream.
 * Knows what of it has been sent, and so whether it may be sent again; when to
 * send, and where, is `forward.ts`'s to say.
 */
import { bodyOf } from "../http1/body.ts";
import { type Framing, requestFraming } from "../http1/framing.ts";
import type { RequestHead } from "../http1/head.ts";
import type { Link } from "../net/link.ts";
import { BodyPipe, type BodyWatch } from "./body-pipe.ts";

export class Request {
  readonly framing: Framing;
  readonly pipe: BodyPipe;
  /** Something of it has gone out on the connection now in use. */
  wasSent = false;
  /** Something of its body has gone, and can't be had again. */
  bodyGone = false;
  /** Bytes that the last call wrote. */
  written = 0;
  /** The head, until it is written: with the first of the body, when that is here already. */
  private unsentHead = "";

  constructor(head: RequestHead, watch: BodyWatch | undefined) {
    this.framing = requestFraming(head.fields, head.minor);
    this.pipe = new BodyPipe(bodyOf(this.framing), this.framing.kind === "chunked", watch);
  }

  /** For a new connection. */
  begin(headText: string): void {
    this.unsentHead = headText;
    this.wasSent = false;
  }

  sendHead(to: Link): void {
    const head = this.unsentHead;
    this.unsentHead = "";
    to.writeText(head);
    this.wrote(to, head.length);
  }

  /** Passes on what `bytes[at..)` holds of the body, the head in front of it if it has yet to go. */
  take(bytes: Buffer, at: number, to: Link): number {
    const end = this.pipe.take(bytes, at, to, this.unsentHead);
    this.unsentHead = "";
    this.bodyGone = true;
    this.wrote(to, this.pipe.written);
    return end;
  }

  private wrote(to: Link, byteCount: number): void {
    this.written = byteCount;
    if (!to.isGone) this.wasSent = true;
  }
}
