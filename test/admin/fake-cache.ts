/** A cache that is only told about: orders are appended to `log`, every fact can be changed. */
import type {
  CacheAdmin,
  DiskStats,
  MissingUrl,
  PurgeRequest,
  StoredListing,
  TierStats,
} from "../../src/admin/cache-admin.ts";
import type { StoredFacts } from "../../src/cache/facts.ts";

export class FakeCache implements CacheAdmin {
  isOn = true;
  isOffline = false;
  readonly log: string[];
  missingUrls: readonly MissingUrl[] = [];
  memoryStats: TierStats | undefined = tierStats();
  diskStats: DiskStats | undefined = undefined;
  listings: readonly StoredListing[] = [];
  purgeable = 0;

  constructor(log: string[]) {
    this.log = log;
  }

  setOffline(on: boolean) {
    this.log.push(`offline ${on}`);
    this.isOffline = on;
  }

  missing() {
    return this.missingUrls;
  }

  memory() {
    return this.memoryStats;
  }

  disk() {
    return this.diskStats;
  }

  async find(url: string) {
    this.log.push(`find ${url}`);
    return this.listings;
  }

  async purge(request: PurgeRequest) {
    this.log.push(`purge ${JSON.stringify(request)}`);
    return this.purgeable;
  }
}

export function tierStats(changes: Partial<TierStats> = {}): TierStats {
  return {
    entries: 0,
    bytes: 0,
    capacityBytes: 64 * 1024 * 1024,
    evictions: 0,
    stored: 0,
    oldestMs: undefined,
    ...changes,
  };
}

/** Stored at noon, for a minute, after it had been ten seconds under way. */
export const NOON = Date.UTC(2026, 0, 1, 12);

export function listingOf({
  facts,
  ...changes
}: Partial<Omit<StoredListing, "facts">> & { facts?: Partial<StoredFacts> } = {}): StoredListing {
  return {
    key: "http://example.com/",
    tier: "memory",
    facts: {
      status: 200,
      flags: 0,
      storedMs: NOON,
      initialAgeMs: 10_000,
      lifetimeMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lastModifiedMs: Number.NaN,
      bodyBytes: 1024,
      rangeFirst: 0,
      wholeBytes: 1024,
      ...facts,
    },
    isMarkedStale: false,
    lines: "Date: Thu, 01 Jan 2026 11:59:50 GMT\r\nCache-Control: max-age=60\r\n",
    tags: "",
    varyNames: "",
    varyKey: "",
    peer: "192.0.2.80",
    ...changes,
  };
}
