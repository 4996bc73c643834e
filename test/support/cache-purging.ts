/**
 * Clients that ask without a pause while everything they ask for is changed and
 * purged. Each answer must be whole, in its right place, and no older than what the
 * last purge that was answered has promised.
 */
import { HttpClient } from "./http-client.ts";
import type { RunningProxy } from "./proxy.ts";
import { checkedBody, fresh, type Origin, readChecked, startOrigin } from "./servers/origin.ts";

/** Forgets what is stored under a path of the origin, and perhaps more; resolves when that was answered. */
export type Purge = (proxy: RunningProxy, authority: string, path: string) => Promise<unknown>;

export type NamedPurge = readonly [name: string, purge: Purge];

export const purges: readonly NamedPurge[] = [
  ["by PURGE", purgeByMethod],
  ["by url", (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}` })],
  [
    "by url, softly",
    (proxy, authority, path) => purge(proxy, { url: `http://${authority}${path}`, soft: true }),
  ],
  ["by host", (proxy, authority) => purge(proxy, { host: authority })],
  ["by host without its port, softly", (proxy) => purge(proxy, { host: "127.0.0.1", soft: true })],
  ["by prefix", (proxy, authority, path) => purge(proxy, { prefix: `http://${authority}${path}` })],
  ["by tag", (proxy, _, path) => purge(proxy, { tag: `tag:${path}` })],
  ["by a tag of all, softly", (proxy) => purge(proxy, { tag: "all", soft: true })],
];

const PATHS = 60;

/** Its paths are `/object/NUMBER`, each of one of these sizes in turn; the newest version of each is its own. */
export class ChangingOrigin implements Disposable {
  readonly origin: Origin;
  readonly #versions = new Map<string, number>();
  /** Not before this may anybody be given it. */
  readonly #floors = new Map<string, number>();
  readonly #sizes: readonly number[];

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.origin = startOrigin(({ path }) => tagged(path, this.#versions.get(path) ?? 0, this.#sizeOf(path)));
  }

  /** Asks, changes and purges until so many answers have come. Rejects for the first that is wrong. */
  async load(
    proxy: RunningProxy,
    purge: Purge,
    { clients, answers }: { readonly clients: number; readonly answers: number },
  ): Promise<void> {
    const run = { answers: 0, wanted: answers, isOver: false };
    const asking = Array.from({ length: clients }, (_, number) => this.#ask(proxy, number, run));
    await Promise.all([...asking, this.#change(proxy, purge, run)]).finally(() => {
      run.isOver = true;
    });
  }

  [Symbol.dispose](): void {
    this.origin[Symbol.dispose]();
  }

  async #ask(proxy: RunningProxy, number: number, run: { answers: number; isOver: boolean }): Promise<void> {
    using client = await HttpClient.connect(proxy.port);
    for (let at = number; !run.isOver; at++) {
      const path = pathAt(at * 7 + number);
      const floor = this.#floors.get(path) ?? 0;
      const { body, status } = await client.get(this.origin.authority, path);
      const told = readChecked(body);
      if (status !== 200 || told.path !== path || told.version < floor)
        throw new Error(
          `Cannot take ${status} ${told.path} ${told.version} for ${path} of ${floor} at the least`,
        );
      run.answers++;
    }
  }

  async #change(
    proxy: RunningProxy,
    purge: Purge,
    run: { answers: number; wanted: number; isOver: boolean },
  ): Promise<void> {
    for (let at = 0; run.answers < run.wanted && !run.isOver; at += 5) {
      const path = pathAt(at);
      const version = (this.#versions.get(path) ?? 0) + 1;
      this.#versions.set(path, version);
      await purge(proxy, this.origin.authority, path);
      this.#floors.set(path, version);
      // Time to store and serve something in between.
      await Bun.sleep(5);
    }
    run.isOver = true;
  }

  #sizeOf(path: string): number {
    return this.#sizes[Number(path.slice(path.lastIndexOf("/") + 1)) % this.#sizes.length] ?? 0;
  }
}

/** With tags that the purges above go by, and an entity tag that a soft one leads to being asked about. */
export function tagged(path: string, version: number, bytes: number): Response {
  return fresh(checkedBody(path, version, bytes), {
    etag: `"${path} ${version}"`,
    "cache-tag": `all, tag:${path}`,
  });
}

function pathAt(at: number): string {
  return `/object/${at % PATHS}`;
}

async function purgeByMethod(proxy: RunningProxy, authority: string, path: string): Promise<void> {
  using client = await HttpClient.connect(proxy.port);
  const { status } = await client.get(authority, path, { method: "PURGE" });
  if (status !== 200 && status !== 404) throw new Error(`Cannot purge ${path}: ${status}`);
}

async function purge(proxy: RunningProxy, body: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(`${proxy.admin}/cache/purge`, {
    method: "POST",
    body: JSON.stringify(body),
    proxy: false,
  });
  if (answer.status !== 200) throw new Error(`Cannot purge: ${await answer.text()}`);
}
