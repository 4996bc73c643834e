/**
 * All that upstreams said of a path, as the strict reader has it: which bytes at
 * which place of which body, and to whom they may go. Parts that a cache may put
 * together (RFC 9111 §3.4) are put together here by the letter.
 */
import { type Head, type Reading, readResponse, valuesOf } from "./strict-reader.ts";

/** A request that an upstream heard, and what it said to it. */
export interface Sending {
  readonly path: string;
  readonly head: Head;
  /** The step. */
  askedAt: number;
  said: string;
  isDamaged: boolean;
  ended: "open" | "ends" | "resets";
}

/** `text` lies at `first` of a body. */
export interface Content {
  readonly status: string;
  readonly head: Head;
  readonly first: number;
  readonly text: string;
  /** -1 where nobody said it. */
  readonly wholeBytes: number;
  /** Nothing is missing of what was said to come. */
  readonly isWhole: boolean;
  /** Those that it is made of. */
  readonly from: readonly Sending[];
  /** Of what each of those said. */
  readonly heads: readonly Head[];
}

const ROUNDS_OF_JOINING = 3;

export class Evidence {
  readonly contents: readonly Content[];

  constructor(sendings: readonly Sending[]) {
    const heard = sendings.map(contentOf).filter((content) => content !== undefined);
    this.contents = [...heard, ...joined(heard)];
  }

  /** Of these the path, and which this one may have. */
  of(path: string, isMeant: (sending: Sending) => boolean): Content[] {
    return this.contents.filter(({ from }) =>
      from.every((sending) => sending.path === path && isMeant(sending)),
    );
  }
}

/** Nobody but who asked may have it. */
export function isOwn({ from, head, heads }: Content): boolean {
  const directives = directivesOf(head);
  // What was said for caches alone stays in force until it is said anew (RFC 9111 §3.2, RFC 9213).
  if (heads.some((each) => valuesOf(each, "cdn-cache-control").length > 0)) return false;
  if (directives.includes("no-store") || directives.includes("private")) return true;
  const isForAll = directives.some((each) => /^(public|must-revalidate|s-maxage=\d+)$/.test(each));
  return from.every(
    ({ head: asked }) =>
      directivesOf(asked).includes("no-store") || (valuesOf(asked, "authorization").length > 0 && !isForAll),
  );
}

/** The last that was said to it; undefined while there is no head. */
export function lastReadingOf(said: string, method: string): Reading {
  let at = 0;
  for (;;) {
    const reading = readResponse(said, at, method);
    if (
      reading.state !== "whole" ||
      !reading.head.first[1].startsWith("1") ||
      reading.head.first[1] === "101"
    )
      return reading;
    at = reading.end;
  }
}

/** Where the bytes lie; undefined: it does not say. */
export function placeOf(head: Head): { first: number; last: number; wholeBytes: number } | undefined {
  const [, first, last, whole] =
    /^bytes (\d+)-(\d+)\/(\*|\d+)$/i.exec(valuesOf(head, "content-range").join()) ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { first: Number(first), last: Number(last), wholeBytes: whole === "*" ? -1 : Number(whole) };
}

function contentOf(sending: Sending): Content | undefined {
  const reading = readablePart(sending.said, sending.head.first[0]);
  if (reading.state === "malformed" || reading.head === undefined) return undefined;
  const { head, body } = reading;
  const [, status] = head.first;
  const isWhole = reading.state === "whole" || (reading.framing === "close" && sending.ended === "ends");
  const place = status === "206" ? placeOf(head) : undefined;
  const length = reading.framing === "length" ? Number(valuesOf(head, "content-length")[0]) : -1;
  const wholeBytes = place?.wholeBytes ?? (isWhole ? body.length : length);
  return {
    status,
    head,
    first: place?.first ?? 0,
    text: body,
    wholeBytes,
    isWhole,
    from: [sending],
    heads: [head],
  };
}

/** What can't be read was found out when that came: what came before was an answer so far. */
function readablePart(said: string, method: string): Reading {
  const reading = lastReadingOf(said, method);
  if (reading.state !== "malformed" || reading.head === undefined) return reading;
  let [readable, unreadable] = [0, said.length];
  while (unreadable - readable > 1) {
    const middle = (readable + unreadable) >>> 1;
    if (lastReadingOf(said.slice(0, middle), method).state === "malformed") unreadable = middle;
    else readable = middle;
  }
  return lastReadingOf(said.slice(0, readable), method);
}

/** A beginning, and what follows it by the same strong validator. */
function joined(heard: readonly Content[]): Content[] {
  const found: Content[] = [];
  const seen = new Set<string>();
  for (let round = 0; round < ROUNDS_OF_JOINING; round++) {
    for (const beginning of [...heard, ...found]) {
      for (const end of heard) {
        const whole = join(beginning, end);
        const name =
          whole &&
          [whole.text, whole.isWhole, ...whole.from.map((sending) => heardAt(heard, sending))].join("|");
        if (whole === undefined || name === undefined || seen.has(name)) continue;
        seen.add(name);
        found.push(whole);
      }
    }
  }
  return found;
}

function heardAt(heard: readonly Content[], sending: Sending): number {
  return heard.findIndex(({ from }) => from[0] === sending);
}

function join(beginning: Content, end: Content): Content | undefined {
  if (beginning.first !== 0 || (beginning.status !== "200" && beginning.status !== "206")) return undefined;
  if (end.status !== "206" || end.first === 0 || end.first > beginning.text.length) return undefined;
  const place = placeOf(end.head);
  const wholeBytes = Math.max(beginning.wholeBytes, end.wholeBytes);
  if (place === undefined || place.last + 1 !== wholeBytes) return undefined;
  if ([beginning, end].some((each) => each.wholeBytes >= 0 && each.wholeBytes !== wholeBytes))
    return undefined;
  const validator = strongOf(beginning.head);
  if (validator === undefined || validator !== strongOf(end.head)) return undefined;
  const text = beginning.text.slice(0, end.first) + end.text;
  const isWhole = end.isWhole && text.length === wholeBytes;
  const from = [...beginning.from, ...end.from];
  const heads = [...beginning.heads, ...end.heads];
  return { status: "200", head: end.head, first: 0, text, wholeBytes, isWhole, from, heads };
}

function strongOf(head: Head): string | undefined {
  const [etag] = valuesOf(head, "etag");
  if (etag !== undefined && !etag.startsWith("W/")) return etag;
  return valuesOf(head, "last-modified")[0];
}

function directivesOf(head: Head): string[] {
  return valuesOf(head, "cache-control").flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
}
