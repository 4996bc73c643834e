/**
 * Names to addresses, asked once for many askers and remembered: for the
 * record's time to live between a floor and a ceiling, failures briefly. The
 * addresses are not judged here.
 */
import { type AddressRecord, NameServers } from "./name-servers.ts";

export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly failure: "dns_error" | "dns_timeout"; readonly detail: string };

/** All times in milliseconds. */
export interface ResolverSettings {
  /** `127.0.0.1:53`, `[::1]:53`: who is asked; empty is the system's resolver. */
  readonly servers: readonly string[];
  readonly ttlMin: number;
  readonly ttlMax: number;
  readonly failureTtl: number;
  readonly timeout: number;
}

/** Rejects with a `code`. Whoever asks waits for `timeoutMs`, and no longer. */
export type Lookup = (host: string, timeoutMs: number) => Promise<readonly AddressRecord[]>;

/** Names come from clients: without a bound they would fill the memory. */
const NAMES_MAX = 10_000;

/** More than anyone dials within `timeouts.connect`. Whoever owns a name may give it thousands. */
const ADDRESSES_MAX = 16;

/** The system answers a few at a time and forgets none: a queue without end would be nobody's in time. */
const LOOKUPS_MAX = 256;

interface Remembered {
  readonly resolution: Resolution;
  readonly until: number;
}

export class Resolver {
  lookups = 0;
  hits = 0;
  failures = 0;
  /** Look-ups that the system has yet to answer, whether anyone waits for them or not. */
  #underWay = 0;
  #settings: ResolverSettings;
  #lookup: Lookup;
  readonly #lookupBy: typeof lookupBy;
  readonly #now: () => number;
  #known = new Map<string, Remembered>();
  #asked = new Map<string, Promise<Resolution>>();

  constructor(settings: ResolverSettings, lookup = lookupBy, now = () => performance.now()) {
    this.#settings = settings;
    this.#lookup = lookup(settings.servers);
    this.#lookupBy = lookup;
    this.#now = now;
  }

  /** What other servers have said is forgotten. */
  set settings(settings: ResolverSettings) {
    const isSameServers = String(settings.servers) === String(this.#settings.servers);
    this.#settings = settings;
    if (isSameServers) return;
    this.#lookup = this.#lookupBy(settings.servers);
    this.#known = new Map();
    this.#asked = new Map();
  }

  /** At once when it is known, else later. Never rejects. */
  resolve(host: string): Resolution | Promise<Resolution> {
    const known = this.#known.get(host);
    if (known !== undefined && known.until > this.#now()) {
      this.hits++;
      return known.resolution;
    }
    let asked = this.#asked.get(host);
    if (asked === undefined) {
      if (this.#underWay >= LOOKUPS_MAX) {
        this.failures++;
        return failed("dns_error", "too many look-ups at once");
      }
      this.lookups++;
      const asking = this.#asked;
      asked = this.#ask(host).finally(() => asking.delete(host));
      asking.set(host, asked);
    }
    return asked;
  }

  async #ask(host: string): Promise<Resolution> {
    const { ttlMin, ttlMax, failureTtl, timeout } = this.#settings;
    const known = this.#known;
    const remember = (resolution: Resolution, ttl: number) => this.#remember(known, host, resolution, ttl);
    try {
      const records = await within(timeout, this.#lookUp(host, timeout));
      if (records === undefined) return remember(failed("dns_timeout", "no answer in time"), failureTtl);
      if (records.length === 0) return remember(failed("dns_error", "no address"), failureTtl);
      const ttl = Math.min(...records.map((record) => record.ttl)) * 1000;
      const addresses = [...new Set(records.map((record) => record.address))].slice(0, ADDRESSES_MAX);
      return remember({ ok: true, addresses }, Math.min(Math.max(ttl, ttlMin), ttlMax));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "DNS_ERROR";
      const word = code.includes("TIMEOUT") ? "dns_timeout" : "dns_error";
      return remember(failed(word, code.replace("DNS_", "")), failureTtl);
    }
  }

  async #lookUp(host: string, timeoutMs: number): ReturnType<Lookup> {
    this.#underWay++;
    try {
      return await this.#lookup(host, timeoutMs);
    } finally {
      this.#underWay--;
    }
  }

  /** An answer that comes after other servers were set goes into a map that nobody reads. */
  #remember(known: Map<string, Remembered>, host: string, resolution: Resolution, ttl: number): Resolution {
    if (!resolution.ok) this.failures++;
    // Deleted first, so that the oldest answer is the first in the map's order.
    known.delete(host);
    known.set(host, { resolution, until: this.#now() + ttl });
    if (known.size > NAMES_MAX) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    return resolution;
  }
}

function lookupBy(servers: readonly string[]): Lookup {
  if (servers.length === 0) return systemLookup;
  const asking = new NameServers(servers);
  return (host, timeoutMs) => asking.lookUp(host, timeoutMs);
}

/** By the system's own rules, /etc/hosts and all. */
const systemLookup: Lookup = (host) => Bun.dns.lookup(host, { backend: "system" });

function failed(failure: "dns_error" | "dns_timeout", detail: string): Resolution {
  return { ok: false, failure, detail };
}

function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
