/**
 * Whether what answers is a cache: it is asked for one answer until it has it, which
 * must be the file byte for byte; the upstream's count of requests must not move, and
 * where a peer says in its field lines that it was a hit, it must say so.
 */
import { contentOf, type FileName } from "./files.ts";
import type { Peer, UpstreamPorts } from "./peers.ts";

export interface Answer {
  readonly status: number;
  /** As on the wire, with line feeds. */
  readonly lines: string;
  readonly body: Uint8Array;
}

/** A large one is stored a while after it was sent. */
const TRIES_MAX = 20;
const TRY_AGAIN_MS = 100;

/** What this peer is asked for: a path of the upstream, or the URL of that. */
export function targetOf(peer: Peer, upstream: UpstreamPorts, path: string): string {
  return peer.caching?.isReverse ? path : `http://127.0.0.1:${upstream.web}${path}`;
}

/** Has it store the file's answer, and throws unless it then serves that, whole and without the upstream. */
export async function prime(
  peer: Peer,
  upstream: UpstreamPorts,
  path: string,
  file: FileName,
): Promise<void> {
  const content = contentOf(file);
  let asked = 0;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    let answer: Answer | undefined;
    asked = await requestsDuring(upstream, async () => {
      answer = await ask(peer, upstream, path);
    });
    if (answer?.status !== 200 || Buffer.compare(answer.body, content) !== 0) {
      throw new Error(
        `Cannot measure ${peer.name}: it answered ${path} with ${answer?.status}, or not with its bytes`,
      );
    }
    if (asked === 0 && (peer.caching?.hit?.test(answer.lines) ?? true)) return;
    await Bun.sleep(TRY_AGAIN_MS);
  }
  throw new Error(`Cannot measure ${peer.name}: it does not answer ${path} from its cache`);
}

/** What `load` gives, which must not have reached the upstream. */
export async function fromCache<T>(peer: Peer, upstream: UpstreamPorts, load: () => Promise<T>): Promise<T> {
  let result: T | undefined;
  const asked = await requestsDuring(upstream, async () => {
    result = await load();
  });
  if (asked > 0) throw new Error(`Cannot measure ${peer.name}: ${asked} requests were no hits`);
  return result as T;
}

/** How many requests reached the upstream meanwhile. */
export async function requestsDuring(upstream: UpstreamPorts, load: () => Promise<void>): Promise<number> {
  const before = await countOf(upstream);
  await load();
  // Being asked for its count is counted.
  return (await countOf(upstream)) - before - 1;
}

export async function ask(
  peer: Peer,
  upstream: UpstreamPorts,
  path: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const own = `http://127.0.0.1:${peer.port}`;
  const answer = peer.caching?.isReverse
    ? await fetch(`${own}${path}`, { headers: fields, proxy: false })
    : await fetch(targetOf(peer, upstream, path), { headers: fields, proxy: own });
  const lines = [...answer.headers].map(([name, value]) => `${name}: ${value}\n`).join("");
  return { status: answer.status, lines, body: await answer.bytes() };
}

async function countOf(upstream: UpstreamPorts): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${upstream.web}/requests`, { proxy: false });
  const count = /^ \d+ \d+ (\d+) $/m.exec(await answer.text())?.[1];
  if (count === undefined)
    throw new Error("Cannot count the upstream's requests: this nginx has no stub_status");
  return Number(count);
}
