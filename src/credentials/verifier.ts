/**
 * Are these credentials somebody's? Each worker has one. What can be known at
 * once is answered at once; only a password hash takes its time, off the thread.
 *
 *   1. none were sent                              missing
 *   2. they can't be read                          wrong
 *   3. the digest is that of the account           the user, or expired
 *   4. no account has a hash                       wrong
 *   5. they were verified a while ago              as then
 *   6. too many are being verified                 busy
 *   7. the account's hash is verified              the user, expired, or wrong
 *
 * Whoever is not let in learns nothing from the time that it took: a name that
 * nobody has, and one whose secret is a digest, come to 7 as well, with the hash
 * of somebody else. Secrets are compared in constant time, and none is kept.
 */
import type { User } from "../policy/decision.ts";
import { type Account, digestOf } from "./account.ts";
import { parseBasic } from "./basic.ts";
import { verifyHash } from "./hash.ts";
import { HashQueue, type VerifyHash } from "./hash-queue.ts";
import { Recall } from "./recall.ts";

export type Checked =
  /** `until`: milliseconds since the epoch; from then on it must be asked again. */
  | { readonly result: "user"; readonly user: User; readonly until: number }
  | { readonly result: "missing" | "wrong" | "expired" | "busy" };

/** Of those who were let in, and as many of those who were not, so that strangers crowd out nobody. */
const REMEMBERED_MAX = 1_000;

/** A client that repeats what is wrong costs nothing for so long. */
const WRONG_MS = 60_000;

const MISSING: Checked = { result: "missing" };
const WRONG: Checked = { result: "wrong" };
const EXPIRED: Checked = { result: "expired" };
const BUSY: Checked = { result: "busy" };

/** Compared with when there is no account; no secret has it. */
const NO_DIGEST = new Uint8Array(32);

interface Known {
  readonly account: Account;
  readonly user: User;
}

export class Verifier {
  #cacheMs = 0;
  #accounts: readonly Account[] = [];
  #known: ReadonlyMap<string, Known> = new Map();
  /** Those with a hash: what is remembered holds for as long as they are the same. */
  #hashed: readonly Account[] = [];
  #hashes: readonly string[] = [];
  #generation = 0;
  readonly #right = new Recall<Checked>(REMEMBERED_MAX);
  readonly #wrong = new Recall<Checked>(REMEMBERED_MAX);
  /** What is being verified: asked twice, it is verified once. */
  readonly #pending = new Map<string, Promise<Checked>>();
  readonly #key = crypto.getRandomValues(new Uint8Array(32));
  readonly #queue: HashQueue;

  constructor(verify: VerifyHash = verifyHash) {
    this.#queue = new HashQueue(verify);
  }

  /** Milliseconds that a verified password is remembered, and that a user is let in without being asked again. */
  get cacheMs(): number {
    return this.#cacheMs;
  }

  set cacheMs(cacheMs: number) {
    if (cacheMs !== this.#cacheMs) this.#right.clear();
    this.#cacheMs = cacheMs;
  }

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /** Who is the same as before stays the same `User`. What was verified is forgotten once any hash is another. */
  set accounts(accounts: readonly Account[]) {
    const before = this.#known;
    this.#accounts = accounts;
    this.#known = new Map(
      accounts.map((account) => [account.name, { account, user: userOf(account, before.get(account.name)) }]),
    );
    const hashed = accounts.filter(({ secret }) => secret.kind === "hash");
    // A token that comes or goes, or a new config, must not have everybody verified anew at once.
    if (Bun.deepEquals(hashed, this.#hashed)) return;
    this.#hashed = hashed;
    this.#hashes = hashed.flatMap(({ secret }) => (secret.kind === "hash" ? [secret.text] : []));
    this.#generation++;
    this.#right.clear();
    this.#wrong.clear();
    this.#pending.clear();
  }

  /**
   * Takes the value of Proxy-Authorization, and milliseconds since the epoch. `mayWait`
   * false: what would have to be verified is `busy`. Never rejects.
   */
  check(proxyAuthorization: string | undefined, nowMs: number, mayWait = true): Checked | Promise<Checked> {
    if (proxyAuthorization === undefined) return MISSING;
    const credentials = parseBasic(proxyAuthorization);
    if (credentials === undefined) return WRONG;
    const known = this.#known.get(credentials.name);
    const isDigest = hasDigest(known?.account, credentials.password);
    if (isDigest && known !== undefined) return this.#admit(known, nowMs);
    if (this.#hashes.length === 0) return WRONG;

    // Not of the field: that has many spellings for the same credentials.
    const key = this.#keyOf(`${credentials.name}:${credentials.password}`);
    const remembered = this.#right.find(key, nowMs) ?? this.#wrong.find(key, nowMs) ?? this.#pending.get(key);
    if (remembered !== undefined) return remembered;
    if (!mayWait) return BUSY;
    const verdict = this.#queue.ask(credentials.password, this.#hashFor(credentials.name, known));
    if (verdict === undefined) return BUSY;
    const checked = this.#conclude(proxyAuthorization, key, known, verdict, nowMs);
    this.#pending.set(key, checked);
    return checked;
  }

  async #conclude(
    proxyAuthorization: string,
    key: string,
    known: Known | undefined,
    verdict: Promise<boolean>,
    nowMs: number,
  ): Promise<Checked> {
    const generation = this.#generation;
    const isRight = await verdict;
    // The account may be another by now, or nobody's.
    if (generation !== this.#generation) return this.check(proxyAuthorization, nowMs);
    this.#pending.delete(key);
    if (!isRight || known?.account.secret.kind !== "hash") {
      this.#wrong.remember(key, WRONG, nowMs + WRONG_MS);
      return WRONG;
    }
    const checked = this.#admit(known, nowMs);
    if (checked.result === "user") this.#right.remember(key, checked, checked.until);
    return checked;
  }

  #admit({ account, user }: Known, nowMs: number): Checked {
    const { expires } = account;
    if (expires === undefined) return { result: "user", user, until: nowMs + this.#cacheMs };
    if (nowMs >= expires) return EXPIRED;
    return { result: "user", user, until: Math.min(nowMs + this.#cacheMs, expires) };
  }

  /** The account's own, or one that takes its time: for the same name always the same, as an own one would be. */
  #hashFor(name: string, known: Known | undefined): string {
    const secret = known?.account.secret;
    if (secret?.kind === "hash") return secret.text;
    const pick = Number.parseInt(this.#keyOf(name).slice(0, 8), 16) % this.#hashes.length;
    return this.#hashes[pick] ?? "";
  }

  /** Tells nothing of the text to who does not have the key. */
  #keyOf(text: string): string {
    return new Bun.CryptoHasher("sha256", this.#key).update(text).digest("hex");
  }
}

function hasDigest(account: Account | undefined, password: string): boolean {
  const sha256 = account?.secret.kind === "digest" ? account.secret.sha256 : NO_DIGEST;
  return crypto.timingSafeEqual(sha256, digestOf(password));
}

function userOf({ name, groups }: Account, before: Known | undefined): User {
  const isSame =
    before !== undefined &&
    before.user.groups.length === groups.length &&
    groups.every((group, index) => group === before.user.groups[index]);
  return isSame ? before.user : { name, groups };
}
