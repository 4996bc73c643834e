/**
 * How many connections are open, in all and for each client address, over all
 * workers, so that a limit means what it says. Every worker has a column that
 * it alone writes, and adds up all of them to decide; a dead worker's column is
 * cleared, and no count is left behind.
 *
 * A client's count stands in two slots, chosen by two hashes, and the smaller
 * sum is believed (a count-min sketch): never too low, and too high only for an
 * address that shares both slots with busy others.
 */
import { parseAddress } from "../policy/address.ts";

const SLOTS = 16_384;
const COLUMN_CELLS = 1 + 2 * SLOTS;

export function connectionTableBuffer(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * COLUMN_CELLS * Int32Array.BYTES_PER_ELEMENT);
}

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerClient: number;
}

export type Admitted = "admitted" | "connections" | "connections_per_client";

export class ConnectionTable {
  limits: ConnectionLimits;
  readonly #cells: Int32Array;
  readonly #column: number;
  readonly #seed: number;

  constructor(buffer: SharedArrayBuffer, worker: number, seed: number, limits: ConnectionLimits) {
    this.#cells = new Int32Array(buffer);
    this.#column = worker * COLUMN_CELLS;
    this.#seed = seed;
    this.limits = limits;
  }

  /** Counts first and decides then, so that two workers can't both take the last place. */
  admit(client: string): Admitted {
    const [first, second] = this.#slotsOf(client);
    this.#addAt(first, second, 1);
    const refusal = this.#refusal(first, second);
    if (refusal !== undefined) this.#addAt(first, second, -1);
    return refusal ?? "admitted";
  }

  release(client: string): void {
    const [first, second] = this.#slotsOf(client);
    this.#addAt(first, second, -1);
  }

  /** For a worker that died: all that it had is closed. */
  clear(): void {
    this.#cells.fill(0, this.#column, this.#column + COLUMN_CELLS);
  }

  #refusal(first: number, second: number): Admitted | undefined {
    if (this.#sum(0) > this.limits.connections) return "connections";
    const fromClient = Math.min(this.#sum(first), this.#sum(second));
    return fromClient > this.limits.connectionsPerClient ? "connections_per_client" : undefined;
  }

  #addAt(first: number, second: number, by: number): void {
    Atomics.add(this.#cells, this.#column, by);
    Atomics.add(this.#cells, this.#column + first, by);
    Atomics.add(this.#cells, this.#column + second, by);
  }

  #sum(slot: number): number {
    let sum = 0;
    for (let at = slot; at < this.#cells.length; at += COLUMN_CELLS) sum += Atomics.load(this.#cells, at);
    return sum;
  }

  #slotsOf(client: string): [number, number] {
    const key = countedAs(client);
    return [1 + (hash(key, this.#seed) % SLOTS), 1 + SLOTS + (hash(key, ~this.#seed) % SLOTS)];
  }
}

/** Who has one address of IPv6 has its /64 (RFC 6177 §2), and could come from another one each time. */
function countedAs(client: string): string {
  if (!client.includes(":")) return client;
  const address = parseAddress(client);
  return address === undefined ? client : `${address.w0} ${address.w1}`;
}

/** FNV-1a, seeded, with a last mix so that the low bits depend on all of it. */
function hash(text: string, seed: number): number {
  let value = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
