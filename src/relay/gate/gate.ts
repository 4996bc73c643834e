/**
 * The gate: every request passes here once, before anything is resolved or dialled.
 *
 *   1. memory is short                  503, and no exchange
 *   2. the client is banned             cut
 *      who the client is (`log-in.ts`)  407, 503
 *   3. the policy's rules               403, 407, a redirect, a cut, or on
 *   4. what they say of the content     403, 413
 *   5. the limits                       429
 *
 * Who the client is was found out before (`log-in.ts`); which addresses may be
 * dialled is judged when they are known (`passage.ts`).
 */
import type { RequestHead } from "../../http1/head.ts";
import type { Origin } from "../../http1/target.ts";
import { Grant } from "../../limits/grant.ts";
import { judgeRequest } from "../../policy/changes/content.ts";
import type { Decision, Effects } from "../../policy/decision.ts";
import { epochNow, type RelayContext, type Settings } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import type { Reply } from "../message/reply.ts";
import { isAudited, limitFailure } from "./audit.ts";
import type { ClientFacts } from "./client-facts.ts";
import { watchFor } from "./content.ts";
import { countDecision, countEffects, countUser } from "./counts.ts";
import { Passage } from "./passage.ts";
import { banned, overloaded, redirected, refusedByContent, refusedByRule, refusedLogIn } from "./refusal.ts";

export type Entry =
  | Passage
  | { readonly result: "refused"; readonly failure: Failure }
  | { readonly result: "redirected"; readonly reply: Reply };

/** From this level on no exchange begins. */
const SHED_EXCHANGES = 2;

/** The first two steps, before a password is verified for it; undefined: on. */
export function refusedEarly(context: RelayContext, client: ClientFacts): Failure | undefined {
  if (context.shedLevel >= SHED_EXCHANGES) return overloaded();
  return context.bans.find(client.address, epochNow(context)) === undefined ? undefined : banned();
}

export function enter(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  client: ClientFacts,
  head: RequestHead,
  target: { readonly origin: Origin; readonly path?: string },
): Entry {
  const nowMs = epochNow(context);
  exchange.user = client.user?.name;

  const { policy } = settings;
  const passage = new Passage(context, settings, exchange, client, head, target, nowMs);
  const decision = policy.decide(client.who(policy), passage);
  passage.decision = decision;
  countDecision(context, settings, decision);
  if (client.user !== undefined) countUser(context, settings, client.user.name);
  if (settings.hasRules && decision.verdict !== "by-address") exchange.decidedBy(decision);
  if (decision.effects !== undefined) takeEffect(context, settings, exchange, passage, decision.effects);
  if (decision.wouldDeny) {
    // What is refused uses up no limit, and so nor does what an audit only says it would refuse.
    context.refusedHosts.count(passage.host);
    return passage;
  }

  switch (decision.verdict) {
    case "allow":
    case "by-address":
      return (
        contentRefusal(context, settings, exchange, passage, head) ??
        limitRefusal(context, settings, exchange, passage) ??
        passage
      );
    case "deny":
    case "reset":
      return refusedHost(context, passage, decision);
    case "log-in":
      return settings.authentication === undefined
        ? refusedHost(context, passage, decision)
        : refused(refusedLogIn("credentials_missing", settings.authentication.challenge, decision));
    case "redirect":
      return { result: "redirected", reply: redirected(decision) };
  }
}

function takeEffect(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  passage: Passage,
  effects: Effects,
): void {
  countEffects(context, settings, effects);
  exchange.tags = effects.tags;
  if (effects.target === undefined) return;
  passage.turnTo(effects.target);
  exchange.rewritten = `http://${passage.authority}${passage.path}`;
}

function contentRefusal(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  passage: Passage,
  head: RequestHead,
): Entry | undefined {
  const specs = passage.effects?.content;
  if (specs === undefined || specs.length === 0 || passage.kind === "tunnel") return undefined;
  const { contentLength } = head.fields;
  for (const spec of specs) {
    const because = judgeRequest(spec, { path: passage.path, contentLength });
    if (because === undefined) continue;
    const failure = refusedByContent(spec.rule, because);
    if (!isAudited(context, settings, exchange, failure)) return refused(failure);
  }
  passage.requestWatch = watchFor(context, settings, exchange, specs, "requestBytes");
  passage.answerWatch = watchFor(context, settings, exchange, specs, "answerBytes");
  return undefined;
}

function limitRefusal(
  context: RelayContext,
  settings: Settings,
  exchange: Exchange,
  passage: Passage,
): Entry | undefined {
  const { client, host, nowMs } = passage;
  const granted =
    client.admitUser(context.limiter) ??
    context.limiter.admit(passage.effects?.limits, client.text, client.user?.name, host, nowMs);
  if (granted === undefined) return undefined;
  if (granted instanceof Grant) {
    exchange.grant = granted;
    passage.grant = granted;
    return undefined;
  }
  const failure = limitFailure(context, settings, exchange, granted);
  return failure && refused(failure);
}

function refusedHost(context: RelayContext, passage: Passage, decision: Decision): Entry {
  context.refusedHosts.count(passage.host);
  return refused(refusedByRule(decision));
}

function refused(failure: Failure): Entry {
  return { result: "refused", failure };
}
