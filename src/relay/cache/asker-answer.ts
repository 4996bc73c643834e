/**
 * An answer that is being fetched, written anew for one of those who asked for
 * it: the head once, then the pieces of the body as they come.
 */
import type { Body } from "../../http1/body.ts";
import type { Framing } from "../../http1/framing.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { serializeResponse } from "../../http1/serialize.ts";
import type { Link } from "../../net/link.ts";
import { BodyPipe } from "../message/body-pipe.ts";
import type { Piece } from "./fill.ts";
import { persistence } from "./serve.ts";

export interface AskerAnswerOptions {
  readonly minor: 0 | 1;
  readonly isHead: boolean;
  /** How the upstream's answer was framed. */
  readonly framing: Framing;
  /** Whole lines with their CRLFs. */
  readonly addedLines: string;
  readonly persists: boolean;
}

export class AskerAnswer {
  readonly status: number;
  readonly pipe: BodyPipe;
  readonly persists: boolean;
  private readonly body = new PieceBody();
  private unsentHead: string;

  constructor(head: ResponseHead, { minor, framing, addedLines, persists }: AskerAnswerOptions) {
    // HTTP/1.0 knows no chunks, so there the end of the connection ends what has no length.
    const endsByClose = minor === 0 && (framing.kind === "chunked" || framing.kind === "close");
    const outgoing: Framing = endsByClose
      ? { kind: "close" }
      : framing.kind === "close"
        ? { kind: "chunked" }
        : framing;
    this.status = head.status;
    this.persists = persists && !endsByClose;
    this.pipe = new BodyPipe(this.body, outgoing.kind === "chunked");
    this.unsentHead = serializeResponse(head, outgoing, addedLines, persistence(minor, this.persists));
  }

  /** Its head has been written. */
  get hasBegun(): boolean {
    return this.unsentHead === "";
  }

  /** Passes a piece on; with the last one the body ends. */
  pass({ bytes, from, to }: Piece, isLast: boolean, trailers: string, client: Link): void {
    const { body } = this;
    body.dataEnd = to;
    body.isLast = isLast;
    if (isLast) body.trailers = trailers;
    const head = this.unsentHead;
    this.unsentHead = "";
    this.pipe.take(bytes, from, client, head);
  }
}

/** Pieces without framing: all of each is data. */
class PieceBody implements Body {
  done = false;
  dataEnd = 0;
  trailers = "";
  isLast = false;

  take(): number {
    if (this.isLast) this.done = true;
    return this.dataEnd;
  }

  end(): boolean {
    return this.done;
  }
}
