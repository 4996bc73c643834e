/**
 * A shared cache as RFC 9111 tells it, slow and plain: it keeps every message that
 * it was given, whole, and works everything out from their fields each time it is
 * asked. Where the RFC leaves a choice, the comment says which one is ours.
 *
 * Nothing of the real rules is used here.
 */
import {
  contentLocation,
  contentRange,
  directives,
  first,
  has,
  location,
  range,
  strongValidator,
  value,
} from "./model/fields.ts";
import {
  fieldsOf,
  isAbout,
  type KeptModel,
  mayBeStored,
  updated,
  validators,
  withDate,
  withoutWithheld,
} from "./model/kept.ts";
import { type Asking, type Plan, type Telling, type Times, WHOLE_BYTES } from "./model/messages.ts";
import { isSelectedBy, languageOf, varyOf } from "./model/selecting.ts";
import { isServedOnError, servedText, stateText, useOf, wantedBytes } from "./model/serving.ts";

export class Model {
  #kept: KeptModel[] = [];

  plan(asking: Asking, nowMs: number): Plan<KeptModel> {
    const { method, fields } = asking;
    if (method !== "GET" && method !== "HEAD") return forward(undefined);
    // RFC 9111 §4.3.2: not applicable to a cache, so they are the origin's to judge.
    if (has(fields, "if-match") || has(fields, "if-unmodified-since")) return forward(undefined);
    const onlyIfCached = directives(value(fields, "cache-control")).has("only-if-cached");
    const otherwise = (plan: Plan<KeptModel>) =>
      onlyIfCached ? { ...plan, does: "504" as const, text: "504" } : plan;

    const kept = this.#kept.findLast((each) => each.uri === asking.uri && isSelectedBy(each, asking));
    if (kept === undefined) return otherwise(forward(undefined));
    if (kept.bytes.size < WHOLE_BYTES) {
      const wanted = wantedBytes(kept, asking);
      const isCovered = wanted !== undefined && [...wanted].every((at) => kept.bytes.has(at));
      if (!isCovered) return otherwise(completion(kept, asking));
      // Ours: a part that is stale is not validated, what is asked for is fetched.
      if (useOf(kept, asking, nowMs) === "validate") return otherwise(forward(undefined));
    }
    const use = useOf(kept, asking, nowMs);
    if (use !== "validate") return { does: "serve", text: `${use} ${servedText(kept, asking, nowMs)}`, kept };
    if (method === "HEAD") return otherwise(forward(kept));
    return otherwise({ does: "validate", text: `validate ${kept.body}: ${validators(kept)}`, kept });
  }

  /** undefined: the origin could not be reached. Says what the client gets, and what was stored. */
  learn(asking: Asking, plan: Plan<KeptModel>, telling: Telling | undefined, times: Times): string {
    const { kept } = plan;
    const mayBeStale = (cause: "unreachable" | "error") =>
      plan.does === "validate" &&
      kept !== undefined &&
      isServedOnError(kept, asking, cause, times.responseMs);
    if (telling === undefined) {
      return mayBeStale("unreachable") ? `on error ${servedText(kept!, asking, times.responseMs)}` : "502";
    }
    if (plan.does === "validate" && kept !== undefined) {
      if (telling.status === 304) return this.#validated(asking, kept, telling, times);
      if ([500, 502, 503, 504].includes(telling.status) && mayBeStale("error")) {
        return `on error ${servedText(kept, asking, times.responseMs)}`;
      }
    }
    if (plan.does === "complete" && kept !== undefined && telling.status === 206) {
      return this.#completed(asking, kept, telling, times);
    }
    if (asking.method === "HEAD" && telling.status === 200 && kept !== undefined)
      this.#compared(asking, kept, telling, times);
    this.#invalidate(asking, telling);
    return this.#store(asking, telling, times);
  }

  /** Each stored answer: its bytes, its age, how long it is fresh. */
  contents(nowMs: number): readonly string[] {
    return this.#kept.map((kept) => `${kept.uri} ${stateText(kept, nowMs)}`).sort();
  }

  #store(asking: Asking, telling: Telling, times: Times): string {
    const base = { ...telling, fields: withoutWithheld(withDate(telling.fields, times)) };
    const kept: KeptModel = {
      uri: asking.uri,
      base,
      history: [{ asking, fields: telling.fields, times }],
      bytes: telling.status === 206 ? contentRange(telling.fields) : new Set(range(0, WHOLE_BYTES - 1)),
      body: telling.body,
      isOutdated: false,
    };
    if (!mayBeStored(asking, kept)) return `${telling.status} ${telling.body}, not stored`;
    // Ours: the new one takes the place of what the same request would have selected by the same Vary.
    const isReplaced = (other: KeptModel) =>
      other.uri === kept.uri &&
      varyOf(other) === varyOf(kept) &&
      languageOf(other) === languageOf(kept) &&
      isSelectedBy(other, asking);
    this.#kept = this.#kept.filter((other) => !isReplaced(other));
    this.#kept.push(kept);
    return `${telling.status} ${telling.body}, stored`;
  }

  /** §4.3.3, §4.3.4. */
  #validated(asking: Asking, kept: KeptModel, telling: Telling, times: Times): string {
    if (!isAbout(kept, telling)) return "304 about another";
    const fresh = updated(kept, asking, telling, times);
    // Ours: what may no longer be stored is given once more, and what was stored stays as it was.
    if (!mayBeStored(asking, fresh)) return `validated ${kept.body}, not stored`;
    this.#replace(kept, fresh);
    return `validated ${servedText(fresh, asking, times.responseMs)}`;
  }

  /** §3.4: what has come and what was there, when both are of the same strong validator. */
  #completed(asking: Asking, kept: KeptModel, telling: Telling, times: Times): string {
    const came = contentRange(telling.fields);
    const isSame = strongValidator(fieldsOf(kept)) === strongValidator(telling.fields);
    const bytes = new Set([...kept.bytes, ...came]);
    const isAdjacent = bytes.size === Math.max(...bytes) - Math.min(...bytes) + 1;
    if (!isSame || !isAdjacent || came.size === 0) return "206 about another";
    const body = `${kept.body}+${telling.body}`;
    const whole: KeptModel = { ...updated(kept, asking, telling, times), bytes, body };
    if (!mayBeStored(asking, whole)) return `completed ${body}, not stored`;
    this.#replace(kept, whole);
    return `completed ${servedText(whole, asking, times.responseMs)}`;
  }

  /** §4.3.5. */
  #compared(asking: Asking, kept: KeptModel, telling: Telling, times: Times): void {
    const length = first(telling.fields, "content-length");
    const isSame =
      ["etag", "last-modified"].every(
        (name) => !has(telling.fields, name) || first(telling.fields, name) === first(fieldsOf(kept), name),
      ) &&
      (length === undefined || Number(length) === WHOLE_BYTES);
    const fresh = isSame ? updated(kept, asking, telling, times) : { ...kept, isOutdated: true };
    if (!isSame || mayBeStored(asking, fresh)) this.#replace(kept, fresh);
  }

  #replace(kept: KeptModel, next: KeptModel): void {
    this.#kept = this.#kept.map((each) => (each === kept ? next : each));
  }

  /** §4.4. */
  #invalidate(asking: Asking, { status, fields }: Telling): void {
    if (["GET", "HEAD", "OPTIONS"].includes(asking.method) || status < 200 || status >= 400) return;
    const gone = [asking.uri, location(asking, fields), contentLocation(asking, fields)];
    this.#kept = this.#kept.filter((kept) => !gone.includes(kept.uri));
  }
}

/** §3.3: the beginning that is stored, and what is missing of it. */
function completion(kept: KeptModel, { method, fields }: Asking): Plan<KeptModel> {
  const validator = strongValidator(fieldsOf(kept));
  if (method !== "GET" || has(fields, "range") || validator === undefined || !kept.bytes.has(0))
    return forward(undefined);
  return { does: "complete", text: `complete ${kept.body}: bytes=${kept.bytes.size}- ${validator}`, kept };
}

function forward(kept: KeptModel | undefined): Plan<KeptModel> {
  return { does: "forward", text: "forward", kept };
}
