/**
 * A request on its way through the gate, and the conditions under which it was let
 * through: what the policy is asked about, what it said, what a limit granted, and
 * which addresses may be dialled for it.
 */
import type { RequestHead } from "../../http1/head.ts";
import type { Origin } from "../../http1/target.ts";
import type { Grant } from "../../limits/grant.ts";
import { type Address, parseAddress } from "../../policy/address.ts";
import type { AddressDecision, Decision, Effects, RequestFacts } from "../../policy/decision.ts";
import { type DestinationRefusal, decideDestination, describeRefusal } from "../../policy/destination.ts";
import type { ListenerSettings, RelayContext, Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import type { BodyWatch } from "../message/body-pipe.ts";
import type { Upstream } from "../upstream-pool.ts";
import type { ClientFacts } from "./client-facts.ts";
import { countDecision } from "./counts.ts";
import { refusedByAddress } from "./refusal.ts";

/** What was found of an address. */
export interface Judged {
  /** Undefined when no rule asks for it. */
  readonly decided: AddressDecision | undefined;
  /** Why it may not be dialled; undefined when it may. */
  readonly failure: Failure | undefined;
}

export class Passage implements RequestFacts {
  readonly result = "passed";
  readonly kind: "http" | "tunnel";
  readonly method: string;
  /** What the client asked for. The next four are what it gets, which a rewrite may have changed. */
  readonly asked: Origin;
  host: string;
  port: number;
  authority: string;
  path: string;
  /** What connections for it are pooled by: `host:port`, or the authority. */
  endpoint: string;
  readonly fieldLines: string;
  readonly nowMs: number;
  readonly client: ClientFacts;
  readonly exchange: Exchange;
  decision: Decision = UNDECIDED;
  grant: Grant | undefined = undefined;
  requestWatch: BodyWatch | undefined = undefined;
  answerWatch: BodyWatch | undefined = undefined;
  /** The upstream of the config that a route leads to; undefined of what is forwarded to where it was addressed. */
  upstream: string | undefined = undefined;
  // One is made for each request: private fields with a # would take three times as long to set up.
  private readonly context: RelayContext;
  private readonly settings: Settings;
  private isCounted = false;

  constructor(
    context: RelayContext,
    settings: Settings,
    exchange: Exchange,
    client: ClientFacts,
    head: RequestHead,
    target: { readonly origin: Origin; readonly path?: string },
    nowMs: number,
  ) {
    const { origin } = target;
    this.kind = target.path === undefined ? "tunnel" : "http";
    this.method = head.method;
    this.asked = origin;
    this.host = origin.host;
    this.port = origin.port;
    this.authority = origin.authority;
    this.endpoint = origin.authority;
    this.path = target.path ?? "";
    this.fieldLines = head.fields.forwarded;
    this.nowMs = nowMs;
    this.client = client;
    this.context = context;
    this.settings = settings;
    this.exchange = exchange;
  }

  get effects(): Effects | undefined {
    return this.decision.effects;
  }

  get listener(): ListenerSettings | undefined {
    return this.settings.listeners[this.client.listener];
  }

  /** Where a rewrite sends it. */
  turnTo({ host, port, authority, path }: NonNullable<Effects["target"]>): void {
    this.host = host;
    this.port = port;
    this.authority = authority;
    this.endpoint = authority;
    this.path = path;
  }

  /** To an endpoint of the config, which is told the Host that the client asked for. */
  routeTo(upstream: string, { host, port }: { readonly host: string; readonly port: number }): void {
    this.host = host;
    this.port = port;
    this.endpoint = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    this.upstream = upstream;
  }

  /** May this address be dialled? What comes of that is for `settle`. */
  judge(text: string): Judged {
    const address = parseAddress(text);
    if (address === undefined) return { decided: undefined, failure: prohibited(`${text} is no address`) };
    const decided = this.decideAddress(address);
    if (decided !== undefined && decided.verdict !== "allow") {
      const { authentication } = this.settings;
      return { decided, failure: refusedByAddress(decided, text, authentication?.challenge) };
    }
    const decision = decideDestination(
      address,
      this.port,
      this.settings.own,
      this.client.reach,
      // The config names its endpoints, wherever they are.
      this.upstream !== undefined || (decided?.opensSpecial ?? false),
    );
    const failure = decision.verdict === "allow" ? undefined : refusedDestination(address, decision);
    return { decided, failure };
  }

  /** Of all the addresses that were judged, this one stands for what became of the request. */
  settle({ decided }: Judged): void {
    if (decided === undefined) return;
    this.exchange.decidedBy(decided);
    if (!this.isCounted) countDecision(this.context, this.settings, decided);
    this.isCounted = true;
  }

  /** A connection in the pool was dialled for somebody else: this one may not be let there. */
  mayUse(upstream: Upstream): boolean {
    const { listener } = this;
    const isPlain = this.decision.verdict === "allow";
    // Without a rule on addresses only the listener and the config count, and the answer is known.
    if (isPlain && listener !== undefined && upstream.openTo === listener) return true;
    const judged = this.judge(upstream.address);
    if (judged.failure !== undefined) return false;
    this.settle(judged);
    if (isPlain) upstream.openTo = listener;
    return true;
  }

  private decideAddress(address: Address): AddressDecision | undefined {
    if (this.decision.verdict !== "by-address") return undefined;
    const { policy } = this.settings;
    return policy.decideAddress(this.client.who(policy), this, this.decision, address);
  }
}

function refusedDestination(address: Address, refusal: DestinationRefusal): Failure {
  const detail = describeRefusal(address, refusal);
  const failure = prohibited(detail);
  return refusal.because === "own_listener" ? { ...failure, word: "proxy_loop_detected" } : failure;
}

function prohibited(detail: string): Failure {
  return {
    word: "destination_ip_prohibited",
    detail,
    refusal: { reason: "address", rule: "addresses", mayRetry: false },
  };
}

const UNDECIDED: Decision = {
  verdict: "deny",
  rule: "default",
  ruleIndex: -1,
  list: undefined,
  wouldDeny: false,
  redirect: undefined,
  effects: undefined,
};
