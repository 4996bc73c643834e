/**
 * How many connections are open, in all, for each client and for each network
 * of clients, over all workers, so that a limit means what it says.
 */
import { clientKey, prefixKey } from "./client-network.ts";
import { CountTable } from "./count-table.ts";
import { type KeyHash, KeyMemo } from "./key-hash.ts";

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerClient: number;
  readonly connectionsPerPrefix: number;
}

export type Admitted = "admitted" | "connections" | "connections_per_client" | "connections_per_prefix";

export class ConnectionTable {
  limits: ConnectionLimits;
  readonly #counts: CountTable;
  readonly #clients: KeyMemo;
  readonly #prefixes: KeyMemo;

  constructor(buffer: SharedArrayBuffer, worker: number, seed: number, limits: ConnectionLimits) {
    this.#counts = new CountTable(buffer, worker);
    this.#clients = new KeyMemo(seed ^ 1, clientKey);
    this.#prefixes = new KeyMemo(seed ^ 2, prefixKey);
    this.limits = limits;
  }

  /** All that are open. */
  get total(): number {
    return this.#counts.total;
  }

  /** Those of one client. */
  openOf(client: string): number {
    return this.#count(this.#clients.of(client));
  }

  /** Counts first and decides then, so that two workers can't both take the last place. */
  admit(client: string): Admitted {
    this.#add(client, 1);
    const refusal = this.#refusal(client);
    if (refusal !== undefined) this.#add(client, -1);
    return refusal ?? "admitted";
  }

  release(client: string): void {
    this.#add(client, -1);
  }

  /** For a worker that died: all that it had is closed. */
  clear(): void {
    this.#counts.clear();
  }

  #refusal(client: string): Admitted | undefined {
    const { connections, connectionsPerClient, connectionsPerPrefix } = this.limits;
    if (this.#counts.total > connections) return "connections";
    if (this.openOf(client) > connectionsPerClient) return "connections_per_client";
    const nearby = this.#count(this.#prefixes.of(client));
    return nearby > connectionsPerPrefix ? "connections_per_prefix" : undefined;
  }

  #add(client: string, by: number): void {
    this.#counts.addToTotal(by);
    const own = this.#clients.of(client);
    const nearby = this.#prefixes.of(client);
    this.#counts.add(own.a, own.b, by);
    this.#counts.add(nearby.a, nearby.b, by);
  }

  #count({ a, b }: KeyHash): number {
    return this.#counts.count(a, b);
  }
}
