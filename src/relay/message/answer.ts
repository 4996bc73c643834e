/**
 * The way back of an exchange: an upstream's answer, written anew for the
 * client. Knows both messages and what becomes of both connections; when to
 * read, and what to do when it fails, is `relay/forward.ts`'s to say.
 */
import { bodyOf } from "../../http1/body.ts";
import { type Framing, responseFraming } from "../../http1/framing.ts";
import type { RequestHead, ResponseHead } from "../../http1/head.ts";
import { persists } from "../../http1/persistence.ts";
import { serializeResponse } from "../../http1/serialize.ts";
import type { Link } from "../../net/link.ts";
import { BodyPipe, type BodyWatch } from "./body-pipe.ts";

export interface AnswerOptions {
  /** In front of the empty line, each with its CRLF. */
  readonly addedLines: string;
  readonly watch: BodyWatch | undefined;
  readonly requestDone: boolean;
  /** The client's connection ends with this answer, whatever the messages say. */
  readonly isLast: boolean;
}

export class Answer {
  readonly status: number;
  readonly pipe: BodyPipe;
  /** The upstream's connection may serve another exchange. */
  upstreamPersists: boolean;
  /** The client may ask again, and has been told so. */
  readonly clientPersists: boolean;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private unsentHead: string;

  constructor(
    request: RequestHead,
    answer: ResponseHead,
    { addedLines, watch, requestDone, isLast }: AnswerOptions,
  ) {
    const framing = responseFraming(request.method, answer.status, answer.fields, answer.minor);
    const outgoing = clientFraming(framing, request.minor);
    this.status = answer.status;
    this.pipe = new BodyPipe(bodyOf(framing), outgoing.kind === "chunked", watch);
    // A log-in that a 401 carries on has yet to succeed, and needs this very connection for its next step.
    const isShared = !request.fields.authorizesConnection || answer.status === 401;
    this.upstreamPersists =
      requestDone && isShared && framing.kind !== "close" && persists(answer.minor, answer.fields);
    this.clientPersists =
      requestDone && outgoing.kind !== "close" && persists(request.minor, request.fields) && !isLast;
    const persistence = this.clientPersists ? (request.minor === 0 ? "keep-alive" : "implied") : "close";
    this.unsentHead = serializeResponse(answer, outgoing, addedLines, persistence);
  }

  /** Passes on what `bytes[at..)` holds of the body, the head in front of it the first time. */
  pass(bytes: Buffer, at: number, client: Link): void {
    const end = this.pipe.take(bytes, at, client, this.unsentHead);
    this.unsentHead = "";
    // What comes unasked after an answer would be read as the next one's.
    if (this.pipe.done && end < bytes.length) this.upstreamPersists = false;
  }

  /** The upstream has closed: true when that ends the answer properly. */
  end(client: Link): boolean {
    this.upstreamPersists = false;
    return this.pipe.end(client);
  }
}

/** HTTP/1.0 knows no chunks, so there the end of the connection ends the body; HTTP/1.1 is spared that. */
function clientFraming(framing: Framing, minor: 0 | 1): Framing {
  if (framing.kind === "chunked" && minor === 0) return { kind: "close" };
  if (framing.kind === "close" && minor === 1) return { kind: "chunked" };
  return framing;
}
