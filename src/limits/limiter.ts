/**
 * The limits of the policy, which hold over all workers together.
 *
 * Those that no rule names hold for every request, the others for requests that
 * a rule puts them on. Every part of a limit must have room, in this order:
 *
 *   1. budget       bytes are left in this window
 *   2. exchanges    there are fewer at once
 *   3. requests     the bucket has a token
 *
 * A request that is refused gives back what it has taken until then. One that is
 * let in gets a grant when something of it is counted while it lasts.
 */
import type { PolicySpec } from "../policy/spec.ts";
import { BucketTable } from "./bucket-table.ts";
import { type CompiledLimit, compileLimit } from "./compiled-limit.ts";
import { CountTable } from "./count-table.ts";
import { Grant, leave, type Tables } from "./grant.ts";
import type { KeyHash } from "./key-hash.ts";
import { LimitKeys } from "./limit-keys.ts";
import { type LimitRefusal, refusedByBudget, refusedByExchanges, refusedByRate } from "./limit-refusal.ts";
import type { LimitsMemory } from "./limits-memory.ts";
import { type OpenConnections, OpenLimits } from "./open-limits.ts";

/** Limits that rules put on a request, as in `Effects`. */
type Names = readonly { readonly limit: string; readonly rule: string }[] | undefined;

export class Limiter {
  readonly #tables: Tables;
  readonly #seed: number;
  readonly #keys: LimitKeys;
  readonly #open: OpenLimits;
  /** Some limit is on connections to a host at once. */
  limitsHosts = false;
  #byName: ReadonlyMap<string, CompiledLimit> = new Map();
  /** Those that no rule names. */
  #always: readonly CompiledLimit[] = [];
  /** What the request at hand has passed, and under which keys: two columns, not an object for each. */
  readonly #passed: CompiledLimit[] = [];
  readonly #passedKeys: KeyHash[] = [];

  constructor(
    memory: Pick<LimitsMemory, "buckets" | "budgets" | "counts">,
    worker: number,
    seed: number,
    connections: OpenConnections,
  ) {
    const buckets = new BucketTable(memory.buckets, worker);
    const budgets = new BucketTable(memory.budgets, worker);
    const counts = new CountTable(memory.counts, worker);
    this.#tables = { buckets, budgets, counts };
    this.#seed = seed;
    this.#keys = new LimitKeys(seed);
    this.#open = new OpenLimits(connections, buckets, counts, this.#keys, seed);
  }

  /** A limit that stays as it was keeps its tokens. */
  set policy({ limits, rules }: Pick<PolicySpec, "limits" | "rules">) {
    const named = new Set(rules.map(({ limit }) => limit));
    const compiled = limits.map((spec) => compileLimit(spec, this.#seed));
    this.#byName = new Map(compiled.map((limit) => [limit.name, limit]));
    this.#always = compiled.filter(({ name }) => !named.has(name));
    this.#open.limits = this.#always;
    this.limitsHosts = limits.some(({ by, open }) => by === "host" && open !== undefined);
  }

  /** Undefined: let in, and nothing is counted while it lasts. */
  admit(
    names: Names,
    client: string,
    user: string | undefined,
    host: string,
    nowMs: number,
  ): Grant | LimitRefusal | undefined {
    const hasNames = names !== undefined && names.length > 0;
    if (this.#always.length === 0 && !hasNames) return undefined;
    this.#passed.length = 0;
    this.#passedKeys.length = 0;
    for (const limit of this.#always) {
      const refusal = this.#pass(limit, this.#keys.of(limit.by, client, user, host, ""), nowMs);
      if (refusal !== undefined) return this.#giveBack(refusal);
    }
    if (!hasNames) return this.#grant();
    for (const { limit: name, rule } of names) {
      const limit = this.#byName.get(name);
      if (limit === undefined) continue;
      const refusal = this.#pass(limit, this.#keys.of(limit.by, client, user, host, rule), nowMs);
      if (refusal !== undefined) return this.#giveBack(refusal);
    }
    return this.#grant();
  }

  /** A client has connected, and is counted among the connections. */
  admitConnection(client: string, nowMs: number): LimitRefusal | undefined {
    return this.#open.admitConnection(client, nowMs);
  }

  /** It has become known whose connection it is. Unless refused it counts until `releaseUser`. */
  admitUser(user: string): LimitRefusal | undefined {
    return this.#open.admit("user", user, this.#always);
  }

  releaseUser(user: string): void {
    this.#open.release("user", user);
  }

  /** A connection to an upstream, wanted by a request with these limits. Unless refused it counts until `releaseUpstream`. */
  admitUpstream(names: Names, host: string): LimitRefusal | undefined {
    if (names === undefined || names.length === 0) return this.#open.admit("host", host, this.#always);
    const named = names.map(({ limit }) => this.#byName.get(limit));
    const limits = [...this.#always, ...named.filter((limit) => limit !== undefined)];
    return this.#open.admit("host", host, limits);
  }

  releaseUpstream(host: string): void {
    this.#open.release("host", host);
  }

  #pass(limit: CompiledLimit, key: KeyHash, nowMs: number): LimitRefusal | undefined {
    if (this.#hasPassed(limit, key)) return undefined;
    const { buckets, budgets, counts } = this.#tables;
    const { budget, exchanges, requests } = limit;
    if (budget !== undefined) {
      const { salt, shape } = budget;
      const [a, b] = [key.a ^ salt.a, key.b ^ salt.b];
      if (budgets.left(a, b, shape, nowMs) <= 0) {
        return refusedByBudget(limit, budget, budgets.endsIn(a, b, shape, nowMs));
      }
    }
    if (exchanges !== undefined) {
      const { salt, most } = exchanges;
      if (!counts.enter(key.a ^ salt.a, key.b ^ salt.b, most)) return refusedByExchanges(limit, exchanges);
    }
    if (requests !== undefined) {
      const { salt, shape } = requests;
      const retryMs = buckets.take(key.a ^ salt.a, key.b ^ salt.b, shape, 1, nowMs);
      if (retryMs > 0) {
        leave(counts, limit, key);
        return refusedByRate(limit, "requests", requests, retryMs);
      }
    }
    this.#passed.push(limit);
    this.#passedKeys.push(key);
    return undefined;
  }

  /** Two rules may have named the same one. */
  #hasPassed(limit: CompiledLimit, { a, b }: KeyHash): boolean {
    for (let at = 0; at < this.#passed.length; at++) {
      const key = this.#passedKeys[at];
      if (this.#passed[at] === limit && key?.a === a && key.b === b) return true;
    }
    return false;
  }

  #giveBack(refusal: LimitRefusal): LimitRefusal {
    const { buckets, counts } = this.#tables;
    for (const [at, key] of this.#passedKeys.entries()) {
      const limit = this.#passed[at];
      if (limit === undefined) continue;
      leave(counts, limit, key);
      if (limit.requests === undefined) continue;
      const { salt, shape } = limit.requests;
      buckets.giveBack(key.a ^ salt.a, key.b ^ salt.b, shape, 1);
    }
    return refusal;
  }

  #grant(): Grant | undefined {
    let grant: Grant | undefined;
    for (let at = this.#passed.length - 1; at >= 0; at--) {
      const limit = this.#passed[at];
      const key = this.#passedKeys[at];
      if (limit === undefined || key === undefined || !limit.needsGrant) continue;
      grant = new Grant(this.#tables, limit, key, grant);
    }
    return grant;
  }
}
