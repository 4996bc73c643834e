/**
 * What the main thread keeps of the gate: lists, accounts and bans, the places
 * that rules and their like count in, and which hosts were refused most. Workers
 * get what they need of it with every config (`GateState`), and anew when a list
 * or an account has changed.
 */
import { hostname } from "node:os";
import type { Config } from "../config/schema.ts";
import type { Account } from "../credentials/account.ts";
import { AccountKeeper } from "../credentials/keeper.ts";
import { ListKeeper, type ListTables } from "../lists/keeper.ts";
import { LIMITS_MAX, LISTS_MAX, RULES_MAX, TAGS_MAX, USERS_MAX } from "../observe/cells.ts";
import { type HeavyHitter, HeavyHitters } from "../observe/heavy-hitters.ts";
import type { PlaceNames } from "../observe/metric-table.ts";
import { namesByPlace, Places } from "./places.ts";

/** What a worker is told; can be posted. */
export interface GateState {
  readonly lists: ListTables;
  readonly accounts: readonly Account[];
  /** Nobody is asked to log in where nobody could. */
  readonly hasAccounts: boolean;
  readonly places: GatePlaces;
  readonly hostName: string;
}

/** Cells by name; what is not there is not counted. */
export interface GatePlaces {
  readonly rules: ReadonlyMap<string, number>;
  readonly lists: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
  readonly tags: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}

export type PreparedGate =
  | { readonly ok: true; readonly state: GateState; commit(): void }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Hosts that are kept count of; the rest shares the least count. */
const REFUSED_HOSTS = 512;

export class GateKeeper {
  state: GateState = {
    lists: new Map(),
    accounts: [],
    hasAccounts: false,
    places: noPlaces(),
    hostName: hostname(),
  };
  readonly lists: ListKeeper;
  readonly accounts: AccountKeeper;
  readonly refusedHosts = new HeavyHitters(REFUSED_HOSTS);
  readonly #onChanged: () => void;
  readonly #rules = new Places(RULES_MAX);
  readonly #listPlaces = new Places(LISTS_MAX);
  readonly #users = new Places(USERS_MAX);
  readonly #tags = new Places(TAGS_MAX);
  readonly #limits = new Places(LIMITS_MAX);
  #config: Config | undefined;

  /** `onChanged`: `state` is another, and workers must have it. */
  constructor(report: (message: string) => void, onChanged: () => void) {
    this.#onChanged = onChanged;
    this.lists = new ListKeeper(report, (lists) => this.#become({ ...this.state, lists }));
    this.accounts = new AccountKeeper(report, (accounts) => this.#become({ ...this.state, accounts }));
  }

  /** Loads what the config names. Nothing is in force before `commit`. */
  async prepare(config: Config): Promise<PreparedGate> {
    const lists = await this.lists.prepare(config.policy.lists);
    const accounts = await this.accounts.prepare(config.authentication);
    if (!lists.ok || !accounts.ok) {
      return { ok: false, problems: [lists, accounts].flatMap((each) => (each.ok ? [] : each.problems)) };
    }
    const state: GateState = {
      lists: lists.tables,
      accounts: accounts.accounts,
      hasAccounts: this.accounts.locks(config.authentication, accounts.accounts),
      places: this.#placesOf(config.policy, accounts.accounts),
      hostName: this.state.hostName,
    };
    return {
      ok: true,
      state,
      commit: () => {
        this.#config = config;
        this.state = state;
        lists.commit();
        accounts.commit();
      },
    };
  }

  names(): PlaceNames {
    const { rules, lists, users, tags, limits } = this.state.places;
    return {
      rules: namesByPlace(rules),
      lists: namesByPlace(lists),
      users: namesByPlace(users),
      tags: namesByPlace(tags),
      limits: namesByPlace(limits),
    };
  }

  /** What a worker has counted since it said so last. */
  countRefused(hosts: readonly HeavyHitter[]): void {
    this.refusedHosts.merge(hosts);
  }

  close(): void {
    this.lists.close();
    this.accounts.close();
  }

  #become(state: GateState): void {
    const config = this.#config;
    this.state =
      config === undefined
        ? state
        : {
            ...state,
            hasAccounts: this.accounts.locks(config.authentication, state.accounts),
            places: this.#placesOf(config.policy, state.accounts),
          };
    this.#onChanged();
  }

  #placesOf({ rules, lists, limits }: Config["policy"], accounts: readonly Account[]): GatePlaces {
    return {
      rules: this.#rules.assign(rules.map(({ name }) => name)),
      lists: this.#listPlaces.assign(lists.map(({ name }) => name)),
      users: this.#users.assign(accounts.map(({ name }) => name)),
      tags: this.#tags.assign(rules.flatMap(({ tags }) => tags)),
      limits: this.#limits.assign(limits.map(({ name }) => name)),
    };
  }
}

function noPlaces(): GatePlaces {
  const none = new Map<string, number>();
  return { rules: none, lists: none, users: none, tags: none, limits: none };
}
