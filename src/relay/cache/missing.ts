/** What is not stored and may not be fetched: 504 (RFC 9111 §5.2.1.7), and in the list of what was missing. */
import type { RequestHead } from "../../http1/head.ts";
import type { Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Passage } from "../gate/passage.ts";
import type { ClientSide } from "../handler.ts";
import { plainReply } from "../message/reply.ts";
import { canPersist } from "../own-answer.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { Asked } from "./asked.ts";
import { unanswered } from "./told.ts";

export function isKeptFromFetching({ request, cache }: Asked): boolean {
  return request.control.onlyIfCached || cache.isOffline;
}

export function tellMissing(
  session: ClientSide,
  exchange: Exchange,
  settings: Settings,
  cache: AnswerCache,
  head: RequestHead,
  passage: Passage,
): undefined {
  const { isOffline } = cache;
  exchange.cache = "missing";
  if (isOffline) cache.missing.count(nameOf(head, passage));
  const why = isOffline ? "the cache is offline" : "the request wants nothing else (only-if-cached)";
  const text = `504 Gateway Timeout: nothing usable is stored for this, and ${why}.\n`;
  const fields = `Cache-Control: no-store\r\n${unanswered(settings, isOffline ? "offline" : "only-if-cached")}`;
  session.reply(plainReply(504, text, fields), head, canPersist(head));
}

function nameOf({ method }: RequestHead, { kind, asked, authority, path }: Passage): string {
  if (kind === "tunnel") return asked.authority;
  const url = `http://${authority}${path}`;
  return method === "GET" || method === "HEAD" ? url : `${method} ${url}`;
}
