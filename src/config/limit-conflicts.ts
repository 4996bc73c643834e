/**
 * What must hold of lists and limits:
 *
 *   1. each has a name of its own among its kind
 *   2. a list comes from a file or from a URL, and not from both
 *   3. a limit limits something, and a burst is one of requests or connections
 *   4. what is limited can be counted together that way: a connection of a
 *      client is made before any user, host or rule is known
 *   5. a limit by rule is named by one, and one of clients' connections by none
 */
import type { LimitSpec } from "../policy/spec.ts";
import { repeatedNames } from "./names.ts";
import { expectedFound, type Problem } from "./problems.ts";
import type { ReadablePolicy } from "./readable.ts";

const LIMITED = ["requests", "connections", "download", "upload", "budget", "exchanges", "open"] as const;

/** By what connections can be counted together. */
const CONNECTIONS_BY: readonly LimitSpec["by"][] = ["client", "all"];
const OPEN_BY: readonly LimitSpec["by"][] = ["client", "user", "host"];

export function* limitConflicts({ rules, lists, limits }: ReadablePolicy): Generator<Problem> {
  yield* repeatedNames("policy.lists", lists);
  yield* repeatedNames("policy.limits", limits);

  for (const [at, list] of lists.entries()) {
    if (list === undefined || (list.file === undefined) !== (list.url === undefined)) continue;
    const found = list.file === undefined ? "neither" : "both";
    yield expectedFound(`policy.lists[${at}]`, "either file or url", found);
  }

  const namedBy = new Map(rules.map((rule, at) => [rule?.limit, at]));
  const areRulesRead = !rules.includes(undefined);
  for (const [at, limit] of limits.entries()) {
    if (limit === undefined) continue;
    const path = `policy.limits[${at}]`;
    yield* limitProblems(path, limit);
    yield* namingProblems(path, limit, namedBy.get(limit.name), areRulesRead);
  }
}

function* limitProblems(path: string, limit: LimitSpec): Generator<Problem> {
  if (LIMITED.every((each) => limit[each] === undefined)) {
    yield expectedFound(path, `at least one of ${LIMITED.join(", ")}`, "none");
  }
  if (limit.burst !== undefined && limit.requests === undefined && limit.connections === undefined) {
    yield expectedFound(`${path}.burst`, "requests or connections beside it", "neither");
  }
  if (limit.connections !== undefined && !CONNECTIONS_BY.includes(limit.by)) {
    yield expectedFound(
      `${path}.connections`,
      `a limit by ${CONNECTIONS_BY.join(" or ")}`,
      `one by ${limit.by}`,
    );
  }
  if (limit.open !== undefined && !OPEN_BY.includes(limit.by)) {
    yield expectedFound(`${path}.open`, `a limit by ${OPEN_BY.join(" or ")}`, `one by ${limit.by}`);
  }
}

function* namingProblems(
  path: string,
  limit: LimitSpec,
  rule: number | undefined,
  areRulesRead: boolean,
): Generator<Problem> {
  if (rule === undefined) {
    if (limit.by === "rule" && areRulesRead) yield expectedFound(path, "a rule that names it", "none");
    return;
  }
  for (const each of ["connections", "open"] as const) {
    // Only a connection to a host is made for a request, and rules have matched by then.
    if (limit[each] === undefined || limit.by === "host") continue;
    yield expectedFound(`${path}.${each}`, "a limit that no rule names", `policy.rules[${rule}]`);
  }
}
