/** Decisions as sentences, and the secrets of a config kept out of them. */
import { tellsSecret } from "../config/kinds-http.ts";
import { HIDDEN } from "../config/kinds-identity.ts";
import type { AddressDecision, Decision } from "../policy/decision.ts";
import type { FieldChanges, NameValue } from "../policy/spec.ts";

const DONE: Readonly<Record<Decision["verdict"], string>> = {
  allow: "allows it",
  deny: "denies it",
  reset: "cuts it off",
  redirect: "sends it elsewhere",
  "log-in": "denies it, and a rule before would allow somebody who has logged in",
  "by-address": "decides by what the host resolves to",
};

/** `rule "ci" allows it (list "ads")`. */
export function describeRule(decided: Decision | AddressDecision): string {
  const by = decided.ruleIndex < 0 ? "no rule decides, and the default" : `rule "${decided.rule}"`;
  const list = decided.list === undefined ? "" : ` (list "${decided.list}")`;
  return decided.wouldDeny
    ? `${by} would refuse it${list}, but an audit lets it pass`
    : `${by} ${DONE[decided.verdict]}${list}`;
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
