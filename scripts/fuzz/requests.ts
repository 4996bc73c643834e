/**
 * A client says anything; what do the upstreams hear? They read it with the
 * strict reader and answer what is whole, so what they hear on one connection
 * must be messages one after the other, each one that the client sent, and
 * nothing of one that was refused by its head.
 */
import type { FakeLink } from "../../test/support/fake-link.ts";
import type { FuzzRelay } from "./relay.ts";
import { differenceOfRequests, differenceOfTrailers } from "./same-message.ts";
import { type Reading, readRequest } from "./strict-reader.ts";

export interface RequestOutcome {
  /** What must not depend on how the bytes were cut: each message that reached an upstream whole, without its chunk boundaries; the statuses of the answers, in order; the bytes in the tunnel. */
  readonly fixed: unknown;
  /** For the tally: what the last refusal said. */
  readonly refusal: string | undefined;
  /** What is wrong with it, whatever the other deliveries do. */
  readonly problem: string | undefined;
}

type Whole = Extract<Reading, { state: "whole" }>;

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const TUNNEL_STANDS = "HTTP/1.1 200 Connection established\r\n\r\n";

export function sendRequests(relay: FuzzRelay, wire: string, pieces: readonly Buffer[]): RequestOutcome {
  const client = relay.client();
  const upstreams = new UpstreamReaders(relay, client);
  for (const piece of pieces) {
    if (client.isClosed || client.isPaused) break;
    client.says(piece.latin1Slice(0, piece.length));
    upstreams.pump();
  }
  const isStuck = client.isPaused && !client.isClosed;
  const outcome = {
    fixed: [upstreams.whole, statusesIn(client.received), upstreams.tunnel?.received],
    refusal: /details="((?:[^"\\]|\\.)*)"/.exec(client.received)?.[1],
    problem: isStuck ? "the client is paused, and nothing will wake it" : problemOf(wire, upstreams),
  };
  relay.reset();
  return outcome;
}

/** The peers of the proxy, all of them: each reads what it hears, and answers as soon as it has a whole request. */
class UpstreamReaders {
  readonly whole: Whole[] = [];
  tunnel: FakeLink | undefined;
  readonly #relay: FuzzRelay;
  readonly #client: FakeLink;
  readonly #readTo = new Map<FakeLink, number>();
  readonly #seen = new Map<FakeLink, number>();

  constructor(relay: FuzzRelay, client: FakeLink) {
    this.#relay = relay;
    this.#client = client;
  }

  pump(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = this.#connect();
      for (const link of this.#relay.upstreams) if (link !== this.tunnel && this.#answer(link)) isBusy = true;
    }
  }

  /** What each link heard behind its last whole request. */
  get rests(): Reading[] {
    return this.#relay.upstreams
      .filter((link) => link !== this.tunnel && link.received.length > (this.#readTo.get(link) ?? 0))
      .map((link) => readRequest(link.received, this.#readTo.get(link) ?? 0));
  }

  #connect(): boolean {
    const before = this.#client.received.length;
    if (!this.#relay.answerDial()) return false;
    if (this.#client.received.startsWith(TUNNEL_STANDS, before)) this.tunnel = this.#relay.upstreams.at(-1);
    return true;
  }

  #answer(link: FakeLink): boolean {
    if (this.#seen.get(link) === link.received.length) return false;
    this.#seen.set(link, link.received.length);
    const reading = readRequest(link.received, this.#readTo.get(link) ?? 0);
    if (reading.state !== "whole" || link.isClosed) return false;
    this.whole.push({ ...reading, end: 0 });
    this.#readTo.set(link, reading.end);
    link.says(ANSWER);
    return true;
  }
}

function problemOf(wire: string, { whole, rests, tunnel }: UpstreamReaders): string | undefined {
  const came = readAll(wire);
  let next = 0;
  for (const went of whole) {
    const found = came.findIndex((reading, index) => index >= next && isForwardedAs(reading, went));
    if (found < 0) return `a request reached an upstream, but ${reasonFor(came[next], went)}`;
    next = found + 1;
  }
  if (rests.length > 1) return "two requests are half sent";
  const unsent = came.slice(next);
  const problems = rests.map((rest) => unsent.map((reading) => problemOfRest(reading, rest)));
  // Those before it may have had answers of ours.
  const problem = problems.find((reasons) => !reasons.includes(undefined))?.at(-1);
  return problem ?? (tunnel && problemOfTunnel(wire, unsent, tunnel.received));
}

/** Message after message, and what comes behind the last whole one. */
function readAll(wire: string): Reading[] {
  const readings: Reading[] = [];
  let at = 0;
  for (;;) {
    const reading = readRequest(wire, at);
    readings.push(reading);
    if (reading.state !== "whole") return readings;
    at = reading.end;
  }
}

function isForwardedAs(came: Reading, went: Whole): boolean {
  return came.state === "whole" && differenceOfWhole(came, went) === undefined;
}

function reasonFor(came: Reading | undefined, went: Whole): string {
  return came?.state === "whole" ? (differenceOfWhole(came, went) ?? "too late") : "the client sent none";
}

function differenceOfWhole(came: Whole, went: Whole): string | undefined {
  if (went.body !== came.body) return `its body became ${JSON.stringify(went.body)}`;
  return differenceOfRequests(came, went) ?? differenceOfTrailers(came.trailers, went.trailers);
}

/** Half a request may be at an upstream only while its other half has not come, or can't be read. */
function problemOfRest(came: Reading, rest: Reading): string | undefined {
  if (rest.state !== "partial" || rest.head === undefined) return "an upstream heard what is no request";
  if (came.head === undefined) return "an upstream heard of a request without a good head";
  const framing = came.state === "malformed" ? rest.framing : came.framing;
  const problem = differenceOfRequests(
    { head: came.head, framing },
    { head: rest.head, framing: rest.framing },
  );
  if (problem !== undefined) return `half a request reached an upstream, but ${problem}`;
  if (came.state === "partial" && !came.body.startsWith(rest.body))
    return "half a body reached an upstream, and not its beginning";
  return undefined;
}

/** The bytes in it are all that followed some CONNECT. */
function problemOfTunnel(wire: string, unsent: readonly Reading[], bytes: string): string | undefined {
  for (const came of unsent) {
    if (came.state !== "whole") break;
    if (came.head.first[0] !== "CONNECT") continue;
    return bytes === wire.slice(came.end) ? undefined : "the tunnel has other bytes";
  }
  return "a tunnel stands that nobody asked for";
}

/** Of two faults in a head, which is told depends on which came first: a head too long is as bad as a bad one. */
function statusesIn(received: string): number[] {
  const statuses = [...received.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map(([, status]) => Number(status));
  return statuses.map((status) => (status === 414 || status === 431 ? 400 : status));
}
