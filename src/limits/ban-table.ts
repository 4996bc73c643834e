/**
 * Clients that are shut out for a while, known to all workers at once. What a
 * client does wrong is counted by cause, within a window that begins with the
 * first strike; with the last strike that it may have comes the ban. Of IPv6 a
 * client is its /64, and a prefix is what `client-network.ts` says.
 */
import { type Address, type Cidr, cidrContains, parseAddress, parseCidr } from "../policy/address.ts";
import { type BanRecord, BanSlots } from "./ban-slots.ts";
import { type WindowShape, windowShape } from "./bucket-shape.ts";
import { BucketTable } from "./bucket-table.ts";
import { formatNetwork, type Network, networkOf, type Scope } from "./client-network.ts";
import { hashKey } from "./key-hash.ts";
import type { LimitsMemory } from "./limits-memory.ts";

export const banCauses = ["slow", "connections", "errors", "credentials"] as const;
export type BanCause = (typeof banCauses)[number];

export interface Ban {
  /** An address, or a network: `192.0.2.1`, `2001:db8::/64`. */
  readonly client: string;
  readonly cause: BanCause;
  /** Milliseconds since the epoch, a whole second. */
  readonly untilMs: number;
}

/** `bans` of the configuration: milliseconds, strikes until a ban (0: never), ranges. */
export interface BanSettings extends Readonly<Record<BanCause, number>> {
  readonly time: number;
  readonly window: number;
  readonly exempt: readonly string[];
}

export class BanTable {
  readonly #slots: BanSlots;
  readonly #strikes: BucketTable;
  readonly #seed: number;
  #timeMs = 0;
  #exempt: readonly Cidr[] = [];
  #shapes: Readonly<Record<BanCause, WindowShape | undefined>> = NO_SHAPES;

  /** `thread`: the worker's number, or `MAIN_THREAD`. */
  constructor(
    memory: Pick<LimitsMemory, "bans" | "strikes">,
    thread: number,
    seed: number,
    settings: BanSettings,
  ) {
    this.#slots = new BanSlots(memory.bans, thread, seed);
    this.#strikes = new BucketTable(memory.strikes, thread);
    this.#seed = seed;
    this.settings = settings;
  }

  set settings(settings: BanSettings) {
    const { time, window, exempt } = settings;
    const shapeFor = (strikes: number) => (strikes === 0 ? undefined : windowShape(strikes, window));
    this.#timeMs = time;
    this.#exempt = exempt.map(parseCidr).filter((range) => range !== undefined);
    this.#shapes = {
      slow: shapeFor(settings.slow),
      connections: shapeFor(settings.connections),
      errors: shapeFor(settings.errors),
      credentials: shapeFor(settings.credentials),
    };
  }

  /** Of the client or of its prefix. */
  find(client: Address, nowMs: number): Ban | undefined {
    const nowS = nowMs / 1_000;
    if (!this.#slots.mayHold(nowS)) return undefined;
    const record =
      this.#slots.find(networkOf(client, "client"), nowS) ??
      this.#slots.find(networkOf(client, "prefix"), nowS);
    return record === undefined || this.#isExempt(client) ? undefined : banOf(record);
  }

  /** The ban, when this strike was one too many: of the client, or of the prefix if that was struck. */
  strike(client: Address, cause: BanCause, nowMs: number, scope: Scope = "client"): Ban | undefined {
    const shape = this.#shapes[cause];
    if (shape === undefined || this.#isExempt(client)) return undefined;
    const network = networkOf(client, scope);
    const { a, b } = hashKey(`${cause} ${formatNetwork(network)}`, this.#seed);
    if (this.#strikes.spend(a, b, shape, 1, nowMs) > 0) return undefined;

    const isNew = this.#slots.find(network, nowMs / 1_000) === undefined;
    const ban = this.#ban(network, cause, nowMs);
    // Whoever comes back after a ban begins anew.
    if (ban !== undefined) this.#strikes.forget(a, b, shape);
    return isNew ? ban : undefined;
  }

  /** `client` as `list` shows it, or any address of a network that is banned. False when there is no such ban. */
  lift(client: string): boolean {
    const network = parseNetwork(client);
    return network !== undefined && this.#slots.remove(network);
  }

  /** Those that hold, the last to run out first. */
  list(nowMs: number): Ban[] {
    return this.#slots
      .list(nowMs / 1_000)
      .map(banOf)
      .sort((one, other) => other.untilMs - one.untilMs);
  }

  #ban(network: Network, cause: BanCause, nowMs: number): Ban | undefined {
    const untilS = Math.ceil((nowMs + this.#timeMs) / 1_000);
    const record: BanRecord = { network, cause: banCauses.indexOf(cause), untilS };
    return this.#slots.put(record, nowMs / 1_000) ? banOf(record) : undefined;
  }

  #isExempt(client: Address): boolean {
    return this.#exempt.some((range) => cidrContains(range, client));
  }
}

const NO_SHAPES = { slow: undefined, connections: undefined, errors: undefined, credentials: undefined };

function banOf({ network, cause, untilS }: BanRecord): Ban {
  return {
    client: formatNetwork(network),
    cause: banCauses[cause] ?? "errors",
    untilMs: untilS * 1_000,
  };
}

/** An address is the client that has it; of ranges only those that a ban can be of. */
function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const scopes = [networkOf(address, "client"), networkOf(address, "prefix")];
  return slash < 0 ? scopes[0] : scopes.find((network) => formatNetwork(network) === text.toLowerCase());
}
