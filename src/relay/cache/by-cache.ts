/**
 * What becomes of a request behind the gate when there is a cache:
 *
 *   1. PURGE                              `purge.ts`
 *   2. neither GET nor HEAD, or what no
 *      stored answer could be for         forwarded; a success makes stored ones invalid
 *   3. in memory and usable               answered at once
 *   4. it may not be fetched              504
 *   5. HEAD                               forwarded; confirms or outdates what is stored
 *   6. GET                                from the disk, or a fetch (`asker.ts`)
 */
import { decideConditional, isForOrigin } from "../../cache/conditional.ts";
import { stored as flag } from "../../cache/facts.ts";
import { decideRanges } from "../../cache/ranges.ts";
import type { Use } from "../../cache/using.ts";
import type { RequestHead } from "../../http1/head.ts";
import type { Found } from "../../store/memory/store.ts";
import type { Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Forward } from "../forward.ts";
import type { Passage } from "../gate/passage.ts";
import type { ClientSide, Handler } from "../handler.ts";
import type { AnswerCache } from "./answer-cache.ts";
import { Asked, cacheRequestOf } from "./asked.ts";
import { Asker } from "./asker.ts";
import { forwardHead } from "./head-request.ts";
import { serveAtOnce } from "./hit.ts";
import { Invalidating } from "./invalidating.ts";
import { mayBeGiven } from "./may-be-given.ts";
import { isKeptFromFetching, tellMissing } from "./missing.ts";
import { purge } from "./purge.ts";
import { refresh } from "./refresh.ts";
import { serve } from "./serve.ts";
import { MemoryAnswer } from "./stored-answer.ts";
import { takeStored, useOf, wordOf } from "./take-stored.ts";
import { forwarded, hit } from "./told.ts";

/** Undefined: it is answered already. */
export function answerByCache(
  session: ClientSide,
  exchange: Exchange,
  settings: Settings,
  cache: AnswerCache,
  head: RequestHead,
  passage: Passage,
): Handler | undefined {
  const { method } = head;
  if (method === "PURGE") return purge(session, exchange, settings, cache, head, passage);
  if (method !== "GET" && method !== "HEAD") {
    if (cache.isOffline) return tellMissing(session, exchange, settings, cache, head, passage);
    const line = forwarded(settings, "method");
    exchange.cache = "bypass";
    exchange.cacheLine = line;
    return new Forward(
      session,
      exchange,
      settings,
      head,
      passage,
      new Invalidating(session.context, settings, cache, head, passage, line),
    );
  }
  if (!mayBeStored(head, passage)) return bypass(session, exchange, settings, cache, head, passage);
  const asked = new Asked(session, exchange, settings, cache, head, passage);
  if (asked.rules?.isNever === true || isForOrigin(asked.request)) {
    return bypass(session, exchange, settings, cache, head, passage);
  }
  const found = cache.find(asked.key, asked.request);
  return found === undefined ? notInMemory(asked) : inMemory(asked, found);
}

/** What has a body, or asks for another protocol, is no business of a cache; nor is what an audit alone lets pass. */
function mayBeStored(head: RequestHead, { decision }: Passage): boolean {
  const isAllowed = decision.verdict === "allow" || decision.verdict === "by-address";
  return isAllowed && !decision.wouldDeny && head.fields.upgrade === undefined && canBeRepeated(head);
}

function canBeRepeated({ fields }: RequestHead): boolean {
  return fields.transferEncoding === undefined && fields.contentLength <= 0;
}

function inMemory(asked: Asked, found: Found): Handler | undefined {
  const { session, exchange, settings, head, passage, cache } = asked;
  // It came from an address that this client may not be led to.
  if (!mayBeGiven(asked, found.peer())) return bypass(session, exchange, settings, cache, head, passage);
  const use = useOf(asked, found, found.isMarkedStale);
  const isPart = (found.flags & flag.partial) !== 0;
  if (!isPart && (use === "fresh" || use === "stale")) {
    const line = hit(asked, found, found.isMarkedStale);
    if (serveAtOnce(asked, found, wordOf(use, false), line)) return undefined;
  }
  const stored = cache.mayCopy ? copyFor(asked, found, use, isPart) : undefined;
  if (stored === undefined) return notInMemory(asked);
  const taken = takeStored(asked, stored);
  if (taken.result === "fetch") {
    if (isKeptFromFetching(asked)) return tellMissing(session, exchange, settings, cache, head, passage);
    if (asked.isHead) return forwardHead(asked, taken.because);
    return new Asker(asked, taken.because, stored, false);
  }
  if (taken.mustRefresh) refresh(asked, stored);
  return serve(asked, stored, taken.told);
}

/** No more of the body than the answer takes, where it is an answer. */
function copyFor(asked: Asked, found: Found, use: Use, isPart: boolean): MemoryAnswer | undefined {
  const { head, request } = asked;
  // Validated meanwhile, it is stored anew: all of it.
  if (use === "revalidating") return MemoryAnswer.from(found);
  if (isPart || use === "validate")
    return asked.isHead ? MemoryAnswer.partOf(found, 0, 0) : MemoryAnswer.from(found);
  if (asked.isHead || decideConditional(head.method, request, found, found.lines()) === 304)
    return MemoryAnswer.partOf(found, 0, 0);
  const ranges = decideRanges(head.method, request, found, found.lines());
  const [only] = ranges ?? [];
  return ranges?.length === 1 && only !== undefined
    ? MemoryAnswer.partOf(found, only.first, only.last + 1)
    : MemoryAnswer.from(found);
}

function notInMemory(asked: Asked): Handler | undefined {
  const { session, exchange, settings, head, passage, cache, key } = asked;
  const mayBeOnDisk = cache.disk?.mayHave(key) === true;
  if (!mayBeOnDisk) {
    if (isKeptFromFetching(asked)) return tellMissing(session, exchange, settings, cache, head, passage);
    if (asked.isHead) return forwardHead(asked, "uri-miss");
  }
  return new Asker(asked, cache.memory.has(key) ? "vary-miss" : "uri-miss", undefined, false);
}

function bypass(
  session: ClientSide,
  exchange: Exchange,
  settings: Settings,
  cache: AnswerCache,
  head: RequestHead,
  passage: Passage,
): Handler | undefined {
  if (cache.isOffline || cacheRequestOf(head.fields).control.onlyIfCached)
    return tellMissing(session, exchange, settings, cache, head, passage);
  exchange.cache = "bypass";
  exchange.cacheLine = forwarded(settings, "bypass");
  const onlooker = { addedLines: exchange.cacheLine, onAnswer: () => undefined };
  return new Forward(session, exchange, settings, head, passage, onlooker);
}
