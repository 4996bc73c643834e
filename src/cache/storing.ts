/**
 * Whether a shared cache keeps an answer, and what of it (RFC 9111 §3).
 *
 * The rules, in order; the first that applies decides:
 *   1. only answers to GET; to POST when they name their own target (RFC 9110 §9.3.3)
 *   2. a rule of the config says never                    not stored
 *   3. `no-store` in the request (§5.2.1.5)               not stored
 *   4. a status that may not be kept, or a part of which
 *      nobody says where it belongs (§3.3)                not stored
 *   5. a Vary that nothing matches (§4.1)                 not stored
 *   6. `must-understand` with a status that is not known;
 *      `no-store` without it (§5.2.2.3, §5.2.2.5)         not stored
 *   7. `private` (§5.2.2.7)                               not stored
 *   8. Authorization, and nothing allows it (§3.5)        not stored
 *   9. cookies, and the freshness is a guess (§7.3)       not stored
 *  10. it would never be fresh, and can't be validated    not stored
 *
 * Of two directives that contradict each other the stricter one holds (§4.2.1): with
 * `must-revalidate` or `s-maxage` nothing is served stale, whatever RFC 5861 would allow.
 */
import { type AnswerFields, readAnswerFields } from "./answer-fields.ts";
import { parseResponseControl, type ResponseControl, silentAnswer } from "./control.ts";
import { type StoredFacts, stored } from "./facts.ts";
import { firstValue, withoutLines } from "./field-lines.ts";
import {
  allowsHeuristics,
  dateMsOf,
  type FetchTimes,
  initialAgeMs,
  type Lifetime,
  lifetimeOf,
} from "./freshness.ts";
import { formatHttpDate, parseHttpDate } from "./http-date.ts";
import { namesUri } from "./invalidation.ts";
import { parseContentRange } from "./partial.ts";
import type { CacheRequest } from "./request.ts";
import type { CacheRule } from "./rules.ts";
import { isUnderstood, mayBeKept } from "./statuses.ts";
import { parseTags } from "./tags.ts";
import { parseTargetedControl } from "./targeted.ts";
import { varyNamesOf } from "./vary.ts";

/** As it came from the upstream. */
export interface Answer {
  readonly status: number;
  readonly lines: string;
}

export type Storing =
  | {
      readonly store: true;
      /** `bodyBytes` and `wholeBytes` are 0 for a whole answer, whose length is not known yet. */
      readonly facts: StoredFacts;
      /** For `varyKeyOf`; empty without Vary. */
      readonly varyNames: string;
      /** What is kept of the field lines, with a Date (RFC 9110 §6.6.1). */
      readonly lines: string;
      /** Of Cache-Tag and Surrogate-Key: each once, joined by " ". */
      readonly tags: string;
    }
  | {
      readonly store: false;
      /** A short phrase for people. */
      readonly because: string;
    };

/** `targetUri` is absolute; without it no answer to POST is stored. */
export function decideStoring(
  method: string,
  request: CacheRequest,
  answer: Answer,
  times: FetchTimes,
  rule: CacheRule | undefined,
  targetUri?: string,
): Storing {
  const refusal = refusalOf(method, request, answer, rule, targetUri);
  if (refusal !== undefined) return refuse(refusal);
  const part = answer.status === 206 ? parseContentRange(answer.lines) : undefined;
  if (answer.status === 206 && part === undefined) return refuse("a part without its place");
  const fields = readAnswerFields(answer.lines);
  const varyNames = varyNamesOf(fields.vary, answer.lines);
  if (varyNames === undefined) return refuse("Vary: *");
  const { control, expires } = whatCounts(fields);
  const prohibition = prohibitionOf(control, answer.status, request);
  if (prohibition !== undefined) return refuse(prohibition);

  const kept = control.withheldFields.length === 0 ? fields : withoutWithheld(answer.lines, control);
  const statedMs = timeOf(fields.date, times.responseMs);
  const dateMs = dateMsOf(statedMs, times.responseMs);
  const lastModifiedMs = timeOf(kept.lastModified, times.responseMs);
  const given = lifetimeOf(answer.status, control, expires, lastModifiedMs, dateMs);
  if (method !== "GET" && given.from !== "explicit")
    return refuse(`method ${method} without explicit freshness`);
  const cookies = given.from === "explicit" || control.isPublic ? undefined : cookiesOf(request, fields);
  if (cookies !== undefined && rule?.cookies !== true) return refuse(`${cookies} without explicit freshness`);

  const lifetimeMs = ruledMs(given, answer.status, rule);
  const isRuled = cookies !== undefined || lifetimeMs !== given.ms;
  const mayBeStale = !control.noCache && !mustRevalidate(control);
  const facts: StoredFacts = {
    status: answer.status,
    flags:
      flagsOf(control, kept) |
      (given.from === "heuristic" && lifetimeMs === given.ms ? stored.heuristic : 0) |
      (varyNames !== "" ? stored.varies : 0) |
      (part !== undefined ? stored.partial : 0) |
      (isRuled ? stored.ruled : 0) |
      (RELAYED.test(kept.kept) ? stored.relayed : 0),
    storedMs: times.responseMs,
    initialAgeMs: initialAgeMs(fields, dateMs, times),
    lifetimeMs,
    staleWhileRevalidateMs: mayBeStale ? (control.staleWhileRevalidateMs ?? 0) : 0,
    staleIfErrorMs: mayBeStale ? (control.staleIfErrorMs ?? 0) : 0,
    lastModifiedMs,
    bodyBytes: part === undefined ? 0 : part.last - part.first + 1,
    rangeFirst: part === undefined ? 0 : part.first,
    wholeBytes: part === undefined ? 0 : part.wholeBytes,
  };
  const useless = uselessnessOf(facts, control, given);
  if (useless !== undefined) return refuse(useless);
  const lines = Number.isNaN(statedMs) ? withDate(kept.kept, times.responseMs) : kept.kept;
  return { store: true, facts, varyNames, lines, tags: parseTags(fields.cacheTag, fields.surrogateKey) };
}

const RELAYED = /^(?:via|cache-status):/im;

function refuse(because: string): Storing {
  return { store: false, because };
}

/** What needs no look at the fields. */
function refusalOf(
  method: string,
  request: CacheRequest,
  answer: Answer,
  rule: CacheRule | undefined,
  targetUri: string | undefined,
): string | undefined {
  if (method !== "GET" && !isForGet(method, answer, targetUri)) return `method ${method}`;
  if (rule?.never === true) return "a rule says never";
  if (request.control.noStore) return "no-store in the request";
  return mayBeKept(answer.status) ? undefined : `status ${answer.status}`;
}

/** An answer to POST that says it is what GET would give (RFC 9110 §9.3.3, §8.7); what reports an error does not. */
function isForGet(method: string, { status, lines }: Answer, targetUri: string | undefined): boolean {
  if (method !== "POST" || status !== 200 || targetUri === undefined) return false;
  const location = firstValue(lines, "content-location");
  return location !== undefined && namesUri(location, targetUri);
}

/** A valid CDN-Cache-Control replaces Cache-Control and Expires (RFC 9213 §2.2). */
function whatCounts(fields: AnswerFields): { control: ResponseControl; expires: string | undefined } {
  const targeted =
    fields.cdnCacheControl === undefined ? undefined : parseTargetedControl(fields.cdnCacheControl);
  if (targeted !== undefined) return { control: targeted, expires: undefined };
  const control =
    fields.cacheControl === undefined ? silentAnswer : parseResponseControl(fields.cacheControl);
  return { control, expires: fields.expires };
}

function prohibitionOf(control: ResponseControl, status: number, request: CacheRequest): string | undefined {
  if (control.mustUnderstand) {
    if (!isUnderstood(status)) return `must-understand, and status ${status} is not known`;
  } else if (control.noStore) return "no-store";
  if (control.isPrivate) return "private";
  const isForAll = control.isPublic || control.mustRevalidate || control.sMaxAgeMs !== undefined;
  return request.hasAuthorization && !isForAll ? "Authorization in the request" : undefined;
}

function cookiesOf(request: CacheRequest, fields: AnswerFields): string | undefined {
  if (fields.hasSetCookie) return "Set-Cookie";
  return request.hasCookie ? "Cookie in the request" : undefined;
}

/** `no-cache="…"` and `private="…"` (§5.2.2.4, §5.2.2.7): the named fields are for the first client alone. */
function withoutWithheld(lines: string, control: ResponseControl): AnswerFields {
  return readAnswerFields(withoutLines(lines, (name) => control.withheldFields.includes(name)));
}

/** A rule's time to live counts where the origin gives none; its floor and ceiling hold for every lifetime. */
/** What is not there today may be there tomorrow: no rule keeps an error for longer. */
const RULED_ERROR_MS = 60_000;

function ruledMs(given: Lifetime, status: number, rule: CacheRule | undefined): number {
  if (rule === undefined) return given.ms;
  const ms = ruledAnyMs(given, status, rule);
  return status < 400 || ms <= given.ms ? ms : Math.max(given.ms, Math.min(ms, RULED_ERROR_MS));
}

function ruledAnyMs(given: Lifetime, status: number, rule: CacheRule): number {
  const gives = rule.ttlMs !== undefined && given.from !== "explicit" && allowsHeuristics(status);
  if (!gives && given.from === "nothing") return given.ms;
  const ms = gives ? rule.ttlMs! : given.ms;
  return Math.min(Math.max(ms, rule.ttlMinMs ?? 0), rule.ttlMaxMs ?? Number.POSITIVE_INFINITY);
}

/** `s-maxage` says `proxy-revalidate` too (§5.2.2.10). */
function mustRevalidate(control: ResponseControl): boolean {
  return control.mustRevalidate || control.proxyRevalidate || control.sMaxAgeMs !== undefined;
}

function flagsOf(control: ResponseControl, kept: AnswerFields): number {
  return (
    (control.noCache ? stored.noCache : 0) |
    (mustRevalidate(control) ? stored.mustRevalidate : 0) |
    (control.immutable ? stored.immutable : 0) |
    (kept.etag !== undefined ? stored.hasEtag : 0) |
    (kept.lastModified !== undefined ? stored.hasLastModified : 0)
  );
}

/** What could never be used is not worth its room. */
function uselessnessOf(facts: StoredFacts, control: ResponseControl, given: Lifetime): string | undefined {
  if (given.from === "nothing" && !allowsHeuristics(facts.status) && !control.isPublic) {
    return `status ${facts.status} without explicit freshness`;
  }
  if ((facts.flags & (stored.hasEtag | stored.hasLastModified)) !== 0) return undefined;
  if ((facts.flags & stored.noCache) !== 0) return "no-cache without a validator";
  if (facts.lifetimeMs > 0 || facts.staleWhileRevalidateMs > 0 || facts.staleIfErrorMs > 0) return undefined;
  return "neither fresh nor with a validator";
}

/** RFC 9110 §6.6.1: one that is missing or malformed is written anew. */
function withDate(lines: string, responseMs: number): string {
  return `${withoutLines(lines, (name) => name === "date")}Date: ${formatHttpDate(responseMs)}\r\n`;
}

/** NaN for what is missing or malformed. */
function timeOf(date: string | undefined, nowMs: number): number {
  return date === undefined ? Number.NaN : parseHttpDate(date, nowMs);
}
