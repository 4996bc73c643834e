/**
 * May this request go where it wants to, and what is done to it on the way? A
 * policy compiled: a rule is a bit, a kind of matcher a column; the columns of a
 * request are ANDed (`columns.ts`), and the rules that are left are looked at in
 * order.
 *
 *   1. tag, limit, headers, content       take effect, and it goes on
 *   2. rewrite                            the new target is judged from the first rule, without those that took
 *                                         effect; when it is no valid target, the rule denies
 *   3. allow, deny, reset, redirect       decide; a redirect of a tunnel denies
 *      but name addresses, or may by a list   wait, and it goes on as if they did not match
 *   4. no rule decides                    the default does
 *
 * When a rule waits the decision is `by-address`, unless it would be a refusal
 * whatever the host resolves to: what is refused is not resolved either, or
 * names could carry secrets out through our resolver. In an audit, what deny,
 * reset, redirect and the default refuse is reported and let pass.
 */
import type { Address } from "../address.ts";
import { type RewrittenTarget, redirectTo, rewriteTarget } from "../changes/rewrite.ts";
import type { AddressDecision, Decision, RequestFacts, TraceStep, User, Who } from "../decision.ts";
import type { PolicySpec } from "../spec.ts";
import { opensSpecial } from "../special.ts";
import { type Bits, clearBit, hasBit, nextBit, noBits } from "./bits.ts";
import { Columns, type Lists } from "./columns.ts";
import { Way } from "./effects.ts";
import type { Asked } from "./explain.ts";
import { matchesAddress, matchesDynamically } from "./matchers.ts";
import { PathMemo } from "./path.ts";
import { compileRule, type Rule } from "./rule.ts";
import { Tracer } from "./trace.ts";

/** Rules that want to know an address first. */
interface Waits {
  readonly first: Rule;
  /** One of them may let it pass, or redirect it. */
  readonly mayPass: boolean;
}

export class Policy {
  readonly #rules: readonly Rule[];
  readonly #default: "allow" | "deny";
  readonly #isAudit: boolean;
  readonly #listeners: readonly string[];
  readonly #columns: Columns;
  readonly #start = new Way();
  readonly #withoutRules: Decision;
  readonly #paths = new PathMemo();
  /** Scratch: the rules that are left for the request under evaluation. */
  readonly #candidates: Bits;

  /** `listeners` as configured, by position. `spec` was checked: what can't be read in it throws. */
  constructor(spec: PolicySpec, listeners: readonly string[], lists: Lists) {
    this.#rules = spec.rules.map(compileRule);
    this.#default = spec.default;
    this.#isAudit = spec.mode === "audit";
    this.#listeners = listeners;
    this.#columns = new Columns(this.#rules, listeners, lists);
    this.#candidates = noBits(this.#rules.length);
    const wouldDeny = spec.default === "deny" && this.#isAudit;
    this.#withoutRules = this.#start.decide(
      wouldDeny ? "allow" : spec.default,
      undefined,
      undefined,
      wouldDeny,
    );
  }

  /** Swapped whole; what was remembered of hosts is forgotten. */
  setLists(lists: Lists): void {
    this.#columns.setLists(lists);
  }

  /** Once for a connection, and when its user changes. What it returns means something to this policy alone. */
  who(client: Address, listener: number, user: User | undefined): Who {
    return this.#columns.who(client, listener, user);
  }

  decide(who: Who, request: RequestFacts, trace?: TraceStep[]): Decision {
    if (this.#rules.length === 0 && trace === undefined) return this.#withoutRules;
    return this.#walk(who, request, this.#start, trace);
  }

  /** Of one address, after `waiting` was `by-address`: from the rule on that waited, by the rules that decide. */
  decideAddress(
    who: Who,
    request: RequestFacts,
    waiting: Decision,
    address: Address,
    trace?: TraceStep[],
  ): AddressDecision {
    const { ruleIndex: from, effects } = waiting;
    const asked = this.#ask(who, moved(request, effects?.target), effects?.rules, address);
    const tracer = trace && new Tracer(trace, this.#rules, asked, from);
    for (let at = nextBit(this.#candidates, from); at >= 0; at = nextBit(this.#candidates, at + 1)) {
      const rule = this.#rules[at];
      if (rule === undefined || !rule.decides || !this.#matchesNow(rule, asked)) continue;
      if (!this.#mayMatchAddress(rule, asked)) continue;
      const list = this.#listOf(rule, asked);
      tracer?.tellEnd(rule, this.#default, list);
      return this.#concludeAddress(asked, address, rule, list);
    }
    tracer?.tellEnd(undefined, this.#default);
    return this.#concludeAddress(asked, address, undefined, undefined);
  }

  #walk(who: Who, request: RequestFacts, start: Way, trace: TraceStep[] | undefined): Decision {
    const asked = this.#ask(who, request, start.effects?.rules, undefined);
    const tracer = trace && new Tracer(trace, this.#rules, asked, 0);
    let way = start;
    let waits: Waits | undefined;
    for (let at = nextBit(this.#candidates, 0); at >= 0; at = nextBit(this.#candidates, at + 1)) {
      const rule = this.#rules[at];
      if (rule === undefined || !this.#matchesNow(rule, asked)) continue;
      if (rule.decides) {
        if (!hasBit(asked.host.waits, at)) return this.#conclude(asked, way, waits, rule, tracer);
        waits = { first: waits?.first ?? rule, mayPass: waits?.mayPass === true || !refuses(rule.action) };
        tracer?.tell(rule, "waits_for_address");
      } else if (rule.action === "rewrite") {
        const decision = this.#rewrite(asked, way, rule, tracer, trace);
        if (decision !== undefined) return decision;
      } else {
        way = way.with(rule);
        tracer?.tell(rule, "took_effect");
      }
    }
    return this.#conclude(asked, way, waits, undefined, tracer);
  }

  /** ANDs the columns. What took effect before a rewrite (`spent`) is not done twice. */
  #ask(
    who: Who,
    request: RequestFacts,
    spent: readonly number[] | undefined,
    address: Address | undefined,
  ): Asked {
    const host = this.#columns.ofHost(request.host);
    const ports = this.#columns.ofPort(request.kind, request.port);
    const methods = this.#columns.ofMethod(request.method);
    const candidates = this.#candidates;
    for (let at = 0; at < candidates.length; at++) {
      candidates[at] =
        (who.bits[at] ?? 0) &
        ~(who.wantsUser[at] ?? 0) &
        (host.bits[at] ?? 0) &
        (ports[at] ?? 0) &
        (methods[at] ?? 0);
    }
    if (spent !== undefined) for (const rule of spent) clearBit(candidates, rule);
    const listener = this.#listeners[who.listener];
    return { who, request, host, listener, address, list: undefined, spent };
  }

  #matchesNow(rule: Rule, { request }: Asked): boolean {
    return !rule.isDynamic || matchesDynamically(rule, request, this.#paths);
  }

  /** What is not resolved yet may be any address. */
  #mayMatchAddress(rule: Rule, asked: Asked): boolean {
    const { address, host } = asked;
    if (address === undefined) return true;
    const isListed = !hasBit(host.waitsForList, rule.index) || this.#listOf(rule, asked) !== undefined;
    return isListed && matchesAddress(rule, address);
  }

  #listOf(rule: Rule, { host, address }: Asked): string | undefined {
    return address !== undefined && hasBit(host.waitsForList, rule.index)
      ? this.#columns.listHoldingAddress(rule, address)
      : host.lists?.get(rule.index);
  }

  /** Judges the new target; undefined when the rule changes nothing. */
  #rewrite(
    asked: Asked,
    way: Way,
    rule: Rule,
    tracer: Tracer | undefined,
    trace: TraceStep[] | undefined,
  ): Decision | undefined {
    const { who, request } = asked;
    if (rule.spec.rewrite === undefined) return undefined;
    const target = rewriteTarget(rule.spec.rewrite, request);
    if ("problem" in target) {
      tracer?.tell(rule, "decided", target.problem);
      return this.#isAudit ? way.decide("allow", rule, undefined, true) : way.decide("deny", rule);
    }
    if (target.host === request.host && target.port === request.port && target.path === request.path)
      return undefined;
    tracer?.tell(rule, "took_effect", `now http://${target.authority}${target.path}`);
    return this.#walk(who, moved(request, target), way.with(rule, target), trace);
  }

  #conclude(
    asked: Asked,
    way: Way,
    waits: Waits | undefined,
    rule: Rule | undefined,
    tracer: Tracer | undefined,
  ): Decision {
    const verdict = this.#verdictOf(asked, rule);
    if (waits !== undefined && (waits.mayPass || !refuses(verdict)))
      return way.decide("by-address", waits.first);

    tracer?.tellEnd(rule, this.#default);
    const list = rule && this.#listOf(rule, asked);
    if (verdict !== "allow" && this.#isAudit) return way.decide("allow", rule, list, true);
    const decision = way.decide(verdict, rule, list);
    return verdict === "redirect" ? { ...decision, redirect: redirectOf(rule, asked.request) } : decision;
  }

  #concludeAddress(
    asked: Asked,
    address: Address,
    rule: Rule | undefined,
    list: string | undefined,
  ): AddressDecision {
    const decided = this.#verdictOf(asked, rule);
    const wouldDeny = decided !== "allow" && this.#isAudit;
    const verdict = wouldDeny ? "allow" : decided;
    const opens = rule?.action === "allow" && rule.addresses.some((range) => opensSpecial(range, address));
    const redirect = verdict === "redirect" ? redirectOf(rule, asked.request) : undefined;
    const ruleIndex = rule?.index ?? -1;
    return {
      verdict,
      rule: rule?.name ?? "default",
      ruleIndex,
      list,
      wouldDeny,
      redirect,
      opensSpecial: opens,
    };
  }

  #verdictOf(asked: Asked, rule: Rule | undefined): AddressDecision["verdict"] {
    const action = rule === undefined ? this.#default : rule.action;
    switch (action) {
      case "allow":
      case "reset":
        return action;
      case "redirect":
        return asked.request.kind === "tunnel" ? "deny" : "redirect";
      default:
        return this.#wouldAllowUser(asked, rule?.index ?? this.#rules.length) ? "log-in" : "deny";
    }
  }

  /** Whether nobody has logged in, and a rule before `end` would allow somebody, as far as can be known. */
  #wouldAllowUser(asked: Asked, end: number): boolean {
    const { who, request, host } = asked;
    if (who.user !== undefined) return false;
    const ports = this.#columns.ofPort(request.kind, request.port);
    const methods = this.#columns.ofMethod(request.method);
    return this.#rules.some(
      (rule) =>
        rule.index < end &&
        rule.action === "allow" &&
        [who.wantsUser, who.bits, host.bits, ports, methods].every((bits) => hasBit(bits, rule.index)) &&
        this.#matchesNow(rule, asked) &&
        this.#mayMatchAddress(rule, asked),
    );
  }
}

function refuses(action: string): boolean {
  return action === "deny" || action === "reset" || action === "log-in";
}

function redirectOf(rule: Rule | undefined, request: RequestFacts): Decision["redirect"] {
  const redirect = rule?.spec.redirect;
  return redirect && { location: redirectTo(redirect, request), status: redirect.status };
}

function moved(request: RequestFacts, target: RewrittenTarget | undefined): RequestFacts {
  if (target === undefined) return request;
  const { kind, method, fieldLines, nowMs } = request;
  const { host, port, path } = target;
  return { kind, method, host, port, path, fieldLines, nowMs };
}
