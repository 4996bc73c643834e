/** Whether an address that a host resolved to would be dialled: by the rules that wait for it, then as what it is. */
import { formatAddress, parseAddress } from "../policy/address.ts";
import type { AddressDecision, Decision, RequestFacts, TraceStep, Who } from "../policy/decision.ts";
import { decideDestination, describeRefusal, type OwnAddresses, type Reach } from "../policy/destination.ts";
import type { Policy } from "../policy/rules/policy.ts";
import { type SpecialRange, specialOf } from "../policy/special.ts";
import { describeRule } from "./explain-words.ts";

export interface ExplainedAddress {
  readonly address: string;
  readonly verdict: AddressDecision["verdict"];
  readonly because: string;
  /** That decided by the address; "addresses" when it is special and no rule opens it; undefined when none waited for it. */
  readonly rule: string | undefined;
  readonly list: string | undefined;
  /** It is this proxy itself. */
  readonly isOwn: boolean;
  /** An audit lets it pass. */
  readonly wouldDeny: boolean;
  readonly special: Pick<SpecialRange, "kind" | "range" | "source"> | undefined;
  /** Where a redirect sends the client. */
  readonly redirect: Decision["redirect"];
  /** Of the rules that wait for an address, and those after them. */
  readonly steps: readonly TraceStep[];
}

/** What the host was judged by, and from where. */
export interface Way {
  readonly policy: Policy;
  readonly who: Who;
  /** As asked, before any rewrite. */
  readonly facts: RequestFacts;
  readonly decision: Decision;
  /** After it. */
  readonly port: number;
  readonly own: OwnAddresses;
  readonly reach: Reach;
}

export function explainAddress(text: string, way: Way): ExplainedAddress {
  const address = parseAddress(text);
  const base = { address: text, rule: undefined, list: undefined, isOwn: false, wouldDeny: false };
  const more = { special: undefined, redirect: undefined, steps: [] };
  if (address === undefined) return { ...base, ...more, verdict: "deny", because: "it is no address" };

  const steps: TraceStep[] = [];
  const { policy, who, facts, decision } = way;
  const decided =
    decision.verdict === "by-address"
      ? policy.decideAddress(who, facts, decision, address, steps)
      : undefined;
  const special = specialOf(address);
  const shown = {
    ...base,
    address: formatAddress(address),
    rule: decided?.rule,
    list: decided?.list,
    wouldDeny: decided?.wouldDeny ?? false,
    special: special && { kind: special.kind, range: special.range, source: special.source },
    redirect: decided?.redirect,
    steps,
  };
  if (decided !== undefined && decided.verdict !== "allow") {
    return { ...shown, verdict: decided.verdict, because: describeRule(decided) };
  }
  const opensSpecial = decided?.opensSpecial ?? false;
  const destination = decideDestination(address, way.port, way.own, way.reach, opensSpecial);
  if (destination.verdict === "refuse") {
    const isOwn = destination.because === "own_listener";
    const because = describeRefusal(address, destination);
    return {
      ...shown,
      verdict: "deny",
      because,
      isOwn,
      rule: isOwn ? undefined : "addresses",
      list: undefined,
    };
  }
  return { ...shown, verdict: "allow", because: whyAllowed(decided, special) };
}

function whyAllowed(decided: AddressDecision | undefined, special: SpecialRange | undefined): string {
  const what = special === undefined ? "" : ` (${special.kind} address, ${special.source})`;
  if (decided !== undefined) return `${describeRule(decided)}${what}`;
  if (special === undefined) return "it is no special-purpose address";
  return `whoever reaches a listener on loopback may reach it${what}`;
}
