/**
 * Connections to upstreams: what is known of each, and the idle ones. One that
 * is idle owns itself: if its peer closes it or says a byte unasked, it goes.
 */
import { HeadReader } from "../http1/head-reader.ts";
import type { Link, LinkOwner } from "../net/link.ts";
import { IdlePool, type Poolable } from "../upstream/idle-pool.ts";
import type { HostPlace } from "./host-place.ts";

export class Upstream implements Poolable, LinkOwner {
  readonly link: Link;
  /** What it is pooled by: the authority that it was dialled for. */
  readonly endpoint: string;
  /** `address:port` that was dialled. */
  readonly peer: string;
  /** The address of that alone, which was judged. */
  readonly address: string;
  readonly place: HostPlace;
  /** For whom it was judged already (`gate/passage.ts`); compared, and nothing else. */
  openTo: object | undefined = undefined;
  idleSince = 0;
  /** Exchanges begun on it. */
  uses = 0;
  /** Stays with the connection, so that an exchange need not make one. */
  readonly reader = new HeadReader("response");
  readonly #pool: UpstreamPool;

  constructor(
    pool: UpstreamPool,
    link: Link,
    endpoint: string,
    peer: string,
    address: string,
    place: HostPlace,
  ) {
    this.#pool = pool;
    this.link = link;
    this.endpoint = endpoint;
    this.peer = peer;
    this.address = address;
    this.place = place;
  }

  onData(): void {
    this.#pool.discard(this);
  }

  onDrain(): void {}

  onEnd(): void {
    this.#pool.discard(this);
  }

  onClose(): void {
    this.#pool.discard(this);
  }
}

export class UpstreamPool {
  readonly #idle = new IdlePool<Upstream>();

  get size(): number {
    return this.#idle.size;
  }

  /** Without its place: whoever wants to use it takes that first. */
  take(endpoint: string): Upstream | undefined {
    return this.#idle.take(endpoint);
  }

  /** Keeps it, as one of `most`; 0 keeps none. */
  put(upstream: Upstream, most: number, now: number): void {
    upstream.place.leave();
    if (most === 0) return upstream.link.drop();
    upstream.link.owner = upstream;
    this.#idle.put(upstream, most, now)?.link.drop();
  }

  discard(upstream: Upstream): void {
    this.#idle.remove(upstream);
    upstream.link.drop();
  }

  /** Closes what has been idle since before `time`. */
  expire(time: number): void {
    for (const upstream of this.#idle.expire(time)) upstream.link.drop();
  }
}
