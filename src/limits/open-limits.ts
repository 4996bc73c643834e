/**
 * Limits on connections: how many are open at once by client, by user and to a
 * host, and how fast new ones come. They are counted whether or not a limit
 * asks, so that one which comes with a reload finds them; counts are taken
 * first and judged then, so that two workers can't both take the last place. Those
 * of clients are counted by `connection-table.ts`, and only judged here.
 */
import type { BucketTable } from "./bucket-table.ts";
import type { CompiledLimit } from "./compiled-limit.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { CountTable } from "./count-table.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import type { LimitKeys } from "./limit-keys.ts";
import { type LimitRefusal, refusedByOpen, refusedByRate } from "./limit-refusal.ts";

/** Connections of clients that are open, the one that is judged among them. */
export type OpenConnections = Pick<ConnectionTable, "total" | "openOf">;

export class OpenLimits {
  readonly #connections: OpenConnections;
  readonly #buckets: BucketTable;
  readonly #counts: CountTable;
  readonly #keys: LimitKeys;
  readonly #salts: Readonly<Record<"user" | "host", KeyHash>>;
  #ofConnections: readonly CompiledLimit[] = [];

  constructor(
    connections: OpenConnections,
    buckets: BucketTable,
    counts: CountTable,
    keys: LimitKeys,
    seed: number,
  ) {
    this.#connections = connections;
    this.#buckets = buckets;
    this.#counts = counts;
    this.#keys = keys;
    this.#salts = {
      user: hashKey("open by user", seed),
      host: hashKey("open by host", seed),
    };
  }

  /** Those that hold whatever is asked for: when a client connects, no request is known. */
  set limits(limits: readonly CompiledLimit[]) {
    this.#ofConnections = limits.filter(({ by }) => by === "client" || by === "all");
  }

  /** The connection is counted already. */
  admitConnection(client: string, nowMs: number): LimitRefusal | undefined {
    for (const limit of this.#ofConnections) {
      const refusal = this.#judgeConnection(limit, client, nowMs);
      if (refusal === undefined) continue;
      this.#giveBackBefore(limit, client);
      return refusal;
    }
    return undefined;
  }

  admit(by: "user" | "host", name: string, limits: readonly CompiledLimit[]): LimitRefusal | undefined {
    this.#add(by, this.#keyOf(by, name), 1);
    for (const limit of limits) {
      if (limit.by !== by || limit.open === undefined) continue;
      if (this.#count(by, this.#keyOf(by, name)) <= limit.open) continue;
      this.release(by, name);
      return refusedByOpen(limit, limit.open);
    }
    return undefined;
  }

  release(by: "user" | "host", name: string): void {
    this.#add(by, this.#keyOf(by, name), -1);
  }

  #judgeConnection(limit: CompiledLimit, client: string, nowMs: number): LimitRefusal | undefined {
    const { by, open, connections } = limit;
    if (open !== undefined) {
      const isOpen = by === "all" ? this.#connections.total : this.#connections.openOf(client);
      if (isOpen > open) return refusedByOpen(limit, open);
    }
    if (connections === undefined) return undefined;
    const { a, b } = this.#bucketOf(limit, client);
    const { salt, shape } = connections;
    const retryMs = this.#buckets.take(a ^ salt.a, b ^ salt.b, shape, 1, nowMs);
    return retryMs > 0 ? refusedByRate(limit, "connections", connections, retryMs) : undefined;
  }

  /** What the limits before the one that refused have taken. */
  #giveBackBefore(refusing: CompiledLimit, client: string): void {
    for (const limit of this.#ofConnections) {
      if (limit === refusing) return;
      if (limit.connections === undefined) continue;
      const { a, b } = this.#bucketOf(limit, client);
      const { salt, shape } = limit.connections;
      this.#buckets.giveBack(a ^ salt.a, b ^ salt.b, shape, 1);
    }
  }

  #bucketOf({ by }: CompiledLimit, client: string): KeyHash {
    return by === "all" ? this.#keys.everybody : this.#keys.clients.of(client);
  }

  #keyOf(by: "user" | "host", name: string): KeyHash {
    return by === "user" ? this.#keys.users.of(name) : this.#keys.hosts.of(name);
  }

  #add(kind: "user" | "host", { a, b }: KeyHash, by: number): void {
    const salt = this.#salts[kind];
    this.#counts.add(a ^ salt.a, b ^ salt.b, by);
  }

  #count(kind: "user" | "host", { a, b }: KeyHash): number {
    const salt = this.#salts[kind];
    return this.#counts.count(a ^ salt.a, b ^ salt.b);
  }
}
