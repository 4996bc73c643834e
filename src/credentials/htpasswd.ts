/**
 * The htpasswd format: `name:hash` a line, `#` for comments. Text in, accounts
 * out. Like Apache and nginx it ignores what follows a second colon and the
 * space around a line. A problem names the line and never what stands in it.
 */
import { type Account, isUserName } from "./account.ts";
import { judgeHash } from "./hash.ts";
import { firstProblems } from "./problems.ts";

export interface ReadHtpasswd {
  /** In no groups: the file knows none. */
  readonly accounts: readonly Account[];
  /** Of all lines, the first 20. `/etc/users:3: …`. */
  readonly problems: readonly string[];
}

/** Each worker has a copy of all accounts, and takes in so many anew within 0.1 s. */
export const HTPASSWD_LINES_MAX = 20_000;

/** Room for that many lines with the longest of usual hashes. */
export const HTPASSWD_BYTES_MAX = 4 * 1024 * 1024;

export function parseHtpasswd(text: string, path: string): ReadHtpasswd {
  if (text.length > HTPASSWD_BYTES_MAX) return refuse(`${path}: it is larger than 4 MiB`);
  const lines = text.replace(/^\ufeff/, "").split("\n", HTPASSWD_LINES_MAX + 1);
  if (lines.length > HTPASSWD_LINES_MAX)
    return refuse(`${path}: it has more than ${HTPASSWD_LINES_MAX} lines`);

  const accounts: Account[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line);
    if (entry === undefined) continue;
    const problem = "problem" in entry ? entry.problem : findTwin(entry.name, lineOf, index + 1);
    if (problem !== undefined) problems.push(`${path}:${index + 1}: ${problem}`);
    else if ("hash" in entry) accounts.push(accountOf(entry));
  }
  return { accounts, problems: firstProblems(problems, path) };
}

type Entry = { readonly name: string; readonly hash: string };

/** Undefined: a comment, or nothing. */
function parseLine(line: string): Entry | { readonly problem: string } | undefined {
  const trimmed = line.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  const [name = "", hash] = trimmed.split(":", 2);
  if (hash === undefined) return { problem: 'Expected "name:hash", found no colon' };
  if (!isUserName(name)) return { problem: "Expected a name of 1 to 128 characters without spaces" };
  const judgement = judgeHash(hash);
  return typeof judgement === "string" ? { name, hash } : judgement;
}

function findTwin(name: string, lineOf: Map<string, number>, line: number): string | undefined {
  const first = lineOf.get(name);
  if (first === undefined) lineOf.set(name, line);
  return first === undefined ? undefined : `The name is taken already, by line ${first}`;
}

function accountOf({ name, hash }: Entry): Account {
  return { name, groups: [], expires: undefined, secret: { kind: "hash", text: hash } };
}

function refuse(problem: string): ReadHtpasswd {
  return { accounts: [], problems: [problem] };
}
