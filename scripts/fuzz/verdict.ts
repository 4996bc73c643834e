/**
 * Whether what each client heard is right, after the story: whole messages, each
 * an answer to one of its own requests, in order; bodies that an upstream said of
 * that path, to somebody who asked alike, after the last purge; and what was for one alone went to one alone.
 */
import { type Content, Evidence, isOwn, placeOf } from "./evidence.ts";
import type { Asked, Stage, StoryClient } from "./stage.ts";
import { type Head, type Reading, readRequest, readResponse, valuesOf } from "./strict-reader.ts";

type Whole = Extract<Reading, { state: "whole" }>;

export class Verdict {
  readonly #stage: Stage;
  readonly #evidence: Evidence;
  /** How often each body was given, by text. */
  readonly #given = new Map<string, number>();
  /** Statuses, for the tally. */
  readonly statuses: string[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#evidence = new Evidence(stage.sendings);
  }

  problem(): string | undefined {
    for (const [number, client] of this.#stage.clients.entries()) {
      const problem = this.#problemOf(client);
      if (problem !== undefined) return `client ${number}: ${problem}`;
    }
    return this.#problemOfOwn();
  }

  #problemOf(client: StoryClient): string | undefined {
    const { received } = client.link;
    let at = 0;
    for (const asked of client.asked) {
      const { reading, end } = this.#readAnswer(received, at, asked.method);
      const what = `${asked.method} ${asked.path}`;
      if (reading.state === "malformed") return `the answer to ${what} can't be read: ${reading.why}`;
      if (reading.state === "partial") return this.#problemOfHalf(client, asked, reading, at);
      const problem = this.#problemOfWhole(asked, reading);
      if (problem !== undefined) return `${what}: ${problem}`;
      at = end;
    }
    return at < received.length
      ? `heard more than it asked for: ${JSON.stringify(received.slice(at, at + 80))}`
      : undefined;
  }

  #readAnswer(text: string, from: number, method: string): { reading: Reading; end: number } {
    for (let at = from; ; ) {
      const reading = readResponse(text, at, method);
      if (reading.state !== "whole") return { reading, end: at };
      if (!reading.head.first[1].startsWith("1")) return { reading, end: reading.end };
      at = reading.end;
    }
  }

  /** An answer that has not come to its end: is that told to the client? */
  #problemOfHalf(client: StoryClient, asked: Asked, reading: Reading, at: number): string | undefined {
    const { link } = client;
    const what = `the answer to ${asked.method} ${asked.path}`;
    const fate = this.#stage.fateOf(client);
    const isOver = link.isClosed || fate !== undefined;
    if (!isOver && this.#stage.story.isPatient) return `${what} never comes, and the connection stays open`;
    if (reading.state !== "partial" || reading.head === undefined) {
      const isEmpty = link.received.length === at;
      return isEmpty || fate !== "ended" || client.isGone
        ? undefined
        : `${what} ends within its head, and not by a cut`;
    }
    if (reading.framing === "close" && fate === "ended")
      return this.#problemOfWhole(asked, {
        ...reading,
        state: "whole",
        framing: "close",
        head: reading.head,
        trailers: [],
        end: 0,
      });
    if (fate === "ended" && !client.isGone) return `${what} is short, and the connection ended in order`;
    const known = this.#contentsFor(asked);
    if (isOurs(reading.head) || reading.head.first[1] === "206") return undefined;
    return known.some(({ text }) => text.startsWith(reading.body))
      ? undefined
      : `${what} begins with bytes that never came: ${shown(reading.body)}`;
  }

  #problemOfWhole(asked: Asked, { head, body, framing }: Whole): string | undefined {
    const [, status] = head.first;
    this.statuses.push(`${status} ${wordOf(head)}`);
    if (isOurs(head) || isAnswerOfOurs(asked, head)) return undefined;
    const request = readHead(asked);
    if (asked.method === "PURGE") return `answered with ${status}`;
    const control = valuesOf(request, "cache-control");
    const isHit = valuesOf(head, "cache-status").some((value) => /^headgate; hit/.test(value));
    if (isHit && !this.#stage.wasOffline && control.includes("no-cache"))
      return "a stored answer, where one was to be validated";
    if (isHit && valuesOf(head, "age").length !== 1)
      return `a stored answer with ${valuesOf(head, "age").length} Ages`;
    const ours = valuesOf(head, "cache-status").filter((value) => value.startsWith("headgate;"));
    if (ours.length !== 1) return `${ours.length} lines of Cache-Status`;
    const contents = this.#contentsFor(asked);
    if (asked.method === "HEAD")
      return contents.some((each) => each.status === status) || isMadeOf(contents, status)
        ? undefined
        : `status ${status} came from nowhere`;
    if (framing === "none") return this.#problemOfBodiless(request, status, contents);
    if (status === "206") return problemOfPart(request, head, body, contents);
    if (status === "416" && valuesOf(request, "range").length > 0 && body === "") return undefined;
    const source = contents.filter((each) => each.isWhole && each.text === body && isStatusFor(each, status));
    if (source.length === 0) return `status ${status} with a body that never came whole: ${shown(body)}`;
    if (body !== "" && source.every(isOwn)) this.#given.set(body, (this.#given.get(body) ?? 0) + 1);
    return undefined;
  }

  #problemOfBodiless(request: Head, status: string, contents: readonly Content[]): string | undefined {
    if (status !== "304")
      return contents.some((each) => each.status === status)
        ? undefined
        : `status ${status} came from nowhere`;
    if (hasCondition(request)) return undefined;
    const wasUnasked = contents.some(
      (each) => each.status === "304" && each.from.every(({ head }) => !hasCondition(head)),
    );
    return wasUnasked ? undefined : "304, and it had no condition";
  }

  /** What was said of the path after it was purged for the last time, to requests that select the same. */
  #contentsFor({ path, purgedAt, text }: Asked): Content[] {
    const [variant] = valuesOf(readHead({ text }), "x-v");
    return this.#evidence
      .of(path, ({ askedAt }) => askedAt >= purgedAt)
      .filter(({ from, heads }) =>
        from.every(({ head }, at) => !variesByX(heads[at]) || valuesOf(head, "x-v")[0] === variant),
      );
  }

  /** What was for one alone. */
  #problemOfOwn(): string | undefined {
    for (const [body, count] of this.#given) {
      const sendings = new Set(
        this.#evidence.contents
          .filter(({ text, isWhole }) => isWhole && text === body)
          .flatMap(({ from }) => from),
      );
      if (count > sendings.size)
        return `${count} were given what was said for ${sendings.size} alone: ${shown(body)}`;
    }
    return undefined;
  }
}

/** From the bytes that are known, at the place that it says. */
function problemOfPart(
  request: Head,
  head: Head,
  body: string,
  contents: readonly Content[],
): string | undefined {
  const sent = contents.filter((each) => each.status === "206" && each.isWhole && each.text === body);
  const isAsked = valuesOf(request, "range").length > 0;
  if (!isAsked) {
    return sent.some(({ from }) => from.every((each) => valuesOf(each.head, "range").length === 0))
      ? undefined
      : "206, and it asked for the whole";
  }
  if (sent.length > 0) return undefined;
  const type = /^multipart\/byteranges; boundary=(\S+)$/.exec(valuesOf(head, "content-type")[0] ?? "")?.[1];
  if (type !== undefined) return problemOfParts(body, type, contents);
  const place = placeOf(head);
  if (place === undefined) return "206 without its place";
  return isKnown(place, body, contents)
    ? undefined
    : `bytes ${place.first}-${place.last}/${place.wholeBytes} never came: ${shown(body)}`;
}

function problemOfParts(body: string, boundary: string, contents: readonly Content[]): string | undefined {
  const parts = body.split(new RegExp(`(?:^|\r\n)--${boundary}(?:--)?\r\n`));
  if (parts.shift() !== "" || parts.pop() !== "" || parts.length < 2) return `no parts: ${shown(body)}`;
  for (const part of parts) {
    const end = part.indexOf("\r\n\r\n");
    const [, value = ""] = /^content-range: *(.*)$/im.exec(part.slice(0, end)) ?? [];
    const place = placeOf({ first: ["", "", ""], fields: [{ name: "Content-Range", value: value.trim() }] });
    if (place === undefined || !isKnown(place, part.slice(end + 4), contents))
      return `a part that never came: ${shown(part)}`;
  }
  return undefined;
}

function isKnown(
  { first, last, wholeBytes }: { readonly first: number; readonly last: number; readonly wholeBytes: number },
  body: string,
  contents: readonly Content[],
): boolean {
  return (
    body.length === last - first + 1 &&
    contents.some(
      (each) =>
        (each.status === "200" || each.status === "206") &&
        (each.wholeBytes < 0 || wholeBytes < 0 || each.wholeBytes === wholeBytes) &&
        first >= each.first &&
        each.text.slice(first - each.first, last + 1 - each.first) === body,
    )
  );
}

function isMadeOf(contents: readonly Content[], status: string): boolean {
  return (
    status === "304" ||
    (status === "200" && contents.some((each) => each.status === "200" || each.status === "206"))
  );
}

/** A 206 is no whole answer, whatever it has. */
function isStatusFor(content: Content, status: string): boolean {
  return content.status === status;
}

function isOurs(head: Head): boolean {
  return valuesOf(head, "proxy-status").some((value) => value.startsWith("headgate; error="));
}

function isAnswerOfOurs({ method, text }: Asked, head: Head): boolean {
  const [, status] = head.first;
  if (method === "PURGE") return status === "200" || status === "404";
  const isMissing = valuesOf(head, "cache-status").some((value) =>
    /detail="?(offline|only-if-cached)/.test(value),
  );
  return status === "504" && (isMissing || text.includes("only-if-cached"));
}

function wordOf(head: Head): string {
  if (isOurs(head)) return "ours";
  const [value = ""] = valuesOf(head, "cache-status").filter((each) => each.startsWith("headgate;"));
  return value.replace(/^headgate; |; ttl=-?\d+|; detail=.*/g, "");
}

function readHead({ text }: Pick<Asked, "text">): Head {
  const reading = readRequest(text, 0);
  if (reading.state === "malformed" || reading.head === undefined)
    throw new Error("Cannot read a request of the story");
  return reading.head;
}

function hasCondition(head: Head): boolean {
  return ["if-none-match", "if-modified-since"].some((name) => valuesOf(head, name).length > 0);
}

function variesByX(head: Head | undefined): boolean {
  return (
    head !== undefined &&
    valuesOf(head, "vary").some((value) =>
      value
        .toLowerCase()
        .split(/[ \t]*,[ \t]*/)
        .includes("x-v"),
    )
  );
}

function shown(text: string): string {
  return JSON.stringify(
    text.length > 160 ? `${text.slice(0, 110)}…${text.slice(-40)} (${text.length})` : text,
  );
}
