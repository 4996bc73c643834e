/**
 * A relay with a cache: a small arena of its own, and if a story wants one, a disk
 * that is a map.
 *
 *   cached("a sentence about behaviour", (relay, cache) => { … });
 *
 * When the story is told, the books must balance as without a cache; besides,
 * whoever began to fetch something has said that it is over, and no file is open.
 */
import { expect, test } from "bun:test";
import { HeavyHitters } from "../../src/observe/heavy-hitters.ts";
import { AnswerCache } from "../../src/relay/cache/answer-cache.ts";
import type { DiskTier } from "../../src/store/disk/tier.ts";
import { type Flight, Flights, flightsBuffer } from "../../src/store/memory/flights.ts";
import { MemoryStore, memoryBuffer } from "../../src/store/memory/store.ts";
import { FakeDisk } from "./fake-disk.ts";
import type { FakeLink } from "./fake-link.ts";
import { FakeRelay, head } from "./relay.ts";

const SEED = 7;
const ARENA_BYTES = 2 ** 20;

export const HOST = "Host: a.example";
export const VIA = "Via: 1.1 headgate";
export const GET = head("GET http://a.example/x HTTP/1.1", HOST);

export class FakeCache {
  readonly memory = new MemoryStore(memoryBuffer(ARENA_BYTES), 0, SEED);
  readonly disk: FakeDisk | undefined;
  /** As another worker has them. */
  readonly others: Flights;
  readonly missing = new HeavyHitters(64);
  /** URLs that the main thread was asked to purge. */
  readonly purges: string[] = [];
  /** How many answers each purge finds. */
  purged = 1;
  readonly answers: AnswerCache;
  readonly #flights: HeldFlights;
  readonly #offline = new Int32Array(new SharedArrayBuffer(4));

  constructor(hasDisk: boolean) {
    const buffer = flightsBuffer();
    this.#flights = new HeldFlights(buffer, 0, SEED);
    this.others = new Flights(buffer, 1, SEED);
    this.disk = hasDisk ? new FakeDisk() : undefined;
    this.answers = new AnswerCache({
      memory: this.memory,
      disk: this.disk as unknown as DiskTier | undefined,
      flights: this.#flights,
      offline: this.#offline,
      missing: this.missing,
      purge: (url) => {
        this.purges.push(url);
        return Promise.resolve(this.purged);
      },
    });
  }

  set isOffline(isOffline: boolean) {
    this.#offline[0] = isOffline ? 1 : 0;
  }

  balance(): void {
    expect([...this.#flights.held], "flights that nobody ended").toEqual([]);
    expect(this.disk?.files, "files left open").toBe(this.disk && 0);
  }
}

export function cached(
  name: string,
  story: (relay: FakeRelay, cache: FakeCache) => void | Promise<void>,
): void {
  test(name, () => play(story, false));
}

export function cachedOnDisk(
  name: string,
  story: (relay: FakeRelay, cache: FakeCache, disk: FakeDisk) => void | Promise<void>,
): void {
  test(name, () => play((relay, cache) => story(relay, cache, cache.disk!), true));
}

/** An answer as the upstream says it, with the length of its body. */
export function answer(body: string, ...lines: readonly string[]): string {
  return `${head("HTTP/1.1 200 OK", ...lines, `Content-Length: ${body.length}`)}${body}`;
}

/** A client asks, and the upstream answers; what was logged is forgotten. The upstream's connection is pooled or gone. */
export function fetched(relay: FakeRelay, request: string, said: string): FakeLink {
  const { client, upstream } = relay.exchange(request);
  upstream.says(said);
  client.resets();
  relay.told();
  return upstream;
}

/** What each answer to the client says of the cache. */
/** Without why it was not stored: `reasonsOf` has that. */
export function cacheStatuses(client: FakeLink): string[] {
  return toldTo(client).map((told) => (isStored(told) ? told : told.replace(/; detail=.*/, "")));
}

/** Why what was fetched is not stored. */
export function reasonsOf(client: FakeLink): (string | undefined)[] {
  return toldTo(client).map((told) => (isStored(told) ? undefined : /; detail=(.*)/.exec(told)?.[1]));
}

function toldTo(client: FakeLink): string[] {
  return [...client.received.matchAll(/Cache-Status: headgate; (.*)\r\n/g)].map(([, told = ""]) => told);
}

/** What has no time to live and was asked for elsewhere is not. */
function isStored(told: string): boolean {
  return !told.startsWith("fwd=") || told.includes("ttl=");
}

/** How often a link was told something that begins so. */
export function requestsOn(upstream: FakeLink): number {
  return upstream.received.match(/HTTP\/1\.1\r\n/g)?.length ?? 0;
}

/** The values of a field in all that a link was told, in order. */
export function valuesOf(link: FakeLink, name: string): string[] {
  return [...link.received.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value = ""]) => value);
}

class HeldFlights extends Flights {
  readonly held = new Set<string>();

  override begin(key: string): Flight {
    const flight = super.begin(key);
    if (flight === "mine") this.held.add(key);
    return flight;
  }

  override end(key: string): void {
    super.end(key);
    this.held.delete(key);
  }
}

async function play(
  story: (relay: FakeRelay, cache: FakeCache) => void | Promise<void>,
  hasDisk: boolean,
): Promise<void> {
  const cache = new FakeCache(hasDisk);
  const relay = new FakeRelay(cache.answers);
  await story(relay, cache);
  await relay.balance();
  cache.balance();
}
