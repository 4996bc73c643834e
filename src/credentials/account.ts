/**
 * Somebody who can log in: a user or a token. Of a secret that came as plain text
 * only the digest is kept, of a hash the hash. Accounts can be posted to a worker.
 */

export interface Account {
  /** The user-id of Basic authentication, and what rules call the user. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Milliseconds since the epoch; undefined: never. */
  readonly expires: number | undefined;
  readonly secret: Secret;
}

export type Secret =
  | { readonly kind: "digest"; readonly sha256: Uint8Array }
  /** bcrypt or argon2, as `judgeHash` accepts it. */
  | { readonly kind: "hash"; readonly text: string };

/** RFC 7617 §2: no colon and no control characters; no spaces either, and `*` means everybody in a rule. */
const USER_NAME = /^(?!\*$)[^\s:\p{C}]{1,128}$/u;

export const USER_NAME_EXPECTED =
  'the name of a user: 1 to 128 characters, no space or colon among them, and not "*"';

export function isUserName(text: string): boolean {
  return USER_NAME.test(text);
}

/** Not a password hash: for secrets that nobody can guess, or that the configuration holds as plain text anyway. */
export function digestOf(secret: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(secret).digest();
}
