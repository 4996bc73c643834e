/**
 * What is known of an exchange while it lives. Whatever happens to it, `end` is
 * called once, and that is the one event that counters and log hear of.
 */
import type { Grant } from "../limits/grant.ts";
import type { CacheWord } from "../observe/cache-word.ts";
import { cells } from "../observe/cells.ts";
import type { FailureWord } from "../observe/failure-word.ts";
import type { Reason } from "../observe/reason.ts";
import type { ExchangeKind, ExchangeRecord } from "../observe/record.ts";
import type { Decision } from "../policy/decision.ts";
import { epochNow, type RelayContext } from "./context.ts";
import type { Failure } from "./failure.ts";

const NO_TAGS: readonly string[] = [];

/** What a decision about a request and one about an address have in common. */
type RuleDecision = Pick<Decision, "rule" | "ruleIndex" | "list" | "wouldDeny">;

export class Exchange implements ExchangeRecord {
  kind: ExchangeKind = "own";
  readonly listener: number;
  readonly client: string;
  user: string | undefined = undefined;
  method = "";
  target = "";
  rewritten: string | undefined = undefined;
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly startedAt: number;
  durationMs = 0;
  firstByteMs: number | undefined = undefined;
  upstream: string | undefined = undefined;
  reused = false;
  cache: CacheWord | undefined = undefined;
  /** `Cache-Status` for an answer of our own, a whole line with its CRLF; empty where the cache has no part. */
  cacheLine = "";
  failure: FailureWord | undefined = undefined;
  rule: string | undefined = undefined;
  reason: Reason | undefined = undefined;
  list: string | undefined = undefined;
  tags: readonly string[] = NO_TAGS;
  wouldDeny = false;
  /** By the worker's clock. */
  readonly beganAtMs: number;
  /** What its limits have given it; given back at the end. */
  grant: Grant | undefined = undefined;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly context: RelayContext;
  private hasEnded = false;

  constructor(context: RelayContext, listener: number, client: string) {
    this.context = context;
    this.beganAtMs = context.now;
    // The time of day may be set before it ends.
    this.startedAt = epochNow(context);
    this.listener = listener;
    this.client = client;
    context.counters.add(cells.exchangesInFlight);
  }

  /** What can be told of a request whose head was refused: its method and target, as far as they make sense. */
  nameRefused(head: string): void {
    if (this.method !== "") return;
    const [, method = "", target = ""] =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]{1,2048})/.exec(head) ?? [];
    this.method = method;
    this.target = target;
  }

  /** The policy has spoken. Where it has no rules that is not worth a word. */
  decidedBy({ rule, ruleIndex, list, wouldDeny }: RuleDecision): void {
    // What an audit found before is worth more than what let it pass.
    if (this.wouldDeny && !wouldDeny) return;
    this.rule = rule;
    this.reason = ruleIndex < 0 ? "default" : "rule";
    this.list = list;
    if (wouldDeny) this.wouldDeny = true;
  }

  refusedBy({ refusal }: Failure): void {
    if (refusal === undefined) return;
    this.rule = refusal.rule;
    this.reason = refusal.reason;
    this.list = refusal.list;
  }

  firstByteCame(): void {
    this.firstByteMs = this.context.now - this.beganAtMs;
  }

  end(): void {
    if (this.hasEnded)
      throw new Error(`Cannot end exchange: ${this.method} ${this.target} has ended already`);
    this.hasEnded = true;
    this.durationMs = this.context.now - this.beganAtMs;
    this.context.counters.add(cells.exchangesInFlight, -1);
    this.grant?.release();
    this.context.observer.exchangeEnded(this);
  }
}
