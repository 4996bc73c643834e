/**
 * What would become of a request, and why: the gate's order, with every step
 * written down. Nothing is dialled and nothing counted, so limits and bans are
 * not judged.
 *
 *   1. the client may not use the listener      reset
 *   2. nobody has logged in, and must           log-in
 *   3. the policy's rules                       as they decide
 *   4. what they say of the content             deny
 *   5. every address that the host resolves to  `explain-address.ts`; one that may be dialled is enough
 */
import type { Config } from "../config/schema.ts";
import type { Account } from "../credentials/account.ts";
import type { ListTables } from "../lists/keeper.ts";
import type { Resolution } from "../net/resolve.ts";
import { cidrContains, formatAddress, parseAddress, parseCidr } from "../policy/address.ts";
import { judgeRequest } from "../policy/changes/content.ts";
import type { Decision, Effects, RequestFacts, TraceStep } from "../policy/decision.ts";
import { type OwnAddresses, reachOf } from "../policy/destination.ts";
import { ListTable } from "../policy/list/table.ts";
import { Policy } from "../policy/rules/policy.ts";
import { type ExplainedAddress, explainAddress, type Way } from "./explain-address.ts";
import { notesOn } from "./explain-notes.ts";
import { type AskedRequest, listenersOf, parseQuestion } from "./explain-question.ts";
import { describeRule, hideFields, hideParameters } from "./explain-words.ts";

/** What the config alone does not say. */
export interface ExplainWith {
  readonly lists: ListTables;
  readonly accounts: readonly Account[];
  /** Somebody may be asked to log in. */
  readonly hasAccounts: boolean;
  readonly own: OwnAddresses;
}

export type Resolve = (host: string) => Promise<Resolution>;

/** `unknown`: an address decides, and the host has none now. */
export type ExplainedVerdict = "allow" | "deny" | "reset" | "redirect" | "log-in" | "unknown";

interface Outcome {
  readonly verdict: ExplainedVerdict;
  /** A sentence without a period. */
  readonly because: string;
  /** "default" when none decided; undefined when it was no matter of rules. */
  readonly rule: string | undefined;
  readonly list: string | undefined;
  /** An audit lets it pass. */
  readonly wouldDeny: boolean;
  readonly redirect: Decision["redirect"];
}

export interface Explanation extends Outcome {
  readonly request: {
    readonly kind: "http" | "tunnel";
    readonly method: string;
    /** `http://example.com/a`; of a tunnel `example.com:443`. */
    readonly target: string;
    readonly host: string;
    readonly port: number;
    readonly client: string;
    readonly listener: string;
    readonly user: string | undefined;
    readonly groups: readonly string[];
  };
  readonly mode: "enforce" | "audit";
  readonly steps: readonly TraceStep[];
  readonly effects: ExplainedEffects | undefined;
  /** Empty when it was refused before a look-up. */
  readonly addresses: readonly ExplainedAddress[];
  /** Why there are none. */
  readonly unresolved: string | undefined;
  /** What else there is to know, a sentence each. */
  readonly notes: readonly string[];
}

/** Values of fields and parameters that tell secrets are hidden. */
export interface ExplainedEffects extends Omit<Effects, "rules" | "target"> {
  /** Where a rewrite sends it. */
  readonly target: string | undefined;
}

export type ExplainedQuestion =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Of whatever came as a question. */
export async function explainQuestion(
  input: unknown,
  config: Config,
  using: ExplainWith,
  resolve: Resolve,
  nowMs = Date.now(),
): Promise<ExplainedQuestion> {
  const parsed = parseQuestion(input, config, using.accounts, nowMs);
  if (!parsed.ok) return parsed;
  return { ok: true, explanation: await explain(parsed.asked, config, using, resolve, nowMs) };
}

export async function explain(
  asked: AskedRequest,
  config: Config,
  using: ExplainWith,
  resolve: Resolve,
  nowMs: number,
): Promise<Explanation> {
  const base = {
    request: describeRequest(asked, config),
    mode: config.policy.mode,
    notes: notesOn(asked, config, using.hasAccounts),
  };
  const nothing = { steps: [], effects: undefined, addresses: [], unresolved: undefined };
  const early = refusedEarly(asked, config, using);
  if (early !== undefined) return concluded({ ...base, ...nothing }, early);

  const lists = new Map([...using.lists].map(([name, table]) => [name, new ListTable(table)]));
  const policy = new Policy(config.policy, listenersOf(config), lists);
  const who = policy.who(asked.client, asked.listener, asked.user);
  const facts = factsOf(asked, nowMs);
  const steps: TraceStep[] = [];
  const decision = policy.decide(who, facts, steps);
  const judged = {
    ...base,
    ...nothing,
    steps: steps.map((step) => ({ ...step, because: hideParameters(step.because) })),
    effects: describeEffects(decision.effects),
  };
  const outcome = byContent(decision, asked, config) ?? byRules(decision);
  if (decision.verdict !== "allow" && decision.verdict !== "by-address") return concluded(judged, outcome);
  if (outcome.verdict !== "allow" && outcome.verdict !== "unknown") return concluded(judged, outcome);

  const { host, port } = decision.effects?.target ?? asked.origin;
  const found = await addressesOf(host, resolve);
  if (!found.ok) return concluded({ ...judged, unresolved: found.detail }, outcome);
  const reach = reachOf(config.listeners[asked.listener]?.address.host ?? "");
  const way: Way = { policy, who, facts, decision, port, own: using.own, reach };
  const addresses = found.addresses.map((address) => explainAddress(address, way));
  return concluded({ ...judged, addresses }, byAddresses(outcome, addresses));
}

/** The verdict before all that led to it, for whoever reads the JSON. */
function concluded({ request, ...way }: Omit<Explanation, keyof Outcome>, outcome: Outcome): Explanation {
  return { request, ...outcome, ...way };
}

/** What is not the policy's to decide. */
function refusedEarly(
  asked: AskedRequest,
  config: Config,
  { hasAccounts }: ExplainWith,
): Outcome | undefined {
  const { client, user, hasExpired } = asked;
  const clients = config.listeners[asked.listener]?.clients ?? [];
  const isClient = clients.length === 0 || clients.some((text) => holds(text, asked));
  if (!isClient) return told("reset", `${formatAddress(client)} is not among the listener's clients`);
  if (hasExpired && user !== undefined)
    return told("log-in", `the credentials of "${user.name}" have expired`);
  if (user === undefined && hasAccounts && config.authentication.mode === "required") {
    return told("log-in", "authentication is required, and nobody has logged in");
  }
  return undefined;
}

function holds(range: string, { client }: AskedRequest): boolean {
  const cidr = parseCidr(range);
  return cidr !== undefined && cidrContains(cidr, client);
}

function byRules(decision: Decision): Outcome {
  const { verdict, rule, list, wouldDeny, redirect } = decision;
  const because = describeRule(decision);
  return {
    verdict: verdict === "by-address" ? "unknown" : verdict,
    because,
    rule,
    list,
    wouldDeny,
    redirect,
  };
}

/** Of what a request shows: the path. Sizes and answers are not known. */
function byContent(decision: Decision, asked: AskedRequest, { policy }: Config): Outcome | undefined {
  const { effects, verdict } = decision;
  if (asked.kind === "tunnel" || (verdict !== "allow" && verdict !== "by-address")) return undefined;
  const path = effects?.target?.path ?? asked.path;
  for (const spec of effects?.content ?? []) {
    const refusal = judgeRequest(spec, { path, contentLength: -1 });
    if (refusal === undefined) continue;
    if (policy.mode === "audit") {
      const because = `rule "${spec.rule}" would refuse its content (${refusal.detail}), but an audit lets it pass`;
      return { ...byRules(decision), because, rule: spec.rule, wouldDeny: true };
    }
    return { ...told("deny", `rule "${spec.rule}" refuses its content: ${refusal.detail}`), rule: spec.rule };
  }
  return undefined;
}

async function addressesOf(
  host: string,
  resolve: Resolve,
): Promise<
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly detail: string }
> {
  if (parseAddress(host) !== undefined) return { ok: true, addresses: [host] };
  const found = await resolve(host);
  return found.ok ? found : { ok: false, detail: `${host} does not resolve now (${found.detail})` };
}

/** One address that may be dialled is enough; when there is none, a loop is told before anything else. */
function byAddresses(before: Outcome, addresses: readonly ExplainedAddress[]): Outcome {
  const dialled = addresses.filter(({ verdict }) => verdict === "allow");
  const [first] = dialled;
  if (first === undefined) {
    const refused = addresses.find(({ isOwn }) => isOwn) ?? addresses[0];
    if (refused === undefined) return before;
    const { verdict, because, rule, list, redirect } = refused;
    return { verdict, because, rule, list, redirect, wouldDeny: false };
  }
  if (before.verdict !== "unknown") return before;
  const { because, rule, list } = first;
  const wouldDeny = before.wouldDeny || dialled.every((address) => address.wouldDeny);
  return { verdict: "allow", because, rule, list, wouldDeny, redirect: undefined };
}

function told(verdict: ExplainedVerdict, because: string): Outcome {
  return { verdict, because, rule: undefined, list: undefined, wouldDeny: false, redirect: undefined };
}

function factsOf({ kind, method, origin, path }: AskedRequest, nowMs: number): RequestFacts {
  return { kind, method, host: origin.host, port: origin.port, path, fieldLines: "", nowMs };
}

function describeRequest(asked: AskedRequest, config: Config): Explanation["request"] {
  const { kind, method, origin, path, client, user } = asked;
  return {
    kind,
    method,
    target: kind === "tunnel" ? origin.authority : hideParameters(`http://${origin.authority}${path}`),
    host: origin.host,
    port: origin.port,
    client: formatAddress(client),
    listener: listenersOf(config)[asked.listener] ?? "",
    user: user?.name,
    groups: user?.groups ?? [],
  };
}

function describeEffects(effects: Effects | undefined): ExplainedEffects | undefined {
  if (effects === undefined) return undefined;
  const { tags, limits, request, response, content, target } = effects;
  return {
    tags,
    limits,
    request: request.map(hideFields),
    response: response.map(hideFields),
    content,
    target: target && hideParameters(`http://${target.authority}${target.path}`),
  };
}
