/**
 * Whatever happens in whatever order, the books balance: random stories of
 * clients and upstreams that talk, stall, half-close, reset, read slowly and
 * drain. A story that fails is told again by its seed.
 */
import { test } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import type { FakeLink } from "../support/fake-link.ts";
import { FakeRelay, head } from "../support/relay.ts";

const STORIES = 2_000;
const STEPS = 40;

/** More than `timeouts.tunnelIdle`, and its aftermath. */
const IDLE_MS = 610_000;

const HOST = "Host: a.example";

const requests = [
  head("GET http://a.example/ HTTP/1.1", HOST),
  head("GET http://a.example/ HTTP/1.0"),
  head("HEAD http://a.example/ HTTP/1.1", HOST, "Connection: close"),
  `${head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 6")}abcdef`,
  `${head("PUT http://a.example/ HTTP/1.1", HOST, "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`,
  head("OPTIONS * HTTP/1.1", HOST),
  head("CONNECT a.example:443 HTTP/1.1", HOST),
  head("GET http://a.example/ HTTP/1.1", HOST, "Connection: upgrade", "Upgrade: websocket"),
  "nonsense\r\n\r\n",
];

const answers = [
  head("HTTP/1.1 204 No Content"),
  `${head("HTTP/1.1 200 OK", "Content-Length: 4")}abcd`,
  `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nab\r\n0\r\n\r\n`,
  `${head("HTTP/1.1 200 OK")}until the end`,
  head("HTTP/1.1 103 Early Hints"),
  head("HTTP/1.1 413 Content Too Large", "Content-Length: 0", "Connection: close"),
  head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: websocket"),
  "nonsense",
];

for (const isDraining of [false, true]) {
  test(`${STORIES} stories${isDraining ? " that end in a drain" : ""}`, async () => {
    for (let seed = 1; seed <= STORIES; seed++) {
      try {
        await tell(seed, isDraining);
      } catch (error) {
        throw new Error(`Cannot balance the books of story ${seed}`, { cause: error });
      }
    }
  });
}

async function tell(seed: number, isDraining: boolean): Promise<void> {
  const relay = new FakeRelay();
  const roll = dice(seed);
  const clients: Speaker[] = [];
  const upstreams: Speaker[] = [];
  for (let step = 0; step < STEPS; step++) {
    if (isDraining && step === STEPS - 10) relay.drain();
    switch (roll(8)) {
      case 0:
        relay.admits = roll(5) === 0 ? "connections" : "admitted";
        clients.push({ link: relay.client(), words: "" });
        break;
      case 1:
        if (relay.dials > 0 && roll(4) === 0) relay.dialFails("ECONNREFUSED");
        else if (relay.dials > 0) upstreams.push({ link: relay.upstream(), words: "" });
        break;
      case 2:
        relay.pass(roll(4) === 0 ? 31_000 : 500);
        break;
      case 3:
      case 4:
        happen(upstreams[roll(upstreams.length)], answers, roll);
        break;
      default:
        happen(clients[roll(clients.length)], requests, roll);
    }
  }
  if (isDraining) relay.cut();
  // A tunnel whose client is gone may wait for its upstream, and not for ever.
  for (const { link } of clients) if (!link.isClosed) link.resets();
  if (relay.read(cells.tunnelsOpen) > 0) relay.pass(IDLE_MS);
  await relay.balance();
}

/** What is begun is gone on with, unless something gets in between. */
interface Speaker {
  readonly link: FakeLink;
  words: string;
}

function happen(
  speaker: Speaker | undefined,
  words: readonly string[],
  roll: (sides: number) => number,
): void {
  if (speaker === undefined || speaker.link.isClosed) return;
  const { link } = speaker;
  switch (roll(12)) {
    case 0:
      return link.resets();
    case 1:
      return link.closes();
    case 2:
      return link.canBeHeard ? link.ends() : undefined;
    case 3:
      link.full = true;
      return;
    case 4:
    case 5:
      return link.drains();
    case 6:
      return link.dies();
    default:
      if (link.canBeHeard) saysSome(speaker, words, roll);
  }
}

function saysSome(speaker: Speaker, words: readonly string[], roll: (sides: number) => number): void {
  if (speaker.words === "") speaker.words = words[roll(words.length)] ?? "";
  const length = roll(3) === 0 ? 1 + roll(speaker.words.length) : speaker.words.length;
  const said = speaker.words.slice(0, length);
  speaker.words = speaker.words.slice(length);
  speaker.link.says(said);
}

/** A small generator of numbers (xorshift32): the same seed tells the same story. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2_654_435_761;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(1, sides);
  };
}
