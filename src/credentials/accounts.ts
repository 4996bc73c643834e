/**
 * All that can log in, from wherever it comes: users and tokens of the
 * configuration, the htpasswd file, and tokens added while running. A name is one
 * account's; of two that have the same, the first in that order keeps it.
 */
import { type Account, digestOf, type Secret } from "./account.ts";
import { judgeHash } from "./hash.ts";
import { firstProblems } from "./problems.ts";

/** What is used here of the configuration's `authentication`. */
export interface AuthenticationSpec {
  readonly users: readonly UserSpec[];
  /** A path. */
  readonly htpasswd?: string | undefined;
  readonly groups: readonly GroupSpec[];
  readonly tokens: readonly TokenSpec[];
}

/** With exactly one of the two. */
export interface UserSpec {
  readonly name: string;
  readonly password?: string | undefined;
  readonly hash?: string | undefined;
  readonly groups: readonly string[];
}

/** Members that nobody is called by are no mistake: the file and the tokens change while running. */
export interface GroupSpec {
  readonly name: string;
  readonly members: readonly string[];
}

export interface TokenSpec {
  readonly name: string;
  readonly token: string;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expires?: number | undefined;
  readonly groups: readonly string[];
}

export interface JoinedAccounts {
  readonly accounts: readonly Account[];
  /** `authentication.users[1].name: …` */
  readonly problems: readonly string[];
}

/** Takes the accounts of the configuration itself, of its htpasswd file, and those added while running. */
export function joinAccounts(
  spec: AuthenticationSpec,
  ofFile: readonly Account[],
  added: readonly Account[],
): JoinedAccounts {
  const problems: string[] = [];
  const origins = new Map<string, string>();
  const accounts: Account[] = [];
  const groupsOf = groupsByMember(spec.groups);
  for (const { origin, what, account } of candidates(spec, ofFile, added)) {
    const first = origins.get(account.name);
    if (first !== undefined) problems.push(`${what}: Expected another name, found that of ${first}`);
    else if ("problem" in account) problems.push(`${origin}.hash: ${account.problem}`);
    else accounts.push(withGroups(account, groupsOf.get(account.name)));
    if (first === undefined) origins.set(account.name, origin);
  }
  return { accounts, problems: firstProblems(problems, "authentication") };
}

/** Those that stand in the configuration itself. */
export function accountsOf(spec: AuthenticationSpec): readonly Account[] {
  return joinAccounts(spec, [], []).accounts;
}

interface Candidate {
  readonly origin: string;
  /** What a problem with its name is about. */
  readonly what: string;
  readonly account: Account | { readonly name: string; readonly problem: string };
}

function* candidates(
  spec: AuthenticationSpec,
  ofFile: readonly Account[],
  added: readonly Account[],
): Generator<Candidate> {
  for (const [index, user] of spec.users.entries()) {
    const origin = `authentication.users[${index}]`;
    yield { origin, what: `${origin}.name`, account: accountOfUser(user) };
  }
  for (const [index, token] of spec.tokens.entries()) {
    const origin = `authentication.tokens[${index}]`;
    yield { origin, what: `${origin}.name`, account: accountOfToken(token) };
  }
  for (const account of ofFile) {
    const origin = `${spec.htpasswd}`;
    yield { origin, what: `authentication.htpasswd: user "${account.name}" of ${origin}`, account };
  }
  for (const account of added) {
    const origin = `the token "${account.name}", which was added while running`;
    yield { origin, what: origin, account };
  }
}

function accountOfUser(user: UserSpec): Candidate["account"] {
  const { name, password, hash, groups } = user;
  if (hash === undefined) {
    return password === undefined
      ? { name, problem: "Expected a password or a hash, found neither" }
      : { name, groups, expires: undefined, secret: { kind: "digest", sha256: digestOf(password) } };
  }
  if (password !== undefined) return { name, problem: "Expected a password or a hash, found both" };
  const judgement = judgeHash(hash);
  if (typeof judgement !== "string") return { name, problem: judgement.problem };
  return { name, groups, expires: undefined, secret: { kind: "hash", text: hash } };
}

function accountOfToken({ name, token, expires, groups }: TokenSpec): Account {
  const secret: Secret = { kind: "digest", sha256: digestOf(token) };
  return { name, groups, expires, secret };
}

function groupsByMember(groups: readonly GroupSpec[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, members } of groups) {
    for (const member of members) {
      const names = found.get(member);
      if (names === undefined) found.set(member, [name]);
      else names.push(name);
    }
  }
  return found;
}

function withGroups(account: Account, more: readonly string[] | undefined): Account {
  return more === undefined ? account : { ...account, groups: [...new Set([...account.groups, ...more])] };
}
