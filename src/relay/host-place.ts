/**
 * A connection's place among those to its host that limits on `open` count. It has
 * one while an exchange or a tunnel uses it, and none while it is idle in a pool,
 * where it would keep all others from the host, in other workers too. However it
 * ends, the place is given back once.
 */
import type { LimitRefusal } from "../limits/limit-refusal.ts";
import type { Limiter } from "../limits/limiter.ts";
import type { Effects } from "../policy/decision.ts";

export class HostPlace {
  readonly #limiter: Limiter;
  readonly #host: string;
  #isTaken = false;

  constructor(limiter: Limiter, host: string) {
    this.#limiter = limiter;
    this.#host = host;
  }

  /** For a request that rules have put `limits` on; why not, when it may not have it. What an audit lets pass all the same has none. */
  take(limits: Effects["limits"] | undefined): LimitRefusal | undefined {
    const refusal = this.#limiter.admitUpstream(limits, this.#host);
    this.#isTaken = refusal === undefined;
    return refusal;
  }

  /** Out of a pool. Exchanges are short: where no limit asks, none that a reload might bring needs to find them. */
  takeAgain(limits: Effects["limits"] | undefined): LimitRefusal | undefined {
    return this.#limiter.limitsHosts ? this.take(limits) : undefined;
  }

  leave(): void {
    if (this.#isTaken) this.#limiter.releaseUpstream(this.#host);
    this.#isTaken = false;
  }
}
