/** One client's request for what a cache may have, past the gate, and all that there is to know of it. */
import type { CacheRequest } from "../../cache/request.ts";
import { readCacheRequest } from "../../cache/request.ts";
import type { CacheRule, RequestRules } from "../../cache/rules.ts";
import type { Fields } from "../../http1/fields.ts";
import type { RequestHead } from "../../http1/head.ts";
import { persists } from "../../http1/persistence.ts";
import { epochNow, type RelayContext, type Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Passage } from "../gate/passage.ts";
import type { ClientSide } from "../handler.ts";
import type { AnswerCache } from "./answer-cache.ts";

export class Asked {
  readonly session: ClientSide;
  readonly exchange: Exchange;
  readonly settings: Settings;
  readonly cache: AnswerCache;
  readonly head: RequestHead;
  readonly passage: Passage;
  readonly request: CacheRequest;
  /** What it is stored by. */
  readonly key: string;
  /** Of the config, as far as host and path decide. */
  readonly rules: RequestRules | undefined;
  /** Limits on bytes have been charged for it. */
  isCharged = false;

  constructor(
    session: ClientSide,
    exchange: Exchange,
    settings: Settings,
    cache: AnswerCache,
    head: RequestHead,
    passage: Passage,
  ) {
    this.session = session;
    this.exchange = exchange;
    this.settings = settings;
    this.cache = cache;
    this.head = head;
    this.passage = passage;
    this.request = cacheRequestOf(head.fields);
    this.rules = settings.caching?.rules?.forRequest(passage.asked.host, passage.path);
    this.key = keyOf(passage, this.rules?.keyPath ?? passage.path);
  }

  get context(): RelayContext {
    return this.session.context;
  }

  get nowMs(): number {
    return epochNow(this.context);
  }

  /** As the upstream sees it: what a rule adds may make the answer one client's own. */
  get requestSent(): CacheRequest {
    const changes = this.passage.effects?.request;
    if (changes === undefined || changes.length === 0) return this.request;
    const sets = (wanted: string): boolean =>
      changes.some(({ set, add }) => [...set, ...add].some(({ name }) => name.toLowerCase() === wanted));
    const { hasAuthorization, hasCookie } = this.request;
    return {
      ...this.request,
      hasAuthorization: hasAuthorization || sets("authorization"),
      hasCookie: hasCookie || sets("cookie"),
    };
  }

  get targetUri(): string {
    return `http://${this.passage.authority}${this.passage.path}`;
  }

  get isHead(): boolean {
    return this.head.method === "HEAD";
  }

  /** The client may ask again after the answer. */
  get persists(): boolean {
    return persists(this.head.minor, this.head.fields) && !this.context.isDraining;
  }

  ruleFor(contentType: string | undefined): CacheRule | undefined {
    return this.rules?.forType(contentType);
  }
}

/** Made once for the fields of a connection that repeats them. */
export function cacheRequestOf(fields: Fields): CacheRequest {
  const known = fields.derived;
  if (known !== undefined) return known as CacheRequest;
  const request = readCacheRequest(fields.forwarded);
  fields.derived = request;
  return request;
}

/**
 * Host and path with its query. What a route leads to is kept apart from what is
 * forwarded under the same name, and so is what a rule's fields may have made another.
 */
export function keyOf(passage: Passage, path: string): string {
  const { authority, upstream, effects } = passage;
  const name = `${authority}${path}`;
  const changes = effects?.request;
  if (changes !== undefined && changes.length > 0) {
    return `${Bun.hash.xxHash32(JSON.stringify(changes)).toString(36)}@${upstream ?? ""} ${name}`;
  }
  return upstream === undefined ? name : `@${upstream} ${name}`;
}
