/**
 * What must hold of the cache:
 *
 *   1. a rule's floor is no higher than its ceiling
 *   2. a rule that stores nothing says nothing of how it is stored
 *   3. a rule says something
 *   4. a rule by media type leaves the query alone, for the type is known when
 *      what was asked for is long decided
 *   5. offline there is a cache to answer from
 */
import { expectedFound, type Problem } from "./problems.ts";
import type { ReadableCache } from "./readable.ts";
import type { Config } from "./schema.ts";
import { formatDuration } from "./units.ts";

type Rule = Config["cache"]["rules"][number];

const LIFETIMES = ["ttl", "ttlMin", "ttlMax"] as const;

export function* cacheConflicts({ memory, offline, rules }: ReadableCache): Generator<Problem> {
  if (offline === true && memory === 0) {
    yield expectedFound("cache.offline", "false, for cache.memory is off", "true");
  }
  for (const [at, rule] of rules.entries()) {
    if (rule !== undefined) yield* ruleProblems(`cache.rules[${at}]`, rule);
  }
}

function* ruleProblems(path: string, rule: Rule): Generator<Problem> {
  const { ttlMin, ttlMax, ignoreQuery, types, never } = rule;
  if (ttlMin !== undefined && ttlMax !== undefined && ttlMin > ttlMax) {
    const most = formatDuration(ttlMax);
    yield expectedFound(
      `${path}.ttlMin`,
      `no more than ttlMax beside it, which is ${most}`,
      formatDuration(ttlMin),
    );
  }
  const said = whatItSays(rule);
  if (never) {
    for (const each of said) {
      yield expectedFound(`${path}.${each}`, "nothing beside never, which stores nothing", "something");
    }
  } else if (said.length === 0) {
    yield expectedFound(path, "at least one of ttl, ttlMin, ttlMax, ignoreQuery, never, cookies", "none");
  }
  if (ignoreQuery.length > 0 && types.length > 0) {
    yield expectedFound(
      `${path}.types`,
      "nothing beside ignoreQuery, for an answer's type is known too late for that",
      "a list",
    );
  }
}

function whatItSays(rule: Rule): string[] {
  return [
    ...LIFETIMES.filter((each) => rule[each] !== undefined),
    ...(rule.ignoreQuery.length > 0 ? ["ignoreQuery"] : []),
    ...(rule.cookies ? ["cookies"] : []),
  ];
}
