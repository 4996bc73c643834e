/**
 * What one limit gives an exchange for as long as it lasts: its place among those
 * at once, and the account that its bytes are charged to. Behind it in a chain
 * are the grants of its other limits; the first stands for all of them.
 */
import type { BucketTable } from "./bucket-table.ts";
import type { Budget, CompiledLimit } from "./compiled-limit.ts";
import type { CountTable } from "./count-table.ts";
import type { KeyHash } from "./key-hash.ts";
import { type LimitRefusal, refusedByBudget } from "./limit-refusal.ts";

export interface Tables {
  readonly buckets: BucketTable;
  readonly budgets: BucketTable;
  readonly counts: CountTable;
}

export class Grant {
  // Made for requests: private fields with a # would take three times as long to set up.
  private readonly tables: Tables;
  private readonly limit: CompiledLimit;
  private readonly key: KeyHash;
  private readonly next: Grant | undefined;
  private isReleased = false;

  constructor(tables: Tables, limit: CompiledLimit, key: KeyHash, next: Grant | undefined) {
    this.tables = tables;
    this.limit = limit;
    this.key = key;
    this.next = next;
  }

  /**
   * Bytes have come from the upstream (`down`) or from the client. Returns the
   * milliseconds to hold whoever sent them, or -1: a budget is used up.
   */
  charge(direction: "down" | "up", bytes: number, nowMs: number): number {
    const othersMs = this.next?.charge(direction, bytes, nowMs) ?? 0;
    const ownMs = this.chargeOwn(direction, bytes, nowMs);
    return othersMs < 0 || ownMs < 0 ? -1 : Math.max(othersMs, ownMs);
  }

  /** The budget because of which `charge` has said -1. */
  exhausted(nowMs: number): LimitRefusal {
    let found: LimitRefusal | undefined;
    for (let grant: Grant | undefined = this; grant !== undefined; grant = grant.next) {
      const { limit, key, tables } = grant;
      if (limit.budget === undefined) continue;
      const { salt, shape } = limit.budget;
      const [a, b] = [key.a ^ salt.a, key.b ^ salt.b];
      found = refusedByBudget(limit, limit.budget, tables.budgets.endsIn(a, b, shape, nowMs));
      if (tables.budgets.left(a, b, shape, nowMs) <= 0) return found;
    }
    if (found === undefined) throw new Error("Cannot name the budget: no limit of the grant has one");
    return found;
  }

  /** Once, when the exchange has ended. */
  release(): void {
    if (this.isReleased)
      throw new Error(`Cannot release grant of "${this.limit.name}": it is released already`);
    this.isReleased = true;
    leave(this.tables.counts, this.limit, this.key);
    this.next?.release();
  }

  private chargeOwn(direction: "down" | "up", bytes: number, nowMs: number): number {
    const { key, limit, tables } = this;
    const { budget } = limit;
    if (budget !== undefined && spend(tables.budgets, budget, key, bytes, nowMs) < 0) return -1;
    const rate = direction === "down" ? limit.download : limit.upload;
    if (rate === undefined) return 0;
    return tables.buckets.charge(key.a ^ rate.salt.a, key.b ^ rate.salt.b, rate.shape, bytes, nowMs);
  }
}

/** Gives up a place among the exchanges at once. */
export function leave(counts: CountTable, { exchanges }: CompiledLimit, { a, b }: KeyHash): void {
  if (exchanges !== undefined) counts.add(a ^ exchanges.salt.a, b ^ exchanges.salt.b, -1);
}

/** What is left of the budget then, in its counts. */
function spend(
  budgets: BucketTable,
  budget: Budget,
  { a, b }: KeyHash,
  bytes: number,
  nowMs: number,
): number {
  const { salt, shape } = budget;
  const all = bytes + budget.restBytes;
  const counts = Math.floor(all / shape.quantum);
  budget.restBytes = all - counts * shape.quantum;
  return budgets.spend(a ^ salt.a, b ^ salt.b, shape, counts, nowMs);
}
