/**
 * What must hold of rules:
 *
 *   1. each has a name of its own
 *   2. the lists, limits, listeners, users and groups that it names are there
 *   3. it says what its action wants to know, and nothing that another would
 *   4. only what decides can wait for the resolved address
 *   5. a replacement uses no group that its expression has not
 */
import { knownPattern } from "../policy/rules/pattern.ts";
import type { RuleSpec } from "../policy/spec.ts";
import { knownGroups, knownUsers } from "./credential-conflicts.ts";
import { formatHostPort } from "./host-port.ts";
import { namesOf, repeatedNames, unknownName, unknownNames } from "./names.ts";
import { describeFound, expectedFound, type Problem } from "./problems.ts";
import type { ReadableAuthentication, ReadableConfig, ReadablePolicy } from "./readable.ts";

interface Known {
  readonly users: ReadonlySet<string> | undefined;
  readonly groups: ReadonlySet<string> | undefined;
  readonly lists: ReadonlySet<string> | undefined;
  readonly limits: ReadonlySet<string> | undefined;
  readonly listeners: ReadonlySet<string> | undefined;
}

/** What a rule can say beside its matchers, and the action that wants to know it. */
const PARAMETERS = {
  redirect: "redirect",
  rewrite: "rewrite",
  request: "headers",
  response: "headers",
  limit: "limit",
  tags: "tag",
  content: "content",
} as const satisfies Partial<Record<keyof RuleSpec, RuleSpec["action"]>>;

type Parameter = keyof typeof PARAMETERS;

export function* ruleConflicts(
  policy: ReadablePolicy,
  authentication: ReadableAuthentication,
  listeners: ReadableConfig["listeners"],
): Generator<Problem> {
  yield* repeatedNames("policy.rules", policy.rules);
  const users = knownUsers(authentication);
  const known: Known = {
    users: users && new Set([...users, "*"]),
    groups: knownGroups(authentication),
    lists: namesOf(policy.lists),
    limits: namesOf(policy.limits),
    listeners: namesOf(listeners.map((each) => each && { name: formatHostPort(each.address) })),
  };
  for (const [at, rule] of policy.rules.entries()) {
    if (rule === undefined) continue;
    const path = `policy.rules[${at}]`;
    yield* unknownReferences(path, rule, known);
    yield* parameterProblems(path, rule);
    yield* groupProblems(path, rule);
  }
}

function* unknownReferences(path: string, rule: RuleSpec, known: Known): Generator<Problem> {
  yield* unknownNames(`${path}.users`, rule.users, known.users, 'the name of a user or token, or "*"');
  yield* unknownNames(`${path}.groups`, rule.groups, known.groups, "the name of a group");
  yield* unknownNames(`${path}.listeners`, rule.listeners, known.listeners, "the address of a listener");
  yield* unknownNames(`${path}.lists`, rule.lists, known.lists, "the name of one of policy.lists");
  if (rule.limit !== undefined && known.limits && !known.limits.has(rule.limit)) {
    yield unknownName(`${path}.limit`, rule.limit, known.limits, "the name of one of policy.limits");
  }
}

function* parameterProblems(path: string, rule: RuleSpec): Generator<Problem> {
  const { action, addresses } = rule;
  const parameters = Object.keys(PARAMETERS) as Parameter[];
  const wanted = parameters.filter((each) => PARAMETERS[each] === action);
  if (wanted.length > 0 && !wanted.some((each) => saysSomething(rule[each]))) {
    yield expectedFound(
      path,
      `something in ${wanted.join(" or ")}, for its action is "${action}"`,
      "nothing",
    );
  }
  for (const each of parameters) {
    if (wanted.includes(each) || !isGiven(rule[each])) continue;
    const expected = `nothing, for the action is "${action}" and not "${PARAMETERS[each]}"`;
    yield expectedFound(`${path}.${each}`, expected, describeFound(rule[each]));
  }
  if (addresses.length > 0 && action !== "allow" && action !== "deny" && action !== "reset") {
    const expected = `nothing, for the action is "${action}" and not "allow", "deny" or "reset"`;
    yield expectedFound(`${path}.addresses`, expected, describeFound(addresses));
  }
}

function* groupProblems(path: string, { rewrite }: RuleSpec): Generator<Problem> {
  if (rewrite?.pattern === undefined) return;
  const { from, to } = rewrite.pattern;
  const { groupCount } = knownPattern(from);
  const used = [...to.replaceAll("$$", "").matchAll(/\$(\d)/g)].map(([, digit]) => Number(digit));
  const most = Math.max(0, ...used);
  if (most <= groupCount) return;
  const expected = groupCount === 0 ? "no group, for from has none" : `groups up to $${groupCount}`;
  yield expectedFound(`${path}.rewrite.pattern.to`, expected, `$${most}`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** Whether there is anything in it, however deep. */
function saysSomething(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined;
  return Object.values(value).some(saysSomething);
}
