/**
 * Cases, one after the other, until someone says stop or one fails. Each has a
 * seed of its own, made of the campaign's and its number, and is delivered
 * whole, byte by byte and cut here and there: the outcome must be the same. Half
 * of them pass a gate that has all to say and nothing against them, and two thirds
 * a cache that has nothing stored yet.
 */
import { requestWires, responseWires } from "../../test/http1/wires.ts";
import { FuzzCache } from "./cache.ts";
import { Dice } from "./dice.ts";
import { mutate } from "./mutate.ts";
import { FuzzRelay, GATE } from "./relay.ts";
import { sendRequests } from "./requests.ts";
import { ASKS, sendResponse } from "./responses.ts";
import { shrink } from "./shrink.ts";

export interface Report {
  readonly cases: number;
  /** What became of them, and how often; refusals by what was said. */
  readonly tally: ReadonlyMap<string, number>;
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly case: number;
  readonly kind: string;
  /** The smallest found. */
  readonly wire: string;
  readonly problem: string;
}

/** A wire of more bytes is not sent byte by byte. */
const BYTEWISE_MAX = 1_024;

/** One who sends a wire in pieces, and tells what came of it. */
type Sender = (wire: string, pieces: readonly Buffer[]) => Outcome;

interface Outcome {
  readonly fixed: unknown;
  readonly problem: string | undefined;
  readonly refusal: string | undefined;
}

export function runCampaign(seed: number, mayGoOn: (cases: number) => boolean): Report {
  const tally = new Map<string, number>();
  let cases = 0;
  for (; mayGoOn(cases); cases++) {
    const dice = new Dice(seed + Math.imul(cases, 0x9e3779b1));
    const isRequest = dice.below(2) === 0;
    const wires = isRequest ? requestWires : responseWires;
    const way = { isGated: dice.below(2) === 0, isCached: dice.below(3) > 0 };
    const { kind, send } = isRequest ? requestSender(way) : responseSender(way, dice);
    const wire = mutate(dice.pick(wires), wires, dice);
    if (wire === "") continue;
    const { outcome, problem } = tryEveryWay(wire, send, dice.below(2 ** 31));
    count(tally, `${isRequest ? "request" : "response"} ${wordFor(outcome)}`);
    if (problem === undefined) continue;
    const smallest = shrink(wire, (shorter) => tryManyTimes(shorter, send) !== undefined);
    const failure = { case: cases, kind, wire: smallest, problem: tryManyTimes(smallest, send) ?? problem };
    return { cases: cases + 1, tally, failure };
  }
  return { cases, tally, failure: undefined };
}

/** The problem with a wire as it is, without any accident; undefined when there is none. */
export function problemOfRequest(wire: string): string | undefined {
  return problemOfAll(wire, WAYS.map(requestSender));
}

/** The same for an answer, whoever asked and whether a close follows. */
export function problemOfResponse(wire: string): string | undefined {
  const waysToEnd = ASKS.flatMap((ask) => [
    { ask, closes: false },
    { ask, closes: true },
  ]);
  return problemOfAll(
    wire,
    waysToEnd.flatMap(({ ask, closes }) => WAYS.map((way) => answerSender(way, ask, closes))),
  );
}

interface Sending {
  readonly kind: string;
  readonly send: Sender;
}

/** What is between the peers. */
interface Way {
  readonly isGated: boolean;
  readonly isCached: boolean;
}

const WAYS: readonly Way[] = [
  { isGated: false, isCached: false },
  { isGated: true, isCached: false },
  { isGated: false, isCached: true },
];

function problemOfAll(wire: string, senders: readonly Sending[]): string | undefined {
  return senders.map(({ send }) => tryManyTimes(wire, send)).find((problem) => problem !== undefined);
}

function requestSender(way: Way): Sending {
  return {
    kind: `requests${told(way)}`,
    send: guarded(way, (relay, wire, pieces) => sendRequests(relay, wire, pieces)),
  };
}

function responseSender(way: Way, dice: Dice): Sending {
  return answerSender(way, dice.pick(ASKS), dice.below(2) === 0);
}

function answerSender(way: Way, ask: string, closes: boolean): Sending {
  return {
    kind: `an answer to ${JSON.stringify(ask)}${closes ? ", and a close" : ""}${told(way)}`,
    send: guarded(way, (relay, wire, pieces) => sendResponse(relay, ask, wire, pieces, closes)),
  };
}

function told({ isGated, isCached }: Way): string {
  return `${isGated ? ", through a gate" : ""}${isCached ? ", through a cache" : ""}`;
}

const relays = new Map<string, FuzzRelay>();

function relayFor(way: Way): FuzzRelay {
  const known = relays.get(told(way));
  if (known !== undefined) return known;
  const relay = new FuzzRelay(way.isGated ? GATE : {}, way.isCached ? new FuzzCache() : undefined);
  relays.set(told(way), relay);
  return relay;
}

/** Nothing may be thrown but what the relay itself catches; after that it is not to be trusted. */
function guarded(
  way: Way,
  send: (relay: FuzzRelay, wire: string, pieces: readonly Buffer[]) => Outcome,
): Sender {
  return (wire, pieces) => {
    try {
      return send(relayFor(way), wire, pieces);
    } catch (error) {
      relays.delete(told(way));
      return {
        fixed: undefined,
        refusal: undefined,
        problem: `thrown: ${error instanceof Error ? error.message : error}`,
      };
    }
  };
}

function tryManyTimes(wire: string, send: Sender): string | undefined {
  for (let seed = 0; seed < 4; seed++) {
    const { problem } = tryEveryWay(wire, send, seed);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function tryEveryWay(
  wire: string,
  send: Sender,
  seed: number,
): { outcome: Outcome; problem: string | undefined } {
  const dice = new Dice(seed);
  const first = send(wire, cut(wire, []));
  if (first.problem !== undefined) return { outcome: first, problem: first.problem };
  const ways = [cutsOf(wire, 1, dice), cutsOf(wire, 6, dice)];
  if (wire.length <= BYTEWISE_MAX) ways.push([...wire].map((_, at) => at));
  for (const cuts of ways) {
    const outcome = send(wire, cut(wire, cuts));
    const where = `cut at ${cuts.length > 8 ? "every byte" : cuts.join(", ")}`;
    if (outcome.problem !== undefined) return { outcome, problem: `${where}: ${outcome.problem}` };
    if (!Bun.deepEquals(outcome.fixed, first.fixed))
      return { outcome, problem: `${where}: ${shown(outcome)}, but whole: ${shown(first)}` };
  }
  return { outcome: first, problem: undefined };
}

function cutsOf(wire: string, most: number, dice: Dice): number[] {
  const cuts = Array.from({ length: 1 + dice.below(most) }, () => dice.below(wire.length));
  return cuts.sort((one, other) => one - other);
}

function cut(wire: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(wire, "latin1");
  const edges = [0, ...cuts, bytes.length];
  const pieces = edges.slice(1).map((edge, index) => Buffer.from(bytes.subarray(edges[index], edge)));
  return pieces.filter((piece) => piece.length > 0);
}

function wordFor({ refusal }: Outcome): string {
  return refusal === undefined
    ? "taken"
    : `refused: ${refusal.replace(/\d+/g, "N").replace(/\\".*\\"/, "…")}`;
}

function shown(outcome: Outcome): string {
  return JSON.stringify(outcome.fixed).slice(0, 600);
}

function count(tally: Map<string, number>, word: string): void {
  tally.set(word, (tally.get(word) ?? 0) + 1);
}
