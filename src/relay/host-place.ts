/**
 * A connection's place among those to its host that limits on `open` count. It has
 * one while an exchange or a tunnel uses it, and none while it is idle in a pool,
 * where it would keep all others from the host, in other workers too. However it
 * ends, the place is given back once.
 */
import type { Limiter } from "../limits/limiter.ts";
import type { RelayContext, Settings } from "./context.ts";
import type { Failure } from "./failure.ts";
import { limitFailure } from "./gate/audit.ts";
import type { Passage } from "./gate/passage.ts";

export class HostPlace {
  readonly #limiter: Limiter;
  readonly #host: string;
  #isTaken = false;

  constructor(limiter: Limiter, host: string) {
    this.#limiter = limiter;
    this.#host = host;
  }

  /** For this passage; why not, when it may not have it. What an audit lets pass has none. */
  take(context: RelayContext, settings: Settings, { effects, exchange }: Passage): Failure | undefined {
    const refusal = this.#limiter.admitUpstream(effects?.limits, this.#host);
    this.#isTaken = refusal === undefined;
    return refusal && limitFailure(context, settings, exchange, refusal);
  }

  /** Out of a pool. Exchanges are short: where no limit asks, none that a reload might bring needs to find them. */
  takeAgain(context: RelayContext, settings: Settings, passage: Passage): Failure | undefined {
    return this.#limiter.limitsHosts ? this.take(context, settings, passage) : undefined;
  }

  leave(): void {
    if (this.#isTaken) this.#limiter.releaseUpstream(this.#host);
    this.#isTaken = false;
  }
}
