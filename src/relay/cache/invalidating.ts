/**
 * Looks on while a request that may change things is answered: what it makes
 * invalid is forgotten (RFC 9111 §4.4). The answer to a POST may itself be stored,
 * for GET, when it says that it is what GET would get (RFC 9110 §9.3.3).
 */
import { stored as flag } from "../../cache/facts.ts";
import { invalidatedBy } from "../../cache/invalidation.ts";
import type { RequestRules } from "../../cache/rules.ts";
import { decideStoring, type Storing } from "../../cache/storing.ts";
import type { RequestHead, ResponseHead } from "../../http1/head.ts";
import { cells } from "../../observe/cells.ts";
import { epochNow, type RelayContext, type Settings } from "../context.ts";
import type { Onlooker } from "../forward.ts";
import type { Passage } from "../gate/passage.ts";
import type { BodyWatch } from "../message/body-pipe.ts";
import type { AnswerCache } from "./answer-cache.ts";
import { cacheRequestOf, keyOf } from "./asked.ts";

export class Invalidating implements Onlooker, BodyWatch {
  readonly addedLines: string;
  readonly #context: RelayContext;
  readonly #settings: Settings;
  readonly #cache: AnswerCache;
  readonly #head: RequestHead;
  readonly #passage: Passage;
  readonly #requestMs: number;
  #storing: Storing | undefined;
  #reason = "";
  #since = 0;
  #bytes = 0;
  readonly #body: Buffer[] = [];

  constructor(
    context: RelayContext,
    settings: Settings,
    cache: AnswerCache,
    head: RequestHead,
    passage: Passage,
    addedLines: string,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#cache = cache;
    this.#head = head;
    this.#passage = passage;
    this.#requestMs = epochNow(context);
    this.addedLines = addedLines;
  }

  onAnswer({ status, fields, reason }: ResponseHead): BodyWatch | undefined {
    const { method, fields: asked } = this.#head;
    for (const uri of invalidatedBy(method, status, this.#targetUri, fields.forwarded)) {
      this.#context.counters.add(cells.cacheInvalidated, this.#cache.invalidate(this.#keyOf(uri)));
    }
    // What is watched for its size is not seen here as well.
    if (method !== "POST" || this.#passage.answerWatch !== undefined) return undefined;
    const times = { requestMs: this.#requestMs, responseMs: epochNow(this.#context) };
    const answer = { status, lines: fields.forwarded };
    const { effects } = this.#passage;
    // What a rule adds to the request may have made the answer another.
    if (effects?.request !== undefined && effects.request.length > 0) return undefined;
    if (this.#rulesFor(this.#passage.path) !== undefined) return undefined;
    this.#storing = decideStoring(method, cacheRequestOf(asked), answer, times, undefined, this.#targetUri);
    this.#reason = reason;
    this.#since = this.#cache.memory.sequence(this.#keyOf(this.#targetUri));
    return this.#storing.store ? this : undefined;
  }

  sees(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes += to - from;
    if (this.#bytes > this.#cache.memory.objectBytesMax) this.#storing = undefined;
    else this.#body.push(Buffer.from(bytes.subarray(from, to)));
    return true;
  }

  onEnded(): void {
    const storing = this.#storing;
    if (storing?.store !== true || (storing.facts.flags & (flag.partial | flag.varies)) !== 0) return;
    const { facts, lines, tags } = storing;
    const { memory } = this.#cache;
    const entry = {
      key: this.#keyOf(this.#targetUri),
      varyNames: "",
      varyKey: "",
      tags,
      reason: this.#reason,
      lines,
    };
    const sized = { ...facts, bodyBytes: this.#bytes, wholeBytes: this.#bytes };
    memory.put(
      { ...entry, facts: sized, peer: this.#passage.exchange.upstream ?? "", body: this.#body },
      this.#since,
    );
  }

  get #targetUri(): string {
    return `http://${this.#passage.authority}${this.#passage.path}`;
  }

  /** Of the target's origin, spelled as that is. */
  #keyOf(uri: string): string {
    const path = uri.slice(`http://${this.#passage.authority}`.length);
    return keyOf(this.#passage, this.#rulesFor(path)?.keyPath ?? path);
  }

  #rulesFor(path: string): RequestRules | undefined {
    return this.#settings.caching?.rules?.forRequest(this.#passage.asked.host, path);
  }
}
