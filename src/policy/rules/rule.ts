/**
 * A rule made ready: what it compares was parsed. Clients, users, listeners,
 * schemes, hosts, lists, ports and methods become columns of bits
 * (`columns.ts`); what is left here is looked at rule by rule, and only when all
 * of those match.
 */
import { type Cidr, parseCidr } from "../address.ts";
import type { Action, RuleSpec } from "../spec.ts";
import { compileFieldMatcher, type FieldMatcher } from "./field-matcher.ts";
import { compileGlob, type Glob } from "./glob.ts";
import { normaliseGlobPath } from "./path.ts";
import { knownPattern, type Pattern } from "./pattern.ts";
import { Schedule } from "./schedule.ts";

export interface Rule {
  readonly index: number;
  readonly name: string;
  readonly action: Action;
  readonly spec: RuleSpec;
  readonly decides: boolean;
  readonly wantsUser: boolean;
  readonly clients: readonly Cidr[];
  readonly addresses: readonly Cidr[];
  readonly paths: readonly Glob[];
  readonly patterns: readonly Pattern[];
  readonly fields: readonly FieldMatcher[];
  readonly schedule: Schedule | undefined;
  /** It has paths, patterns, headers or times: bits alone don't tell whether it matches. */
  readonly isDynamic: boolean;
}

/** The four that end an evaluation. */
export function decides(action: Action): boolean {
  return action === "allow" || action === "deny" || action === "reset" || action === "redirect";
}

export function compileRule(spec: RuleSpec, index: number): Rule {
  const { paths, patterns, headers, times } = spec;
  return {
    index,
    name: spec.name,
    action: spec.action,
    spec,
    decides: decides(spec.action),
    wantsUser: spec.users.length > 0 || spec.groups.length > 0,
    clients: spec.clients.map(knownCidr),
    addresses: decides(spec.action) ? spec.addresses.map(knownCidr) : [],
    paths: paths.map((text) => ({ ...compileGlob(normaliseGlobPath(text)), text })),
    patterns: patterns.map(knownPattern),
    fields: headers.map(compileFieldMatcher),
    schedule: times.length === 0 ? undefined : new Schedule(times),
    isDynamic: paths.length + patterns.length + headers.length + times.length > 0,
  };
}

function knownCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`Cannot read range ${JSON.stringify(text)}`);
  return cidr;
}
