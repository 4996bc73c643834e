/**
 * Limits on connections: how many are open at once by client, by user and to a
 * host, and how fast new ones come. They are counted whether or not a limit
 * asks, so that one which comes with a reload finds them; counts are taken
 * first and judged then, so that two workers can't both take the last place.
 */
import type { BucketTable } from "./bucket-table.ts";
import type { CompiledLimit } from "./compiled-limit.ts";
import type { CountTable } from "./count-table.ts";
import { hashKey, type KeyHash } from "./key-hash.ts";
import type { LimitKeys } from "./limit-keys.ts";
import { type LimitRefusal, refusedByOpen, refusedByRate } from "./limit-refusal.ts";

export class OpenLimits {
  readonly #buckets: BucketTable;
  readonly #counts: CountTable;
  readonly #keys: LimitKeys;
  readonly #salts: Readonly<Record<"client" | "user" | "host", KeyHash>>;
  #ofConnections: readonly CompiledLimit[] = [];

  constructor(buckets: BucketTable, counts: CountTable, keys: LimitKeys, seed: number) {
    this.#buckets = buckets;
    this.#counts = counts;
    this.#keys = keys;
    this.#salts = {
      client: hashKey("open by client", seed),
      user: hashKey("open by user", seed),
      host: hashKey("open by host", seed),
    };
  }

  /** Those that hold whatever is asked for: when a client connects, no request is known. */
  set limits(limits: readonly CompiledLimit[]) {
    this.#ofConnections = limits.filter(({ by }) => by === "client" || by === "all");
  }

  admitConnection(client: string, nowMs: number): LimitRefusal | undefined {
    const key = this.#keys.clients.of(client);
    this.#countConnection(key, 1);
    for (const limit of this.#ofConnections) {
      const refusal = this.#judgeConnection(limit, key, nowMs);
      if (refusal === undefined) continue;
      this.#giveBackBefore(limit, key);
      this.#countConnection(key, -1);
      return refusal;
    }
    return undefined;
  }

  countConnection(client: string): void {
    this.#countConnection(this.#keys.clients.of(client), 1);
  }

  releaseConnection(client: string): void {
    this.#countConnection(this.#keys.clients.of(client), -1);
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

  #judgeConnection(limit: CompiledLimit, key: KeyHash, nowMs: number): LimitRefusal | undefined {
    const { by, open, connections } = limit;
    const isOpen = by === "all" ? this.#counts.total : this.#count("client", key);
    if (open !== undefined && isOpen > open) return refusedByOpen(limit, open);
    if (connections === undefined) return undefined;
    const { a, b } = by === "all" ? this.#keys.everybody : key;
    const { salt, shape } = connections;
    const retryMs = this.#buckets.take(a ^ salt.a, b ^ salt.b, shape, 1, nowMs);
    return retryMs > 0 ? refusedByRate(limit, "connections", connections, retryMs) : undefined;
  }

  /** What the limits before the one that refused have taken. */
  #giveBackBefore(refusing: CompiledLimit, key: KeyHash): void {
    for (const limit of this.#ofConnections) {
      if (limit === refusing) return;
      if (limit.connections === undefined) continue;
      const { a, b } = limit.by === "all" ? this.#keys.everybody : key;
      const { salt, shape } = limit.connections;
      this.#buckets.giveBack(a ^ salt.a, b ^ salt.b, shape, 1);
    }
  }

  #countConnection(key: KeyHash, by: number): void {
    this.#add("client", key, by);
    this.#counts.addToTotal(by);
  }

  #keyOf(by: "user" | "host", name: string): KeyHash {
    return by === "user" ? this.#keys.users.of(name) : this.#keys.hosts.of(name);
  }

  #add(kind: "client" | "user" | "host", { a, b }: KeyHash, by: number): void {
    const salt = this.#salts[kind];
    this.#counts.add(a ^ salt.a, b ^ salt.b, by);
  }

  #count(kind: "client" | "user" | "host", { a, b }: KeyHash): number {
    const salt = this.#salts[kind];
    return this.#counts.count(a ^ salt.a, b ^ salt.b);
  }
}
