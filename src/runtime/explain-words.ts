/** Decisions as sentences, and the secrets of a config kept out of them. */
import { tellsSecret } from "../config/kinds-http.ts";
import { HIDDEN } from "../config/kinds-identity.ts";
import type { AddressDecision, Decision } from "../policy/decision.ts";
import type { FieldChanges, NameValue } from "../policy/spec.ts";

const DONE: Readonly<Record<Decision["verdict"], string>> = {
  allow: "allows it",
  deny: "denies it",
  reset: "cuts it off",
  redirect: "redirects it",
  "log-in": "denies it; somebody who has logged in may be allowed",
  "by-address": "decides by what the host resolves to",
};

/** `rule "ads" denies it (list "ads")`. */
export function describeRule(decided: Decision | AddressDecision): string {
  const { rule, ruleIndex, list, verdict, wouldDeny, redirect } = decided;
  const by = ruleIndex < 0 ? "no rule decides, and the default" : `rule "${rule}"`;
  const done = wouldDeny ? "would refuse it, but an audit lets it pass" : DONE[verdict];
  const to = redirect === undefined ? "" : ` to ${hideParameters(redirect.location)} (${redirect.status})`;
  return `${by} ${done}${to}${list === undefined ? "" : ` (list "${list}")`}`;
}

/** Values of parameters in URLs, anywhere in `text`, by the name that they have. */
export function hideParameters(text: string): string {
  return text.replace(/([?&])([^=&\s]+)=[^&\s;"]+/g, (whole, before: string, name: string) =>
    tellsSecret(name) ? `${before}${name}=${HIDDEN}` : whole,
  );
}

export function hideFields(changes: FieldChanges): FieldChanges {
  const hidden = (pairs: readonly NameValue[]): NameValue[] =>
    pairs.map(({ name, value }) => ({ name, value: tellsSecret(name) ? HIDDEN : value }));
  return { remove: changes.remove, set: hidden(changes.set), add: hidden(changes.add) };
}
