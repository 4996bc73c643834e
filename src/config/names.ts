/** Names in lists, and what refers to them. */
import { nearest } from "./nearest.ts";
import { describeFound, expectedFound, type Problem, sentence } from "./problems.ts";
import type { Readable } from "./readable.ts";

/** Beyond these the nearest name is worth no search. */
const HINTS_MAX = 200;

export function* repeatedNames(path: string, items: Readable<{ readonly name: string }>): Generator<Problem> {
  const firstAt = new Map<string, number>();
  for (const [at, item] of items.entries()) {
    if (item === undefined) continue;
    const first = firstAt.get(item.name);
    if (first === undefined) firstAt.set(item.name, at);
    else yield expectedFound(`${path}[${at}].name`, "another name", `that of ${path}[${first}]`);
  }
}

/** Undefined when one of them could not be read: whatever is missing may be that. */
export function namesOf(items: Readable<{ readonly name: string }>): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const item of items) {
    if (item === undefined) return undefined;
    names.add(item.name);
  }
  return names;
}

/** Of `used` those that nobody `known` has. What they name is told by `expected`: "the name of one of policy.lists". */
export function* unknownNames(
  path: string,
  used: readonly string[],
  known: ReadonlySet<string> | undefined,
  expected: string,
): Generator<Problem> {
  if (known === undefined) return;
  for (const [at, name] of used.entries()) {
    if (!known.has(name)) yield unknownName(`${path}[${at}]`, name, known, expected);
  }
}

export function unknownName(
  path: string,
  name: string,
  known: ReadonlySet<string>,
  expected: string,
): Problem {
  const meant = known.size <= HINTS_MAX ? nearest(name, [...known]) : undefined;
  const hint = meant === undefined ? "" : `, did you mean ${JSON.stringify(meant)}?`;
  return { path, message: sentence(expected, describeFound(name)) + hint };
}
