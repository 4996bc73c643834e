/**
 * A list behind an http(s) URL. It is asked for with what its server said of the
 * last good one (RFC 9110 §13.1), so that an unchanged list costs one small
 * answer. A few redirects, never from https to http; a deadline on silence and
 * one on the whole; no proxy, since this may be the only one there is.
 */
import { takeIn } from "./intake.ts";
import { type Delivery, type ListSource, reasonOf } from "./source.ts";

export interface Patience {
  /** Without a byte. */
  readonly silenceMs: number;
  /** From the question to the last byte. */
  readonly wholeMs: number;
}

export const PATIENCE: Patience = { silenceMs: 15_000, wholeMs: 120_000 };

const REDIRECTS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

type Answer =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly problem: string };

export class UrlSource implements ListSource {
  readonly shown: string;
  readonly #url: string;
  readonly #patience: Patience;
  /** The condition of the next question. */
  #condition: Readonly<Record<string, string>> = {};
  /** Of the last good content. */
  #hadEntries = false;

  constructor(url: string, patience: Patience = PATIENCE) {
    this.#url = url;
    this.shown = withoutSecrets(url);
    this.#patience = patience;
  }

  async deliver(signal: AbortSignal): Promise<Delivery> {
    const watch = new SilenceWatch(this.#patience, signal);
    try {
      return await this.#ask(watch);
    } catch (error) {
      return this.#fail(watch.signal.aborted ? String(watch.signal.reason) : reasonOf(error));
    } finally {
      watch.close();
    }
  }

  async #ask(watch: SilenceWatch): Promise<Delivery> {
    const answer = await this.#follow(watch);
    if (!answer.ok) return this.#fail(answer.problem);
    const { response } = answer;
    const isConditional = Object.keys(this.#condition).length > 0;
    if (response.status !== 200) {
      await response.body?.cancel();
      if (response.status === 304 && isConditional) return { result: "unchanged" };
      return this.#fail(`its server answered ${response.status}`);
    }

    const list = await takeIn(watch.over(response.body ?? new Blob([]).stream()), this.#hadEntries);
    if (!list.ok) return this.#fail(list.problem);
    this.#condition = conditionOf(response.headers);
    this.#hadEntries = list.holds === "entries";
    return { result: "loaded", list };
  }

  /** Follows redirects by itself: what `fetch` follows may lead anywhere. */
  async #follow(watch: SilenceWatch): Promise<Answer> {
    let url: URL | null = URL.parse(this.#url);
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      if (url === null || !/^https?:$/.test(url.protocol)) return refuse("it leads to no http(s) URL");
      const response = await fetch(url.href, {
        headers: this.#condition,
        redirect: "manual",
        proxy: false,
        keepalive: false,
        signal: watch.signal,
      });
      watch.heard();
      if (!REDIRECTS.has(response.status)) return { ok: true, response };

      await response.body?.cancel();
      const location = response.headers.get("location");
      const next = location === null ? null : URL.parse(location, url.href);
      if (url.protocol === "https:" && next?.protocol === "http:") {
        return refuse("it is redirected from https to http");
      }
      url = next;
    }
    return refuse(`it is redirected more than ${REDIRECTS_MAX} times`);
  }

  #fail(why: string): Delivery {
    return { result: "failed", problem: `Cannot fetch ${this.shown}: ${why}` };
  }
}

/** Ends a question when its server is silent, or slow on the whole. */
class SilenceWatch {
  readonly signal: AbortSignal;
  readonly #silence: NodeJS.Timeout;
  readonly #whole: NodeJS.Timeout;

  constructor({ silenceMs, wholeMs }: Patience, outer: AbortSignal) {
    const controller = new AbortController();
    const giveUp = (why: string) => controller.abort(why);
    this.#silence = setTimeout(giveUp, silenceMs, `its server was silent for ${silenceMs / 1000} s`);
    this.#whole = setTimeout(giveUp, wholeMs, `it took longer than ${wholeMs / 1000} s`);
    this.signal = AbortSignal.any([controller.signal, outer]);
  }

  heard(): void {
    this.#silence.refresh();
  }

  async *over(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.heard();
      yield piece;
    }
    this.signal.throwIfAborted();
  }

  close(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#whole);
  }
}

function conditionOf(headers: Headers): Record<string, string> {
  const etag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    ...(etag === null ? {} : { "if-none-match": etag }),
    ...(modified === null ? {} : { "if-modified-since": modified }),
  };
}

/** Passwords stand before the host, keys in the query. */
function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  if (url === null) return "a URL that can't be read";
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

function refuse(problem: string): Answer {
  return { ok: false, problem };
}
