/**
 * An upstream says anything; what does the client hear? It reads with the
 * strict reader too: the same answer whole, or one of ours in its place, or
 * half of it and then a cut. And the connection is used again only when nothing
 * on it could be taken for the next answer.
 */
import type { FakeLink } from "../../test/support/fake-link.ts";
import type { FuzzRelay } from "./relay.ts";
import { differenceOfResponses, differenceOfTrailers } from "./same-message.ts";
import { type Reading, readResponse, valuesOf } from "./strict-reader.ts";

export interface ResponseOutcome {
  /** What must not depend on how the bytes were cut. */
  readonly fixed: unknown;
  /** For the tally: what our refusal said. */
  readonly refusal: string | undefined;
  /** What is wrong with it, whatever the other deliveries do. */
  readonly problem: string | undefined;
}

/** The answer as the client has it: forwarded whole, ours in its place, half and a cut, or not there yet. */
type Kind = "forwarded" | "ours" | "cut" | "waiting" | "switched";

/** Those who ask: each hears of a body in another way. */
export const ASKS = [
  "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://a/ HTTP/1.0\r\n\r\n",
  "GET http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "HEAD http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
] as const;

const NEXT = "GET http://a/next HTTP/1.1\r\nHost: a\r\n\r\n";

/** What the upstream said, read by the strict reader: interim answers, then one more reading. */
interface Heard {
  readonly interim: readonly Whole[];
  readonly last: Reading;
  /** Where that begins, and where it ends if it is whole. */
  readonly at: number;
  readonly end: number;
}

type Whole = Extract<Reading, { state: "whole" }>;

export function sendResponse(
  relay: FuzzRelay,
  ask: string,
  wire: string,
  pieces: readonly Buffer[],
  closes: boolean,
): ResponseOutcome {
  const client = relay.client();
  client.says(ask);
  relay.answerDial();
  const upstream = relay.upstreams[0];
  if (upstream === undefined) throw new Error("Cannot answer: the request went nowhere");
  for (const piece of pieces) if (!upstream.isClosed) upstream.says(piece.latin1Slice(0, piece.length));
  if (closes && !upstream.isClosed) upstream.ends();
  const outcome = outcomeOf(relay, client, upstream, ask, wire, closes);
  relay.reset();
  return outcome;
}

function outcomeOf(
  relay: FuzzRelay,
  client: FakeLink,
  upstream: FakeLink,
  ask: string,
  wire: string,
  closes: boolean,
): ResponseOutcome {
  const method = ask.slice(0, ask.indexOf(" "));
  const hasUpgrade = ask.includes("Upgrade");
  const isOld = ask.includes("HTTP/1.0");
  const came = hear(wire, method, hasUpgrade);
  const got = hear(client.received, method, hasUpgrade);
  const kind = kindOf(relay.clientFate, got);
  return {
    fixed: fixedOf(kind, got),
    refusal: kind === "ours" ? /details="((?:[^"\\]|\\.)*)"/.exec(client.received)?.[1] : undefined,
    problem:
      problemOfInterim(came, got, isOld) ??
      problemOfKind(kind, came, got, client, wire, closes) ??
      problemOfReuse(relay, client, upstream, came, got, wire),
  };
}

function hear(text: string, method: string, hasUpgrade: boolean): Heard {
  const interim: Whole[] = [];
  let at = 0;
  for (;;) {
    const last = readResponse(text, at, method);
    const status = last.head?.first[1] ?? "";
    const isSwitch =
      status === "101" && hasUpgrade && last.head !== undefined && valuesOf(last.head, "upgrade").length > 0;
    if (last.state !== "whole" || !status.startsWith("1") || status === "101" || isSwitch) {
      return { interim, last, at, end: last.state === "whole" ? last.end : text.length };
    }
    interim.push(last);
    at = last.end;
  }
}

function kindOf(fate: FuzzRelay["clientFate"], { last }: Heard): Kind {
  if (last.state === "malformed") throw new Error(`Cannot read what the client got: ${last.why}`);
  if (last.head?.first[1] === "101") return "switched";
  if (fate === "cut") return "cut";
  if (last.head !== undefined && isOurs(last)) return "ours";
  if (last.state === "whole") return "forwarded";
  return fate === "ended" && last.framing === "close" ? "forwarded" : "waiting";
}

function isOurs({ head }: Reading): boolean {
  return (
    head !== undefined && valuesOf(head, "proxy-status").some((value) => value.startsWith("headgate; error="))
  );
}

function problemOfInterim(came: Heard, got: Heard, isOld: boolean): string | undefined {
  if (isOld) return got.interim.length > 0 ? "HTTP/1.0 was told of an interim answer" : undefined;
  for (const [index, went] of got.interim.entries()) {
    const source = came.interim[index];
    if (source === undefined) return "an interim answer came up";
    const problem = differenceOfResponses(source, went);
    if (problem !== undefined) return `in an interim answer ${problem}`;
  }
  return undefined;
}

function problemOfKind(
  kind: Kind,
  came: Heard,
  got: Heard,
  client: FakeLink,
  wire: string,
  closes: boolean,
): string | undefined {
  const { last } = came;
  switch (kind) {
    case "ours":
      return got.end < client.received.length ? "something follows our answer" : undefined;
    case "cut":
    case "waiting":
      // What can't be read is found out at once, or when the head or the trailers that it is in are whole.
      if (kind === "waiting" && (closes || last.state === "whole"))
        return "the client waits for what has come or never will";
      return problemOfHalf(last, got.last);
    case "switched": {
      if (last.head === undefined) return "the client was switched, but not by the upstream";
      return client.received.slice(got.end) === wire.slice(came.end)
        ? undefined
        : "what follows the switch has other bytes";
    }
    case "forwarded":
      return problemOfForwarded(came, got, client, closes);
  }
}

function problemOfForwarded(
  { last }: Heard,
  got: Heard,
  client: FakeLink,
  closes: boolean,
): string | undefined {
  const went = got.last;
  if (last.state === "malformed" || went.state === "malformed")
    return "the client was given what can't be read";
  const { head, framing } = last;
  if (head === undefined || went.head === undefined) return "the client was given an answer that never came";
  const isWhole = last.state === "whole" || (framing === "close" && closes);
  if (!isWhole) return "half an answer was given as a whole one";
  if (went.body !== last.body) return `the body became ${JSON.stringify(went.body)}`;
  if (went.state === "whole" && got.end < client.received.length) return "something follows the answer";
  const trailers = last.state === "whole" ? last.trailers : [];
  return (
    differenceOfResponses({ head, framing }, { head: went.head, framing: went.framing }) ??
    differenceOfTrailers(trailers, went.state === "whole" ? went.trailers : [])
  );
}

function problemOfHalf(came: Reading, went: Reading): string | undefined {
  if (went.head === undefined || went.state === "malformed") return undefined;
  if (came.head === undefined) return "the client was given the head of an answer that has none";
  const problem = differenceOfResponses(
    { head: came.head, framing: undefined },
    { head: went.head, framing: undefined },
  );
  if (problem !== undefined) return `in half an answer ${problem}`;
  const isBeginning = came.state === "malformed" || came.body.startsWith(went.body);
  return isBeginning ? undefined : "half a body was given, and not its beginning";
}

/** The client asks again. On the same connection only when the first answer left nothing behind on it. */
function problemOfReuse(
  relay: FuzzRelay,
  client: FakeLink,
  upstream: FakeLink,
  came: Heard,
  got: Heard,
  wire: string,
): string | undefined {
  if (relay.clientFate !== undefined || got.last.state !== "whole" || got.last.head.first[1] === "101")
    return undefined;
  const before = upstream.received.length;
  client.says(NEXT);
  if (upstream.received.length === before) return undefined;
  if (!upstream.received.startsWith("GET /next HTTP/1.1\r\n", before))
    return "the next request is not the one that was asked";
  if (came.last.state !== "whole") return "a connection is used again after half an answer";
  if (came.end < wire.length) return "a connection is used again though more had come on it";
  const { head } = came.last;
  const values = [...valuesOf(head, "connection"), ...valuesOf(head, "proxy-connection")];
  const options = values.flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  const persists =
    !options.includes("close") && (head.first[0] === "HTTP/1.1" || options.includes("keep-alive"));
  return persists ? undefined : "a connection is used again that was to be closed";
}

/** A body that goes wrong is found out before a byte of it went on, or after: told, or cut. */
function fixedOf(kind: Kind, { interim, last }: Heard): unknown {
  if (kind === "ours" || kind === "cut") return "refused";
  const body = kind === "forwarded" && last.state !== "malformed" ? last.body : undefined;
  return { kind, interim: interim.length, head: last.head, body };
}
