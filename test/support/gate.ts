/** What a relay's context has of the gate, as real as in a worker: tables in memory of its own, accounts of the config. */
import type { Config } from "../../src/config/schema.ts";
import { accountsOf } from "../../src/credentials/accounts.ts";
import type { VerifyHash } from "../../src/credentials/hash-queue.ts";
import { Verifier } from "../../src/credentials/verifier.ts";
import { BanTable } from "../../src/limits/ban-table.ts";
import { Limiter } from "../../src/limits/limiter.ts";
import { type LimitsMemory, limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { OpenConnections } from "../../src/limits/open-limits.ts";
import { HeavyHitters } from "../../src/observe/heavy-hitters.ts";
import type { HostList } from "../../src/policy/host-list.ts";
import { AcceptQueue } from "../../src/relay/client/accept-queue.ts";
import type { RelayContext, Settings } from "../../src/relay/context.ts";
import { HeldLinks } from "../../src/relay/gate/held-links.ts";
import { settingsOf } from "../../src/relay/settings.ts";

type GateParts = Pick<
  RelayContext,
  | "limiter"
  | "bans"
  | "verifier"
  | "verifying"
  | "held"
  | "acceptQueue"
  | "refusedHosts"
  | "shedLevel"
  | "epochMs"
>;

const SEED = 7;

const NO_COUNTS = Buffer.from(limitsBuffers(1).counts);

/** 2026-11-21T00:00:00Z, less the relay's first moment: a Saturday. */
const EPOCH_MS = Date.UTC(2026, 10, 21) - 1_000_000;

const NO_CONNECTIONS: OpenConnections = { total: 0, openOf: () => 0 };

export function gateParts(
  config: Config,
  memory: LimitsMemory = limitsBuffers(1),
  verify?: VerifyHash,
  connections: OpenConnections = NO_CONNECTIONS,
): GateParts {
  const parts = {
    limiter: new Limiter(memory, 0, SEED, connections),
    bans: new BanTable(memory, 0, SEED, config.bans),
    verifier: new Verifier(verify),
    verifying: new Map(),
    held: new HeldLinks(),
    acceptQueue: new AcceptQueue(),
    refusedHosts: new HeavyHitters(64),
    shedLevel: 0 as const,
    epochMs: EPOCH_MS,
  };
  obey(parts, config);
  return parts;
}

/** What is counted at once by some limit: connections and exchanges that have not been given back. */
export function countedAtOnce({ counts }: LimitsMemory): number {
  // A comparison as a whole, since thousands of stories end with it.
  if (Buffer.from(counts).equals(NO_COUNTS)) return 0;
  return new Int32Array(counts).reduce((sum, count) => sum + Math.abs(count), 0);
}

/** A list of these hosts and nothing below them. */
export function hostList(...hosts: readonly string[]): HostList {
  return { hasHost: (host) => hosts.includes(host), hasAddress: () => false, hasRanges: false };
}

/** A new config, for what is already there. */
export function obey(
  { limiter, bans, verifier }: Pick<GateParts, "limiter" | "bans" | "verifier">,
  config: Config,
): void {
  limiter.policy = config.policy;
  bans.settings = config.bans;
  verifier.accounts = accountsOf(config.authentication);
  verifier.cacheMs = config.authentication.cache;
}

export function settingsFor(
  config: Config,
  listening: readonly { host: string; port: number }[] = [],
  lists: ReadonlyMap<string, HostList> = new Map(),
): Settings {
  const { rules, lists: listSpecs, limits } = config.policy;
  const byName = (names: readonly string[]) => new Map(names.map((name, place) => [name, place]));
  return settingsOf(config, {
    own: { listening, interfaces: [] },
    ports: config.listeners.map(({ address }) => address.port),
    places: config.listeners.map((_, place) => place),
    lists,
    policyPlaces: {
      rules: rules.map((_, place) => place),
      lists: byName(listSpecs.map(({ name }) => name)),
      users: byName(accountsOf(config.authentication).map(({ name }) => name)),
      tags: byName(rules.flatMap(({ tags }) => tags)),
      limits: byName(limits.map(({ name }) => name)),
    },
    hasAccounts: accountsOf(config.authentication).length > 0,
    hostName: "proxy.example",
  });
}
