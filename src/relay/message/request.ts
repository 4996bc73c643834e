/**
 * The way there of an exchange: a client's request, written anew for the upstream.
 * Knows what of it has been sent, and so whether it may be sent again, and how fast
 * it has to come; when to send, and where, is `relay/forward.ts`'s to say.
 */
import { bodyOf } from "../../http1/body.ts";
import { type Framing, requestFraming } from "../../http1/framing.ts";
import type { RequestHead } from "../../http1/head.ts";
import { serializeRequest } from "../../http1/serialize.ts";
import { minRateAfter, minRateDeadline } from "../../limits/min-rate.ts";
import type { Link } from "../../net/link.ts";
import { NEVER } from "../../net/timer.ts";
import type { Settings } from "../context.ts";
import type { Passage } from "../gate/passage.ts";
import { BodyPipe } from "./body-pipe.ts";
import { outgoingFor } from "./outgoing.ts";

export class Request {
  readonly pipe: BodyPipe;
  /** Something of it has gone out on the connection now in use. */
  wasSent = false;
  /** Something of its body has gone, and can't be had again. */
  bodyGone = false;
  /** Bytes that the last call wrote. */
  written = 0;
  /** When the client has sent too little of the body, by the least rate. */
  slowAtMs = NEVER;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly head: RequestHead;
  private readonly framing: Framing;
  private readonly settings: Settings;
  /** The head, until it is written: with the first of the body, when that is here already. */
  private unsentHead = "";

  constructor(head: RequestHead, passage: Passage, settings: Settings) {
    this.head = head;
    this.settings = settings;
    this.framing = requestFraming(head.fields, head.minor);
    this.pipe = new BodyPipe(bodyOf(this.framing), this.framing.kind === "chunked", passage.requestWatch);
  }

  /** For a new connection. */
  begin({ client, asked, effects, path, authority }: Passage, nowMs: number): void {
    const { identity, viaLines } = this.settings;
    const head = outgoingFor(this.head, identity, client.address, asked, effects?.request);
    this.unsentHead = serializeRequest(head, path, authority, this.framing, viaLines[head.minor]);
    this.wasSent = false;
    this.countRateFrom(nowMs);
  }

  sendHead(to: Link): void {
    const head = this.unsentHead;
    this.unsentHead = "";
    to.writeText(head);
    this.wrote(to, head.length);
  }

  /** Passes on what `bytes[at..)` holds of the body, the head in front of it if it has yet to go. */
  take(bytes: Buffer, at: number, to: Link, nowMs: number): number {
    const end = this.pipe.take(bytes, at, to, this.unsentHead);
    this.unsentHead = "";
    this.bodyGone = true;
    this.wrote(to, this.pipe.written);
    this.slowAtMs = minRateAfter(this.slowAtMs, end - at, nowMs, this.settings.config.limits);
    return end;
  }

  /** Until then the client was kept waiting. */
  countRateFrom(ms: number): void {
    this.slowAtMs = minRateDeadline(ms, 0, this.settings.config.limits);
  }

  private wrote(to: Link, byteCount: number): void {
    this.written = byteCount;
    if (!to.isGone) this.wasSent = true;
  }
}
