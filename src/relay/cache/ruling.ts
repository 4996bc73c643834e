/** What becomes of an answer that has come for the cache: whether it is stored, who may have it, or whether a stored one stands for it. */

import { firstValue, withoutLines } from "../../cache/field-lines.ts";
import type { FetchTimes } from "../../cache/freshness.ts";
import { combineParts, parseContentRange } from "../../cache/partial.ts";
import type { CacheRequest } from "../../cache/request.ts";
import { decideStoring, type Storing } from "../../cache/storing.ts";
import { decideUse, mayServeOnError } from "../../cache/using.ts";
import { freshenedLines } from "../../cache/validation.ts";
import { varyKeyOf } from "../../cache/vary.ts";
import { withForwarded } from "../../http1/fields.ts";
import type { Framing } from "../../http1/framing.ts";
import type { ResponseHead } from "../../http1/head.ts";
import type { Since } from "./answer-cache.ts";
import type { Asked } from "./asked.ts";
import { mayBeGiven } from "./may-be-given.ts";
import type { Plan } from "./plan.ts";
import type { StoredAnswer } from "./stored-answer.ts";

export class Ruling {
  /** As askers are to see it. */
  readonly head: ResponseHead;
  readonly framing: Framing;
  /** Of what the upstream said, whatever has been made of it. */
  readonly upstreamStatus: number;
  readonly storing: Storing;
  readonly varyKey: string;
  /** Comes before what is fetched: the stored part that it completes. */
  readonly prefix: Buffer | undefined;
  /** Stands for the answer. */
  readonly stored: StoredAnswer | undefined;
  readonly because: "validated" | "unreachable" | "error";
  /** Of a stored one: whoever it suits may have it, and not just the one for whom the upstream was asked. */
  readonly isForAll: boolean;

  constructor(ruling: Omit<Ruling, "suits" | "notStored" | "sharedHead">) {
    this.head = ruling.head;
    this.framing = ruling.framing;
    this.upstreamStatus = ruling.upstreamStatus;
    this.storing = ruling.storing;
    this.varyKey = ruling.varyKey;
    this.prefix = ruling.prefix;
    this.stored = ruling.stored;
    this.because = ruling.because;
    this.isForAll = ruling.isForAll;
  }

  /** There is no place for it. */
  notStored(because: string): Ruling {
    return new Ruling({ ...this, storing: { store: false, because } });
  }

  /** For those who did not ask for it: without what the origin keeps from caches (RFC 9111 §5.2.2.4, §5.2.2.7). */
  get sharedHead(): ResponseHead {
    const { head, storing } = this;
    if (!storing.store) return head;
    const age = firstValue(head.fields.forwarded, "age");
    const lines = age === undefined ? storing.lines : `${storing.lines}Age: ${age}\r\n`;
    return { ...head, fields: withForwarded(head.fields, lines, false) };
  }

  /** It may be given to one who did not ask the upstream for it. */
  suits({ request, isHead, nowMs }: Asked): boolean {
    const { storing } = this;
    if (!storing.store || isHead || request.range !== undefined) return false;
    if (storing.varyNames !== "" && varyKeyOf(storing.varyNames, request.lines) !== this.varyKey)
      return false;
    return decideUse(storing.facts, false, request, nowMs) === "fresh";
  }
}

/**
 * Whether this one may have a stored answer in place of the upstream's: after it was validated,
 * for somebody else maybe, or because that failed (RFC 5861 §4, RFC 9111 §4.2.4).
 */
export function standsFor(stored: StoredAnswer, asked: Asked, because: Ruling["because"]): boolean {
  const { request, nowMs } = asked;
  const { varyNames, varyKey, facts, isMarkedStale, peer } = stored;
  if (varyNames !== "" && varyKeyOf(varyNames, request.lines) !== varyKey) return false;
  if (!mayBeGiven(asked, peer)) return false;
  if (because !== "validated") return mayServeOnError(facts, isMarkedStale, request, because, nowMs);
  const { noCache, maxAgeMs, minFreshMs } = request.control;
  const isDemanding = noCache || maxAgeMs !== undefined || minFreshMs !== undefined;
  return !isDemanding || decideUse(facts, false, request, nowMs) === "fresh";
}

export function ruleOn(
  asked: Asked,
  plan: Plan,
  head: ResponseHead,
  framing: Framing,
  times: FetchTimes,
  since: Since,
): Ruling {
  const { validates } = plan;
  if (validates !== undefined && head.status === 304) {
    const fresh = validated(asked, validates, head, times, since);
    if (fresh !== undefined) return standIn(head, framing, fresh.stored, "validated", fresh.isForAll);
  }
  if (validates !== undefined && isServerError(head.status) && standsFor(validates, asked, "error")) {
    return standIn(head, framing, validates, "error", true);
  }
  const completed = plan.completes && completedBy(asked, plan.completes, head, framing, times);
  if (completed !== undefined) return completed;
  const storing = storingOf(asked, head, times);
  return new Ruling({
    head,
    framing,
    upstreamStatus: head.status,
    storing,
    varyKey: varyKeyFor(asked, storing),
    prefix: undefined,
    stored: undefined,
    because: "validated",
    isForAll: true,
  });
}

/** RFC 9111 §4.3.4: the stored answer with the fields of the 304, and its age from now on. */
function validated(
  asked: Asked,
  stored: StoredAnswer,
  head: ResponseHead,
  times: FetchTimes,
  since: Since,
): { readonly stored: StoredAnswer; readonly isForAll: boolean } | undefined {
  const lines = freshenedLines(stored.lines, head.fields.forwarded);
  if (lines === undefined) return undefined;
  const type = firstValue(lines, "content-type");
  const answer = { status: stored.facts.status, lines };
  const rule = asked.ruleFor(type);
  const storing = decideStoring("GET", asked.requestSent, answer, times, rule);
  if (!storing.store) {
    // It may be used this once: it is what was asked about. Who asked so that nothing is stored makes nobody forget.
    if (!decideStoring("GET", neutral(asked.request), answer, times, rule).store)
      asked.cache.invalidate(asked.key);
    const kept = withoutLines(lines, (name) => name === "age");
    return { stored: stored.with(stored.facts, kept), isForAll: false };
  }
  const fresh = stored.with(storing.facts, storing.lines);
  const variesAnew = storing.varyNames !== stored.varyNames;
  const varyKey = variesAnew ? varyKeyFor(asked, storing) : stored.varyKey;
  asked.cache.refresh(asked.key, stored, fresh, { varyNames: storing.varyNames, varyKey }, since);
  return { stored: fresh, isForAll: true };
}

/** RFC 9111 §3.4: what was stored of it and what came now are the whole. */
function completedBy(
  asked: Asked,
  part: StoredAnswer,
  head: ResponseHead,
  framing: Framing,
  times: FetchTimes,
): Ruling | undefined {
  const range = head.status === 206 ? parseContentRange(head.fields.forwarded) : undefined;
  if (range === undefined) return undefined;
  const whole = combineParts(
    { facts: part.facts, lines: part.lines },
    { lines: head.fields.forwarded, range },
  );
  if (whole === undefined || whole.first !== 0 || whole.last + 1 !== whole.wholeBytes) return undefined;
  // Of a part whose end nobody knew, another piece may tell that it is the whole: that is no rest.
  if (range.last !== whole.last) return undefined;
  // What came besides would be read as another answer, and what is short as a part of the next.
  if (framing.kind !== "length" || framing.length !== range.last - range.first + 1) return undefined;
  const prefix = Buffer.allocUnsafeSlow(range.first);
  if (part.read(0, prefix) !== range.first) return undefined;
  const answer: ResponseHead = {
    ...head,
    status: 200,
    reason: "OK",
    fields: { ...withForwarded(head.fields, whole.lines, false), contentLength: whole.wholeBytes },
  };
  const storing = storingOf(asked, answer, times);
  return new Ruling({
    head: answer,
    framing: { kind: "length", length: whole.wholeBytes },
    upstreamStatus: head.status,
    storing,
    varyKey: varyKeyFor(asked, storing),
    prefix,
    stored: undefined,
    because: "validated",
    isForAll: true,
  });
}

function standIn(
  head: ResponseHead,
  framing: Framing,
  stored: StoredAnswer,
  because: Ruling["because"],
  isForAll: boolean,
): Ruling {
  const storing: Storing = { store: false, because: "a stored answer stands for it" };
  const upstreamStatus = head.status;
  return new Ruling({
    head,
    framing,
    upstreamStatus,
    storing,
    varyKey: "",
    prefix: undefined,
    stored,
    because,
    isForAll,
  });
}

/**
 * The answer is to what we asked, and nobody else did: the rest of a part that does not go with it, or
 * that an answer is unchanged which is not the stored one (RFC 9111 §4.3.4).
 */
export function isOfNoUse({ completes, validates }: Plan, status: number, { prefix }: Ruling): boolean {
  if (completes !== undefined) return prefix === undefined && (status === 206 || status === 416);
  return validates !== undefined && status === 304;
}

/** The same, from a client that has nothing to keep from others. */
export function neutral(request: CacheRequest): CacheRequest {
  const control = { ...request.control, noStore: false };
  return { ...request, hasAuthorization: false, hasCookie: false, control };
}

function storingOf(asked: Asked, head: ResponseHead, times: FetchTimes): Storing {
  const { forwarded } = head.fields;
  const rule = asked.rules === undefined ? undefined : asked.ruleFor(firstValue(forwarded, "content-type"));
  const answer = { status: head.status, lines: forwarded };
  return decideStoring(asked.head.method, asked.requestSent, answer, times, rule, asked.targetUri);
}

function varyKeyFor(asked: Asked, storing: Storing): string {
  return storing.store && storing.varyNames !== "" ? varyKeyOf(storing.varyNames, asked.request.lines) : "";
}

function isServerError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}
