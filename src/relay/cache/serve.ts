/**
 * A stored answer as one client is given it: whole, a part, several, or the news
 * that what it has is still good. What rules of the gate say of answers holds for
 * stored ones too.
 */
import { decideConditional, notModifiedLines } from "../../cache/conditional.ts";
import { stored as flag } from "../../cache/facts.ts";
import { planMultipart } from "../../cache/multipart.ts";
import { type ByteRange, contentRangeLine, decideRanges, unsatisfiedRangeLine } from "../../cache/ranges.ts";
import { ageMs } from "../../cache/using.ts";
import { readFields } from "../../http1/fields.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { type Persistence, serializeResponse } from "../../http1/serialize.ts";
import type { CacheWord } from "../../observe/cache-word.ts";
import { answerRefusal } from "../gate/content.ts";
import type { Handler } from "../handler.ts";
import { answerFor } from "../message/outgoing.ts";
import { reasonOf } from "../message/reasons.ts";
import type { Asked } from "./asked.ts";
import { countSaved } from "./outflow.ts";
import { type Opening, type Segment, Serving } from "./serving.ts";
import { MemoryAnswer, type StoredAnswer } from "./stored-answer.ts";

/** How an answer came about. */
export interface Told {
  readonly word: CacheWord;
  /** `Cache-Status`, a whole line with its CRLF. */
  readonly line: string;
}

/** So much is written in one piece. */
const AT_ONCE_BYTES = 60 * 1024;

/** Lets go of `stored` when it is done with it. Undefined: it is answered already. `onLost`: of `Serving`. */
export function serve(
  asked: Asked,
  stored: StoredAnswer,
  told: Told,
  onLost?: () => void,
): Handler | undefined {
  const { session, exchange, settings, passage, head, context } = asked;
  exchange.cache = told.word;
  const given = headOf(stored);
  const refusal = answerRefusal(context, settings, exchange, passage, given);
  if (refusal !== undefined) {
    stored.release();
    session.fail(refusal, head, asked.persists);
    return undefined;
  }
  const answer = answerFor(given, passage.effects?.response);
  const reply = replyTo(asked, stored, answer);
  const { persists } = asked;
  const age = `Age: ${Math.max(0, Math.floor(ageMs(stored.facts, asked.nowMs) / 1000))}\r\n`;
  const text = serializeResponse(
    {
      ...answer,
      status: reply.status,
      reason: reply.reason,
      fields: { ...answer.fields, forwarded: reply.lines, contentLength: reply.length },
    },
    reply.length < 0 ? { kind: "none" } : { kind: "length", length: reply.length },
    age + told.line + settings.viaLines[1],
    persistence(head.minor, persists),
  );
  const segments = asked.isHead || reply.length < 0 ? [] : reply.segments;
  return send(asked, stored, { status: reply.status, text }, segments, persists, onLost);
}

/** RFC 9110 §15.3.7: what a stored part can answer. */
export function coversRanges(stored: StoredAnswer, ranges: readonly ByteRange[]): boolean {
  const { rangeFirst, bodyBytes } = stored.facts;
  return ranges.every(({ first, last }) => first >= rangeFirst && last < rangeFirst + bodyBytes);
}

export function persistence(minor: 0 | 1, persists: boolean): Persistence {
  if (!persists) return "close";
  return minor === 0 ? "keep-alive" : "implied";
}

interface ReplyPlan {
  readonly status: number;
  readonly reason: string;
  readonly lines: string;
  /** Of the body; -1 where there is none, nor a length to tell. */
  readonly length: number;
  readonly segments: readonly Segment[];
}

function replyTo({ head, request }: Asked, stored: StoredAnswer, answer: ResponseHead): ReplyPlan {
  const { facts, lines } = stored;
  const out = answer.fields.forwarded;
  const condition = decideConditional(head.method, request, facts, lines);
  if (condition === 304) return bodiless(304, notModifiedLines(out), -1);
  const ranges = decideRanges(head.method, request, facts, lines);
  if (ranges === undefined) {
    const { status, wholeBytes } = facts;
    if (status === 204) return bodiless(204, out, -1);
    const segments = wholeBytes === 0 ? [] : [{ first: 0, last: wholeBytes - 1 }];
    const reason = answer.reason === "" ? reasonOf(status) : answer.reason;
    return { status: wholeStatus(facts.flags, status), reason, lines: out, length: wholeBytes, segments };
  }
  return rangeReply(ranges, facts.wholeBytes, out);
}

function rangeReply(ranges: readonly ByteRange[], wholeBytes: number, lines: string): ReplyPlan {
  const [only] = ranges;
  if (only === undefined) return bodiless(416, unsatisfiedRangeLine(wholeBytes), 0);
  const part = { status: 206, reason: reasonOf(206) };
  const kept = withoutContentRange(lines);
  if (ranges.length === 1) {
    return {
      ...part,
      lines: kept + contentRangeLine(only, wholeBytes),
      length: only.last - only.first + 1,
      segments: [only],
    };
  }
  const plan = planMultipart(ranges, wholeBytes, kept, crypto.randomUUID());
  const type = `Content-Type: ${plan.contentType}\r\n`;
  return {
    ...part,
    lines: withoutContentType(kept) + type,
    length: plan.totalBytes,
    segments: [...plan.parts.flatMap(({ before, range }): Segment[] => [before, range]), plan.after],
  };
}

function send(
  asked: Asked,
  stored: StoredAnswer,
  { status, text }: Opening,
  segments: readonly Segment[],
  persists: boolean,
  onLost: (() => void) | undefined,
): Handler | undefined {
  const { session, exchange, passage } = asked;
  const [only] = segments;
  const isWatched = passage.answerWatch !== undefined || passage.grant !== undefined;
  if (only === undefined && !isWatched) {
    exchange.status = status;
    exchange.bytesOut += text.length;
    session.link.writeText(text);
    stored.release();
    session.exchangeEnded(persists);
    return undefined;
  }
  if (
    stored instanceof MemoryAnswer &&
    segments.length === 1 &&
    typeof only === "object" &&
    only.last - only.first < AT_ONCE_BYTES &&
    !isWatched
  ) {
    const from = only.first - stored.facts.rangeFirst;
    const to = only.last - stored.facts.rangeFirst + 1;
    exchange.status = status;
    exchange.bytesOut += text.length + to - from;
    countSaved(asked, to - from);
    session.link.writeFramed(text, stored.body, from, to, "");
    session.exchangeEnded(persists);
    return undefined;
  }
  return new Serving(asked, stored, { status, text }, segments, persists, onLost);
}

function bodiless(status: number, lines: string, length: number): ReplyPlan {
  return { status, reason: reasonOf(status), lines, length, segments: [] };
}

/** A part that has become whole was stored as the 206 that it came as. */
function wholeStatus(flags: number, status: number): number {
  return status === 206 && (flags & flag.partial) === 0 ? 200 : status;
}

function headOf({ facts, lines, reason }: StoredAnswer): ResponseHead {
  const fields = readFields(lines, 0, lines.length, Number.POSITIVE_INFINITY, false);
  fields.contentLength = facts.wholeBytes;
  return { minor: 1, status: facts.status, reason, fields };
}

function withoutContentRange(lines: string): string {
  return lines.replace(/^content-range:.*\r\n/gim, "");
}

function withoutContentType(lines: string): string {
  return lines.replace(/^content-type:.*\r\n/gim, "");
}
