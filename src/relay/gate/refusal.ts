/**
 * The gate's refusals, as failures that a client is told of: a status, words that
 * name the rule, and whether to try again.
 *
 *   403  policy refused it         407  credentials are missing or wrong
 *   413  the content is too large  429  a limit is reached
 *   503  the proxy has no memory for it
 */

import { limitFields } from "../../limits/limit-fields.ts";
import type { LimitRefusal } from "../../limits/limit-refusal.ts";
import { cells } from "../../observe/cells.ts";
import type { ContentRefusal } from "../../policy/changes/content.ts";
import type { AddressDecision, Decision } from "../../policy/decision.ts";
import type { SniDecision } from "../../policy/sni.ts";
import type { RelayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Failure } from "../failure.ts";
import { plainReply, type Reply } from "../message/reply.ts";

type RuleRefusal = Pick<Decision, "verdict" | "rule" | "ruleIndex" | "list">;

/** By a rule, or by the default. */
export function refusedByRule(decision: RuleRefusal): Failure {
  const isDefault = decision.ruleIndex < 0;
  return {
    word: "http_request_denied",
    detail: `Policy refused this request ${byRule(decision)}${decision.list === undefined ? "" : ` (list ${quoted(decision.list)})`}`,
    refusal: {
      reason: isDefault ? "default" : "rule",
      rule: decision.rule,
      list: decision.list,
      isReset: decision.verdict === "reset",
      mayRetry: false,
    },
  };
}

/** By what its host leads to; `challenge`: of a proxy that one can log in to. */
export function refusedByAddress(
  decision: AddressDecision,
  address: string,
  challenge: string | undefined,
): Failure {
  if (decision.verdict === "log-in" && challenge !== undefined)
    return refusedLogIn("credentials_missing", challenge, decision);
  const failure = refusedByRule(decision);
  return { ...failure, detail: `${failure.detail}: it leads to ${address}` };
}

/** No refusal, and no failure: the client is to ask for something else. */
export function redirected({ redirect, rule }: Pick<Decision, "redirect" | "rule">): Reply {
  const { location, status } = redirect ?? { location: "", status: 302 };
  const text = `${status}: policy sends this request to ${location} (rule ${quoted(rule)}).\n`;
  return plainReply(status, text, `Location: ${location}\r\nCache-Control: no-store\r\n`);
}

const LOG_IN_DETAILS = {
  credentials_missing: "Credentials for this proxy are required",
  credentials_wrong: "The credentials for this proxy are wrong",
  token_expired: "The token for this proxy has expired",
} as const;

/** `decision`: of a policy that asks for them, where not everybody has to log in. */
export function refusedLogIn(
  reason: keyof typeof LOG_IN_DETAILS,
  challenge: string,
  decision?: RuleRefusal,
): Failure {
  const without = decision === undefined ? "" : `; without them policy refuses this ${byRule(decision)}`;
  return {
    word: "http_request_denied",
    status: 407,
    detail: `${LOG_IN_DETAILS[reason]}${without}`,
    refusal: { reason, rule: decision?.rule, fields: challenge, mayRetry: true },
  };
}

/** Too many passwords are being verified. */
export function busyLogIn(): Failure {
  return {
    word: "connection_limit_reached",
    detail: "Too many credentials are being verified",
    refusal: { reason: "overload", rule: undefined, fields: "Retry-After: 1\r\n", mayRetry: true },
  };
}

export function refusedByLimit(refusal: LimitRefusal): Failure {
  const seconds = Math.max(1, Math.ceil(refusal.retryMs / 1000));
  return {
    word: "http_request_denied",
    status: 429,
    detail: `Limit ${quoted(refusal.limit)} (${refusal.what} by ${refusal.by}) is reached, retry in ${seconds} s`,
    refusal: { reason: "limit", rule: refusal.limit, fields: limitFields(refusal), mayRetry: true },
  };
}

export function refusedByContent(rule: string, { because, status, detail }: ContentRefusal): Failure {
  return {
    word: "http_request_denied",
    status,
    detail: `Policy refused this content by rule ${quoted(rule)}: ${detail}`,
    refusal: { reason: because, rule, mayRetry: false },
  };
}

export function refusedBySni(
  { because, found }: Extract<SniDecision, { verdict: "deny" }>,
  host: string,
): Failure {
  const details = {
    sni_mismatch: `The tunnel to ${host} asks for ${found ?? "what can't be read"}`,
    sni_missing: `The tunnel to ${host} names no server`,
    not_tls: `The tunnel to ${host} does not carry TLS`,
  };
  return {
    word: "http_request_denied",
    detail: details[because],
    refusal: { reason: because, rule: "tunnels.sni", isReset: true, mayRetry: false },
  };
}

export function banned(): Failure {
  return {
    word: "http_request_denied",
    detail: "This client is banned for a while",
    refusal: { reason: "banned", rule: undefined, isReset: true, mayRetry: true },
  };
}

export function overloaded(): Failure {
  return {
    word: "connection_limit_reached",
    detail: "The proxy has no memory for more",
    refusal: { reason: "overload", rule: undefined, fields: "Retry-After: 5\r\n", mayRetry: true },
  };
}

/** What the log and the counters hear of an exchange that failed, or was refused. */
export function tellRefusal({ counters }: RelayContext, exchange: Exchange, failure: Failure): void {
  exchange.failure = failure.word;
  // It did not pass, whatever an audit would have let pass.
  if (failure.refusal !== undefined) exchange.wouldDeny = false;
  exchange.refusedBy(failure);
  if (failure.refusal !== undefined) counters.add(cells.refusals[failure.refusal.reason]);
}

function byRule({ rule, ruleIndex }: RuleRefusal): string {
  return ruleIndex < 0 ? "by default, for no rule allows it" : `by rule ${quoted(rule)}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
