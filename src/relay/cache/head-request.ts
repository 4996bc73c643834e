/** HEAD, when nothing stored can answer it: what the upstream says of the answer to GET holds for the stored one too (RFC 9111 §4.3.5). */
import { firstValue } from "../../cache/field-lines.ts";
import { decideStoring } from "../../cache/storing.ts";
import { freshenedLines, headConfirms } from "../../cache/validation.ts";
import type { ResponseHead } from "../../http1/head.ts";
import { Forward, type Onlooker } from "../forward.ts";
import type { Asked } from "./asked.ts";
import { neutral } from "./ruling.ts";
import { type Because, forwarded } from "./told.ts";

export function forwardHead(asked: Asked, because: Because): Forward {
  const { session, exchange, settings, head, passage } = asked;
  exchange.cache = "miss";
  const onlooker = new HeadOnlooker(asked, because);
  exchange.cacheLine = onlooker.addedLines;
  return new Forward(session, exchange, settings, head, passage, onlooker);
}

class HeadOnlooker implements Onlooker {
  readonly addedLines: string;
  readonly #asked: Asked;
  readonly #requestMs: number;

  constructor(asked: Asked, because: Because) {
    this.#asked = asked;
    this.#requestMs = asked.nowMs;
    this.addedLines = forwarded(asked.settings, because);
  }

  onAnswer(head: ResponseHead): undefined {
    // An error of the server is not about the answer to GET, and 304 says nothing of it.
    if (head.status !== 304 && head.status < 500) this.#compare(head);
  }

  #compare({ status, fields }: ResponseHead): void {
    const { cache, key, request, nowMs } = this.#asked;
    const stored = cache.copyOf(key, request);
    if (stored === undefined) return;
    const { lines, facts } = stored;
    const isSame =
      status === facts.status &&
      headConfirms(lines, facts.wholeBytes, fields.forwarded, fields.contentLength);
    const fresh = isSame ? freshenedLines(lines, fields.forwarded) : undefined;
    if (fresh === undefined) return void cache.markStale(key);
    const times = { requestMs: this.#requestMs, responseMs: nowMs };
    const rule = this.#asked.ruleFor(firstValue(fresh, "content-type"));
    const storing = decideStoring("GET", request, { status, lines: fresh }, times, rule);
    if (!storing.store) {
      const isAnswers = !decideStoring("GET", neutral(request), { status, lines: fresh }, times, rule).store;
      return isAnswers ? void cache.invalidate(key) : undefined;
    }
    const answer = stored.with(storing.facts, storing.lines);
    cache.refresh(key, stored, answer, stored, cache.since(key));
  }
}
