/**
 * Who can log in, on the main thread: what the configuration says, its htpasswd
 * file as it changes, and the tokens of the moment. Workers get all accounts at
 * once, whenever one changes. A file that goes bad changes nothing and is told of.
 */
import type { Account } from "./account.ts";
import { type AuthenticationSpec, joinAccounts } from "./accounts.ts";
import { HtpasswdFile } from "./htpasswd-file.ts";
import { type AddedToken, type TokenRequest, TokenStore } from "./token-store.ts";

export type PreparedAccounts =
  | {
      readonly ok: true;
      readonly accounts: readonly Account[];
      commit(): void;
      /** With the tokens that have come and gone since. */
      renew(): PreparedAccounts;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Times are milliseconds since the epoch. Never the secret. */
export interface TokenState {
  readonly name: string;
  /** Stands in the configuration, and can be removed only there. */
  readonly isOfConfig: boolean;
  readonly groups: readonly string[];
  /** Undefined: never, or when Headgate ends. */
  readonly expires: number | undefined;
  readonly hasExpired: boolean;
  /** Undefined for one of the configuration. */
  readonly addedAt: number | undefined;
}

export interface AccountsState {
  /** All of them, tokens too. */
  readonly accounts: number;
  readonly htpasswd:
    | {
        readonly path: string;
        readonly accounts: number;
        /** Milliseconds since the epoch. */
        readonly loadedAt: number;
        readonly checkedAt: number;
        /** Why an older content is in force. */
        readonly problems: readonly string[];
      }
    | undefined;
}

export interface KeeperOptions {
  /** Between two looks at the file. */
  readonly lookMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface WatchedFile {
  readonly file: HtpasswdFile;
  accounts: readonly Account[];
  loadedAt: number;
  checkedAt: number;
  problems: readonly string[];
}

/** How often a file may change under the eyes of whoever reads it for the first time. */
const FIRST_LOOKS_MAX = 5;

const NOTHING: AuthenticationSpec = { users: [], groups: [], tokens: [] };

export class AccountKeeper {
  #spec: AuthenticationSpec = NOTHING;
  #watched: WatchedFile | undefined;
  #accounts: readonly Account[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #store = new TokenStore();
  readonly #report: (message: string) => void;
  readonly #onChanged: (accounts: readonly Account[]) => void;
  readonly #options: KeeperOptions;

  /** `onChanged` is for what changes by itself; what is prepared goes to the workers with its configuration. */
  constructor(
    report: (message: string) => void,
    onChanged: (accounts: readonly Account[]) => void,
    options: Partial<KeeperOptions> = {},
  ) {
    this.#report = report;
    this.#onChanged = onChanged;
    this.#options = { lookMs: 1_000, now: Date.now, ...options };
  }

  /** Never rejects. Without `commit` nothing changes; with it `onChanged` is called if a token came or went meanwhile. */
  async prepare(spec: AuthenticationSpec): Promise<PreparedAccounts> {
    const watched = spec.htpasswd === undefined ? undefined : await this.#readFirst(spec.htpasswd);
    return this.#prepared(spec, watched);
  }

  /** The secret is told once and kept nowhere. A token lives until it is removed, expires, or Headgate ends. */
  addToken(request: TokenRequest): AddedToken {
    const added = new Set(this.#store.accounts.map(({ name }) => name));
    const isTaken = (name: string) =>
      !added.has(name) && this.#accounts.some((account) => account.name === name);
    const result = this.#store.add(request, isTaken, this.#options.now());
    if (result.ok) this.#publish();
    return result;
  }

  /** False when there is none of that name which was added while running. */
  removeToken(name: string): boolean {
    const isRemoved = this.#store.remove(name);
    if (isRemoved) {
      // A name that the file could not have may be free now.
      if (this.#watched !== undefined && this.#watched.problems.length > 0) this.#watched.file.forget();
      this.#publish();
    }
    return isRemoved;
  }

  /**
   * Whether anybody may be asked to log in. With the last token goes whoever
   * had it, not the lock; nor does a file let everybody in that is empty.
   */
  locks({ htpasswd }: Pick<AuthenticationSpec, "htpasswd">, accounts: readonly Account[]): boolean {
    return accounts.length > 0 || htpasswd !== undefined || this.#store.hasHadTokens;
  }

  tokens(): readonly TokenState[] {
    const nowMs = this.#options.now();
    const ofConfig = this.#spec.tokens.map((token) => ({ ...token, addedAt: undefined }));
    const added = this.#store.tokens.map(({ account, addedAt }) => ({ ...account, addedAt }));
    return [...ofConfig, ...added].map(({ name, groups, expires, addedAt }) => ({
      name,
      isOfConfig: addedAt === undefined,
      groups,
      expires,
      hasExpired: expires !== undefined && expires <= nowMs,
      addedAt,
    }));
  }

  state(): AccountsState {
    const watched = this.#watched;
    const htpasswd = watched && {
      path: watched.file.path,
      accounts: watched.accounts.length,
      loadedAt: watched.loadedAt,
      checkedAt: watched.checkedAt,
      problems: watched.problems,
    };
    return { accounts: this.#accounts.length, htpasswd };
  }

  /** Looks at the file, as it does by itself from time to time. */
  async look(): Promise<void> {
    const watched = this.#watched;
    if (watched === undefined) return;
    const look = await watched.file.look();
    if (watched !== this.#watched || this.#isClosed) return;
    watched.checkedAt = this.#options.now();
    if (look.result === "failed") this.#keepOld(watched, look.problems);
    if (look.result === "read") this.#takeNew(watched, look.accounts);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #readFirst(path: string): Promise<WatchedFile> {
    const file = new HtpasswdFile(path);
    let look = await file.look();
    for (let tries = 1; look.result === "unsettled" && tries < FIRST_LOOKS_MAX; tries++)
      look = await file.look();
    const now = this.#options.now();
    const beingWritten = [`${path}: Cannot read the file: it is being written`];
    return {
      file,
      accounts: look.result === "read" ? look.accounts : [],
      loadedAt: now,
      checkedAt: now,
      problems: look.result === "failed" ? look.problems : look.result === "read" ? [] : beingWritten,
    };
  }

  #prepared(spec: AuthenticationSpec, watched: WatchedFile | undefined): PreparedAccounts {
    const added = this.#store.accounts;
    const { accounts, problems } = joinAccounts(spec, watched?.accounts ?? [], added);
    const all = [...(watched?.problems ?? []).map(ofHtpasswd), ...problems];
    if (all.length > 0) return { ok: false, problems: all };
    return {
      ok: true,
      accounts,
      commit: () => this.#commit(spec, watched, accounts, added),
      renew: () => this.#prepared(spec, watched),
    };
  }

  #commit(
    spec: AuthenticationSpec,
    watched: WatchedFile | undefined,
    accounts: readonly Account[],
    added: readonly Account[],
  ): void {
    if (this.#isClosed) return;
    this.#spec = spec;
    this.#watched = watched;
    this.#accounts = accounts;
    this.#schedule();
    // Tokens may have come and gone since it was prepared.
    const now = this.#store.accounts;
    if (now.length !== added.length || now.some((account, at) => account !== added[at])) this.#publish();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#watched === undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.look().then(() => this.#schedule()), this.#options.lookMs);
  }

  #takeNew(watched: WatchedFile, ofFile: readonly Account[]): void {
    const { accounts, problems } = joinAccounts(this.#spec, ofFile, this.#store.accounts);
    if (problems.length > 0) return this.#keepOld(watched, problems);
    watched.accounts = ofFile;
    watched.loadedAt = watched.checkedAt;
    watched.problems = [];
    this.#accounts = accounts;
    this.#report(`${watched.file.path}: read again, ${ofFile.length} users`);
    this.#onChanged(accounts);
  }

  #keepOld(watched: WatchedFile, problems: readonly string[]): void {
    watched.problems = problems;
    for (const problem of problems) this.#report(problem);
    this.#report(`${watched.file.path}: its users stay as they were`);
  }

  #publish(): void {
    const { accounts, problems } = joinAccounts(
      this.#spec,
      this.#watched?.accounts ?? [],
      this.#store.accounts,
    );
    for (const problem of problems) this.#report(problem);
    this.#accounts = accounts;
    this.#onChanged(accounts);
  }
}

function ofHtpasswd(problem: string): string {
  return `authentication.htpasswd: ${problem}`;
}
