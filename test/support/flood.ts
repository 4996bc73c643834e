/**
 * Attackers: lanes that do the same wrong thing again and again, each over one
 * connection at a time and from a loopback address of its own, until they are
 * told to stop. They hold on to what they get and care for no answer.
 */
import { basic } from "./ask.ts";
import { get, post } from "./http.ts";
import { RawPeer } from "./raw.ts";

export interface FloodOptions {
  /** The proxy's. */
  readonly port: number;
  /** An upstream that they may ask for. */
  readonly authority: string;
  readonly attack: keyof typeof attacks;
  /** Each lane takes the next one. */
  readonly addresses: readonly string[];
  readonly lanes: number;
  /** Between two connections of a lane. */
  readonly pauseMs: number;
}

/** What is done with a connection; it is reset afterwards. */
type Attack = (peer: RawPeer, authority: string, isOver: () => boolean) => Promise<void>;

const DRIP_MS = 100;
const LOOK_MS = 20;

export const attacks = {
  "slow heads": async (peer, authority, isOver) => {
    peer.say(get(authority).slice(0, -2));
    await drip(peer, "X", isOver);
  },
  "slow bodies": async (peer, authority, isOver) => {
    peer.say(post(authority, "Content-Length: 100000\r\n"));
    await drip(peer, "x", isOver);
  },
  "idle connections": (peer, _, isOver) => untilGone(peer, isOver),
  "requests that are no HTTP": async (peer, authority, isOver) => {
    peer.say(`\x16\x03\x01 ${authority} \x00\r\n\r\n`);
    await untilGone(peer, isOver);
  },
  "guessed passwords": async (peer, authority, isOver) => {
    peer.say(get(authority, "/", `${basic("ada", crypto.randomUUID())}Connection: close\r\n`));
    await untilGone(peer, isOver);
  },
} as const satisfies Record<string, Attack>;

export class Flood implements AsyncDisposable {
  /** Connections that were made, and those that did not come about. */
  connections = 0;
  failedConnects = 0;
  readonly #options: FloodOptions;
  readonly #lanes: Promise<void>[];
  #isOver = false;

  constructor(options: FloodOptions) {
    this.#options = options;
    const { addresses, lanes } = options;
    this.#lanes = Array.from({ length: lanes }, (_, at) => this.#run(addresses[at % addresses.length]));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(from: string | undefined): Promise<void> {
    const { port, authority, attack, pauseMs } = this.#options;
    while (!this.#isOver) {
      try {
        using peer = await RawPeer.connect(port, "127.0.0.1", from);
        this.connections++;
        await attacks[attack](peer, authority, () => this.#isOver);
      } catch {
        this.failedConnects++;
      }
      await Bun.sleep(pauseMs);
    }
  }
}

/** `127.0.NET.1` and on. */
export function loopbackAddresses(net: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `127.0.${net}.${at + 1}`);
}

async function drip(peer: RawPeer, drop: string, isOver: () => boolean): Promise<void> {
  while (peer.fate === "open" && !isOver()) {
    peer.say(drop);
    await Bun.sleep(DRIP_MS);
  }
}

async function untilGone(peer: RawPeer, isOver: () => boolean): Promise<void> {
  while (peer.fate === "open" && !isOver()) await Bun.sleep(LOOK_MS);
}
