/** A cache in a list, for tests: the real rules, and nothing else than what they say. */
import { decideConditional, isForOrigin } from "../../src/cache/conditional.ts";
import { type StoredFacts, stored } from "../../src/cache/facts.ts";
import { firstValue } from "../../src/cache/field-lines.ts";
import { invalidatedBy } from "../../src/cache/invalidation.ts";
import { combineParts, completionLines, isComplete, parseContentRange } from "../../src/cache/partial.ts";
import { type ByteRange, decideRanges } from "../../src/cache/ranges.ts";
import { type CacheRequest, readCacheRequest } from "../../src/cache/request.ts";
import { decideStoring } from "../../src/cache/storing.ts";
import { ageMs, decideUse, freshMs, mayServeOnError } from "../../src/cache/using.ts";
import { freshenedLines, headConfirms, validatorLines } from "../../src/cache/validation.ts";
import { varyKeyOf } from "../../src/cache/vary.ts";
import {
  type Asking,
  type Fields,
  type Plan,
  type Telling,
  type Times,
  WHOLE_BYTES,
} from "./model/messages.ts";

export interface Entry {
  readonly uri: string;
  readonly facts: StoredFacts;
  readonly lines: string;
  readonly varyNames: string;
  readonly varyKey: string;
  readonly body: string;
  readonly isMarkedStale: boolean;
}

export class Driver {
  #entries: Entry[] = [];

  plan(asking: Asking, nowMs: number): Plan<Entry> {
    const { method, uri } = asking;
    const request = requestOf(asking);
    if ((method !== "GET" && method !== "HEAD") || isForOrigin(request)) return forward(undefined);
    const otherwise = (plan: Plan<Entry>) =>
      request.control.onlyIfCached ? { ...plan, does: "504" as const, text: "504" } : plan;

    const entry = this.#entries.findLast(
      (each) => each.uri === uri && varyKeyOf(each.varyNames, request.lines) === each.varyKey,
    );
    if (entry === undefined) return otherwise(forward(undefined));
    const use = decideUse(entry.facts, entry.isMarkedStale, request, nowMs);
    if (!isComplete(entry.facts)) {
      if (!covers(entry.facts, decideRanges(method, request, entry.facts, entry.lines))) {
        const missing = completionLines(entry.facts, entry.lines);
        if (method !== "GET" || request.range !== undefined || missing === undefined)
          return otherwise(forward(undefined));
        const [, bytes, validator] = /^Range: (.*)\r\nIf-Range: (.*)\r\n$/.exec(missing) ?? [];
        return otherwise({
          does: "complete",
          text: `complete ${entry.body}: ${bytes} ${validator}`,
          kept: entry,
        });
      }
      if (use === "validate") return otherwise(forward(undefined));
    }
    if (use !== "validate")
      return { does: "serve", text: `${use} ${served(entry, method, request, nowMs)}`, kept: entry };
    if (method === "HEAD") return otherwise(forward(entry));
    const validators = validatorLines(entry.lines)
      .replace(/^If-[^:]*: (.*)\r\n(?:If-[^:]*: (.*)\r\n)?$/, "$1 $2")
      .trim();
    return otherwise({ does: "validate", text: `validate ${entry.body}: ${validators}`, kept: entry });
  }

  learn(asking: Asking, plan: Plan<Entry>, telling: Telling | undefined, times: Times): string {
    const request = requestOf(asking);
    const { kept } = plan;
    const { responseMs } = times;
    const cause = telling === undefined ? "unreachable" : "error";
    const isFailure = telling === undefined || [500, 502, 503, 504].includes(telling.status);
    if (plan.does === "validate" && kept !== undefined && isFailure) {
      if (mayServeOnError(kept.facts, kept.isMarkedStale, request, cause, responseMs))
        return `on error ${served(kept, asking.method, request, responseMs)}`;
    }
    if (telling === undefined) return "502";
    const lines = linesOf(telling.fields);
    if (plan.does === "validate" && kept !== undefined && telling.status === 304) {
      const fresh = freshenedLines(kept.lines, lines);
      if (fresh === undefined) return "304 about another";
      const entry = this.#freshen(kept, request, fresh, times);
      if (entry === undefined) return `validated ${kept.body}, not stored`;
      return `validated ${served(entry, asking.method, request, responseMs)}`;
    }
    if (plan.does === "complete" && kept !== undefined && telling.status === 206) {
      const range = parseContentRange(lines);
      const whole = range && combineParts(kept, { lines, range });
      if (whole === undefined) return "206 about another";
      const bytes = {
        bodyBytes: whole.last - whole.first + 1,
        rangeFirst: whole.first,
        wholeBytes: whole.wholeBytes,
      };
      const body = `${kept.body}+${telling.body}`;
      const entry = this.#freshen(kept, request, whole.lines, times, { ...bytes, body });
      if (entry === undefined) return `completed ${body}, not stored`;
      return `completed ${served(entry, asking.method, request, responseMs)}`;
    }
    if (asking.method === "HEAD" && telling.status === 200 && kept !== undefined)
      this.#compare(kept, request, lines, times);
    for (const uri of invalidatedBy(asking.method, telling.status, asking.uri, lines)) {
      this.#entries = this.#entries.filter((entry) => entry.uri !== uri);
    }
    return this.#store(asking, request, telling, lines, times);
  }

  contents(nowMs: number): readonly string[] {
    return this.#entries.map((entry) => `${entry.uri} ${stateOf(entry, nowMs)}`).sort();
  }

  #store(asking: Asking, request: CacheRequest, telling: Telling, lines: string, times: Times): string {
    const { status, body } = telling;
    const storing = decideStoring(asking.method, request, { status, lines }, times, undefined, asking.uri);
    if (!storing.store) return `${status} ${body}, not stored`;
    const { varyNames } = storing;
    const varyKey = varyKeyOf(varyNames, request.lines);
    const isPart = (storing.facts.flags & stored.partial) !== 0;
    const facts = isPart
      ? storing.facts
      : { ...storing.facts, bodyBytes: WHOLE_BYTES, wholeBytes: WHOLE_BYTES };
    const entry = {
      uri: asking.uri,
      facts,
      lines: storing.lines,
      varyNames,
      varyKey,
      body,
      isMarkedStale: false,
    };
    this.#entries = this.#entries.filter((other) => !isNamesake(other, entry));
    this.#entries.push(entry);
    return `${status} ${body}, stored`;
  }

  /** The entry with other lines. undefined: with these it may not be stored, and it stays as it is. */
  #freshen(
    entry: Entry,
    request: CacheRequest,
    lines: string,
    times: Times,
    changed: Partial<StoredFacts> & { readonly body?: string } = {},
  ): Entry | undefined {
    const { status, bodyBytes, rangeFirst, wholeBytes } = { ...entry.facts, ...changed };
    const { body = entry.body } = changed;
    const whole = status === 206 && bodyBytes === wholeBytes ? 200 : status;
    const storing = decideStoring("GET", request, { status: whole, lines }, times, undefined);
    if (!storing.store) return undefined;
    const { varyNames } = storing;
    const varyKey = varyKeyOf(varyNames, request.lines);
    const facts = { ...storing.facts, bodyBytes, rangeFirst, wholeBytes };
    const next: Entry = {
      ...entry,
      facts,
      lines: storing.lines,
      varyNames,
      varyKey,
      body,
      isMarkedStale: false,
    };
    this.#replace(entry, next);
    return next;
  }

  #compare(entry: Entry, request: CacheRequest, lines: string, times: Times): void {
    const length = Number(firstValue(lines, "content-length") ?? -1);
    if (!headConfirms(entry.lines, entry.facts.wholeBytes, lines, length)) {
      this.#replace(entry, { ...entry, isMarkedStale: true });
      return;
    }
    const fresh = freshenedLines(entry.lines, lines);
    if (fresh !== undefined) this.#freshen(entry, request, fresh, times);
  }

  #replace(entry: Entry, next: Entry): void {
    this.#entries = this.#entries.map((each) => (each === entry ? next : each));
  }
}

function served(entry: Entry, method: string, request: CacheRequest, nowMs: number): string {
  const { facts, lines } = entry;
  const condition = decideConditional(method, request, facts, lines);
  const ranges = condition === undefined ? decideRanges(method, request, facts, lines) : undefined;
  const whole = facts.status === 206 && isComplete(facts) ? 200 : facts.status;
  const sent =
    ranges === undefined
      ? `${condition ?? whole}`
      : ranges.length === 0
        ? "416"
        : `206 ${positionsOf(ranges)}`;
  return `${sent} ${stateOf(entry, nowMs)}`;
}

function stateOf({ facts, body, isMarkedStale }: Entry, nowMs: number): string {
  return `${body} age=${ageMs(facts, nowMs)} fresh=${freshMs(facts, isMarkedStale, nowMs)}`;
}

function covers({ rangeFirst, bodyBytes }: StoredFacts, ranges: readonly ByteRange[] | undefined): boolean {
  return ranges?.every(({ first, last }) => first >= rangeFirst && last < rangeFirst + bodyBytes) === true;
}

/** One digit each, as there are ten bytes. */
function positionsOf(ranges: readonly ByteRange[]): string {
  const positions = ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, at) => first + at),
  );
  return positions.sort().join("");
}

/** What `put` of a store replaces. */
function isNamesake(one: Entry, other: Entry): boolean {
  return one.uri === other.uri && one.varyNames === other.varyNames && one.varyKey === other.varyKey;
}

function forward(kept: Entry | undefined): Plan<Entry> {
  return { does: "forward", text: "forward", kept };
}

function requestOf({ fields }: Asking): CacheRequest {
  return readCacheRequest(linesOf(fields));
}

function linesOf(fields: Fields): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}
