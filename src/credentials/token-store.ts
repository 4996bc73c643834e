/**
 * Tokens that are added while running. They live in memory: a restart forgets
 * them all. Of a secret, which is told once to whoever asked for it, the digest
 * is kept.
 */
import { type Account, digestOf, isUserName, USER_NAME_EXPECTED } from "./account.ts";

export interface TokenRequest {
  readonly name: string;
  /** Milliseconds since the epoch; undefined: when Headgate ends. */
  readonly expires: number | undefined;
  readonly groups: readonly string[];
}

/** `problem` is a sentence for whoever asked. */
export type AddedToken =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly because: "invalid" | "taken" | "full"; readonly problem: string };

export interface StoredToken {
  readonly account: Account;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
}

/** As many as the configuration may have. */
const TOKENS_MAX = 10_000;

/** What lives longer belongs into the configuration. */
const LIFE_MS_MAX = 366 * 24 * 3_600_000;

/** Its user is told for so long that it has expired; after that it is wrong. */
const EXPIRED_KEPT_MS = 24 * 3_600_000;

const GROUPS_MAX = 100;
const GROUP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** 256 bits. */
const SECRET_BYTES = 32;

export class TokenStore {
  /** There was a token once, whatever has become of it. */
  hasHadTokens = false;
  readonly #tokens = new Map<string, StoredToken>();
  readonly #most: number;

  constructor(most = TOKENS_MAX) {
    this.#most = most;
  }

  get tokens(): readonly StoredToken[] {
    return [...this.#tokens.values()];
  }

  get accounts(): readonly Account[] {
    return this.tokens.map(({ account }) => account);
  }

  /** `isTaken`: whether an account that is not kept here has the name. An expired token gives its name up. */
  add(request: TokenRequest, isTaken: (name: string) => boolean, nowMs: number): AddedToken {
    const { name, expires, groups } = request;
    const problem = findProblem(request, nowMs);
    if (problem !== undefined) return { ok: false, because: "invalid", problem };
    const before = this.#tokens.get(name);
    if (isTaken(name) || (before !== undefined && !hasExpired(before, nowMs))) {
      return { ok: false, because: "taken", problem: `The name "${name}" is taken already` };
    }
    this.#tokens.delete(name);
    this.#makeRoom(nowMs);
    if (this.#tokens.size >= this.#most) {
      return {
        ok: false,
        because: "full",
        problem: `There are ${this.#most} tokens already: remove one first`,
      };
    }
    const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url");
    const account: Account = { name, groups, expires, secret: { kind: "digest", sha256: digestOf(secret) } };
    this.#tokens.set(name, { account, addedAt: nowMs });
    this.hasHadTokens = true;
    return { ok: true, secret };
  }

  remove(name: string): boolean {
    return this.#tokens.delete(name);
  }

  #makeRoom(nowMs: number): void {
    const isFull = this.#tokens.size >= this.#most;
    for (const [name, token] of this.#tokens) {
      if (hasExpired(token, isFull ? nowMs : nowMs - EXPIRED_KEPT_MS)) this.#tokens.delete(name);
    }
  }
}

function hasExpired({ account }: StoredToken, nowMs: number): boolean {
  return account.expires !== undefined && account.expires <= nowMs;
}

function findProblem({ name, expires, groups }: TokenRequest, nowMs: number): string | undefined {
  if (!isUserName(name)) return `Expected ${USER_NAME_EXPECTED}`;
  if (expires !== undefined && !(expires > nowMs && expires <= nowMs + LIFE_MS_MAX)) {
    return "Expected an expiry that lies ahead, by 366 days at most";
  }
  if (groups.length > GROUPS_MAX || !groups.every((group) => GROUP_NAME.test(group))) {
    return `Expected at most ${GROUPS_MAX} groups, of 1 to 64 letters, digits or any of ._-, a letter or digit first`;
  }
  return undefined;
}
