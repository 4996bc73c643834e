/**
 * What must hold of those who can log in:
 *
 *   1. users and tokens share one set of names, and groups have another
 *   2. a user has a password or a hash, and not both
 *   3. a group's members are users or tokens; with an htpasswd file, whose
 *      users are not known here, they may be anybody
 */
import { namesOf, repeatedNames, unknownNames } from "./names.ts";
import { expectedFound, type Problem } from "./problems.ts";
import type { ReadableAuthentication } from "./readable.ts";

export function* credentialConflicts(authentication: ReadableAuthentication): Generator<Problem> {
  const { users, tokens, groups } = authentication;
  yield* repeatedNames("authentication.users", users);
  yield* repeatedNames("authentication.tokens", tokens);
  yield* repeatedNames("authentication.groups", groups);
  yield* sharedNames(authentication);

  for (const [at, user] of users.entries()) {
    if (user === undefined || (user.password === undefined) !== (user.hash === undefined)) continue;
    const found = user.password === undefined ? "neither" : "both";
    yield expectedFound(`authentication.users[${at}]`, "either password or hash", found);
  }

  const known = knownUsers(authentication);
  for (const [at, group] of groups.entries()) {
    const path = `authentication.groups[${at}].members`;
    yield* unknownNames(path, group?.members ?? [], known, "the name of a user or token");
  }
}

/** Undefined: anybody. */
export function knownUsers({ users, tokens, htpasswd, isPartial }: ReadableAuthentication) {
  return isPartial || htpasswd !== undefined ? undefined : namesOf([...users, ...tokens]);
}

/** Those of `groups`, and those that users and tokens say they are in. */
export function knownGroups({ users, tokens, groups, isPartial }: ReadableAuthentication) {
  const known = isPartial ? undefined : namesOf(groups);
  if (known === undefined) return undefined;
  return new Set([...known, ...[...users, ...tokens].flatMap((account) => account?.groups ?? [])]);
}

function* sharedNames({ users, tokens }: ReadableAuthentication): Generator<Problem> {
  const userAt = new Map(users.map((user, at) => [user?.name, at]));
  for (const [at, token] of tokens.entries()) {
    const user = token && userAt.get(token.name);
    if (user === undefined) continue;
    yield expectedFound(
      `authentication.tokens[${at}].name`,
      "another name",
      `that of authentication.users[${user}]`,
    );
  }
}
