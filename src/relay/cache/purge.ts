/** PURGE: what is stored for the URL is forgotten, in both stores and for all workers, and then its client is told. */
import type { RequestHead } from "../../http1/head.ts";
import { cidrContains } from "../../policy/address.ts";
import type { Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Passage } from "../gate/passage.ts";
import type { ClientSide, Handler } from "../handler.ts";
import { plainReply } from "../message/reply.ts";
import { canPersist } from "../own-answer.ts";
import type { AnswerCache } from "./answer-cache.ts";

/** Milliseconds that the main thread may take. */
const PATIENCE_MS = 10_000;

export function purge(
  session: ClientSide,
  exchange: Exchange,
  settings: Settings,
  cache: AnswerCache,
  head: RequestHead,
  passage: Passage,
): Handler | undefined {
  exchange.kind = "own";
  const { address } = session.client;
  if (settings.caching?.purgers.some((range) => cidrContains(range, address)) !== true) {
    const detail = "This client may not purge (cache.purge)";
    session.fail({ word: "http_request_denied", detail }, head, canPersist(head));
    return undefined;
  }
  return new Purging(session, cache, head, storedUrl(settings, passage));
}

/** Where a GET of the same would be stored: where rules of the gate lead it, without what those of the cache leave out. */
function storedUrl({ caching }: Settings, { asked, authority, path }: Passage): string {
  const keyPath = caching?.rules?.forRequest(asked.host, path)?.keyPath ?? path;
  return `http://${authority}${keyPath}`;
}

class Purging implements Handler {
  readonly wantsBody = false;
  readonly isFull = false;
  readonly #session: ClientSide;
  readonly #cache: AnswerCache;
  readonly #head: RequestHead;
  readonly #url: string;
  readonly #persists: boolean;
  #isOver = false;

  constructor(session: ClientSide, cache: AnswerCache, head: RequestHead, url: string) {
    this.#session = session;
    this.#cache = cache;
    this.#head = head;
    this.#url = url;
    this.#persists = canPersist(head);
  }

  start(): void {
    this.#session.deadlineAt = this.#session.context.now + PATIENCE_MS;
    void this.#cache.purge(this.#url).then((count) => this.#purged(count));
  }

  takeBody(_bytes: Buffer, at: number): number {
    return at;
  }

  onClientDrain(): void {}

  onClientEnd(): void {}

  abandon(): void {
    this.#isOver = true;
  }

  onDeadline(): void {
    const failure = { word: "proxy_internal_error", detail: "The purge took too long" } as const;
    this.#session.fail(failure, this.#head, false);
  }

  /** 404 where there was nothing, as other caches say it. */
  #purged(count: number): void {
    if (this.#isOver) return;
    const [status, text] = count > 0 ? [200, `Purged ${count}.\n`] : [404, "Nothing is stored for this.\n"];
    this.#session.reply(plainReply(status, text), this.#head, this.#persists);
  }
}
