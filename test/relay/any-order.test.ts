/**
 * Whatever happens in whatever order, the books balance: random stories of
 * clients and upstreams that talk, stall, half-close, reset, read slowly and
 * drain; some with a gate that holds, refuses and cuts, an event loop that lags
 * and memory that runs short. A story that fails is told again by its seed.
 */
import { test } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import type { FakeLink } from "../support/fake-link.ts";
import { FakeRelay, found, head } from "../support/relay.ts";
import { helloFor } from "../tls/hello-wire.ts";

const STORIES = 1_000;
const STEPS = 40;

/** A story takes a millisecond or two, on a machine that has nothing else to do. */
const TEST_MS_MAX = 60_000;

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

/** All of it at once, and small, so that every part of it comes into play. */
const GATE = {
  authentication: {
    mode: "optional",
    delay: "300ms",
    users: [
      { name: "ann", password: "secret-of-ann" },
      { name: "cy", hash: `$2b$10$${"a".repeat(53)}` },
    ],
  },
  policy: {
    tunnels: { sni: "enforce", notTls: "deny", ports: [443] },
    limits: [
      { name: "rate", requests: "6/m", burst: 3 },
      { name: "bytes", download: "1KiB/s", upload: "1KiB/s" },
      { name: "budget", by: "all", budget: "20KiB/1m" },
      { name: "exchanges", by: "host", exchanges: 3, open: 3 },
      { name: "users", by: "user", open: 1 },
      { name: "connections", open: 6, connections: "30/m", burst: 4 },
    ],
    rules: [
      { name: "tagged", action: "tag", tags: ["all"] },
      {
        name: "fields",
        action: "headers",
        request: { set: [{ name: "X-Gate", value: "1" }] },
        response: { set: [{ name: "X-Gate", value: "2" }] },
      },
      { name: "away", action: "redirect", paths: ["/away"], redirect: { to: "http://b.example/" } },
      { name: "moved", action: "rewrite", paths: ["/moved"], rewrite: { host: "b.example" } },
      { name: "content", action: "content", content: { requestBytes: "5B", answerBytes: "12B" } },
      { name: "denied", action: "deny", paths: ["/no"] },
      { name: "cut", action: "reset", paths: ["/cut"] },
      { name: "nine", action: "deny", addresses: ["9.0.0.0/8"] },
    ],
  },
  limits: { minRate: "50B/s", minRateGrace: "1s" },
  bans: { time: "20s", slow: 2, connections: 2, errors: 2, credentials: 2 },
};

/** Besides those of a relay without a gate. */
const gatedRequests = [
  ...["/away", "/moved", "/no", "/cut"].map((path) => head(`GET http://a.example${path} HTTP/1.1`, HOST)),
  ...["ann:secret-of-ann", "ann:guess", "cy:secret-of-cy"].map((credentials) =>
    head("GET http://a.example/ HTTP/1.1", HOST, `Proxy-Authorization: Basic ${btoa(credentials)}`),
  ),
  `${head("POST http://a.example/ HTTP/1.1", HOST, `Proxy-Authorization: Basic ${btoa("cy:x")}`, "Content-Length: 5")}abcde`,
  head("GET http://nine.example/ HTTP/1.1", "Host: nine.example"),
  `${head("CONNECT a.example:443 HTTP/1.1", HOST)}${helloFor("a.example").toString("latin1")}${"x".repeat(2_000)}`,
  `${head("CONNECT a.example:443 HTTP/1.1", HOST)}${helloFor("b.example").toString("latin1")}`,
  `${head("CONNECT a.example:80 HTTP/1.1", HOST)}${"x".repeat(3_000)}`,
];

for (const isDraining of [false, true]) {
  for (const isGated of [false, true]) {
    const name = `${STORIES} stories${isGated ? " with a gate" : ""}${isDraining ? " that end in a drain" : ""}`;
    const tellAll = async () => {
      for (let seed = 1; seed <= STORIES; seed++) {
        try {
          await tell(seed, isDraining, isGated);
        } catch (error) {
          throw new Error(`Cannot balance the books of story ${seed}`, { cause: error });
        }
      }
    };
    test(name, tellAll, TEST_MS_MAX);
  }
}

async function tell(seed: number, isDraining: boolean, isGated: boolean): Promise<void> {
  const relay = new FakeRelay();
  const roll = dice(seed);
  if (isGated) {
    relay.names.set("nine.example", found("9.1.1.1", "8.1.1.1"));
    relay.configure(roll(4) === 0 ? { ...GATE, policy: { ...GATE.policy, mode: "audit" } } : GATE);
  }
  const asked = isGated ? [...requests, ...gatedRequests] : requests;
  const clients: Speaker[] = [];
  const upstreams: Speaker[] = [];
  for (let step = 0; step < STEPS; step++) {
    if (isDraining && step === STEPS - 10) relay.drain();
    if (isGated && roll(6) === 0) await mindTheGate(relay, roll);
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
        happen(clients[roll(clients.length)], asked, roll);
    }
  }
  relay.sheds(0);
  // Whoever waits to be taken in comes before the end.
  relay.pass(100);
  while (relay.verifications > 0) await relay.verifies(roll(2) === 0);
  if (isDraining) relay.cut();
  // A tunnel whose client is gone may wait for its upstream, and not for ever.
  for (const { link } of clients) if (!link.isClosed) link.resets();
  if (relay.read(cells.tunnelsOpen) > 0) relay.pass(IDLE_MS);
  await relay.balance();
}

/** What only a gate has to do with. */
async function mindTheGate(relay: FakeRelay, roll: (sides: number) => number): Promise<void> {
  switch (roll(4)) {
    case 0:
      return relay.lags(roll(3));
    case 1:
      return relay.sheds(([1, 2, 3] as const)[roll(20)] ?? 0);
    case 2:
      if (relay.verifications > 0) await relay.verifies(roll(2) === 0);
      return;
    default:
      relay.configure(roll(2) === 0 ? GATE : {});
  }
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
