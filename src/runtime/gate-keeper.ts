/**
 * What the main thread keeps of the gate: lists, accounts and bans, the places
 * that rules and their like count in, and which hosts were refused most. Workers
 * get what they need of it with every config (`GateState`), and anew when a list
 * or an account has changed.
 */
import { hostname } from "node:os";
import type { Config } from "../config/schema.ts";
import type { Account } from "../credentials/account.ts";
import { AccountKeeper, type PreparedAccounts } from "../credentials/keeper.ts";
import { ListKeeper, type ListTables, type PreparedLists } from "../lists/keeper.ts";
import { type HeavyHitter, HeavyHitters } from "../observe/heavy-hitters.ts";
import type { PlaceNames } from "../observe/metric-table.ts";
import { type GatePlaces, GatePlan, NO_PLACES } from "./gate-places.ts";
import { namesByPlace } from "./places.ts";

/** What a worker is told; can be posted. */
export interface GateState {
  readonly lists: ListTables;
  readonly accounts: readonly Account[];
  /** Nobody is asked to log in where nobody could. */
  readonly hasAccounts: boolean;
  readonly places: GatePlaces;
  readonly hostName: string;
}

export type PreparedGate =
  | {
      readonly ok: true;
      readonly state: GateState;
      commit(): void;
      /** With what tokens, and lists that are in force already, have become since. */
      renew(): PreparedGate;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Hosts that are kept count of; the rest shares the least count. */
const REFUSED_HOSTS = 512;

export class GateKeeper {
  state: GateState = {
    lists: new Map(),
    accounts: [],
    hasAccounts: false,
    places: NO_PLACES,
    hostName: hostname(),
  };
  readonly lists: ListKeeper;
  readonly accounts: AccountKeeper;
  readonly refusedHosts = new HeavyHitters(REFUSED_HOSTS);
  readonly #onChanged: () => void;
  #plan = new GatePlan();
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
    return this.#prepared(config, lists, accounts);
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

  #prepared(config: Config, lists: PreparedLists, accounts: PreparedAccounts): PreparedGate {
    if (!lists.ok || !accounts.ok) {
      return { ok: false, problems: [lists, accounts].flatMap((each) => (each.ok ? [] : each.problems)) };
    }
    const plan = this.#plan.copy();
    const state: GateState = {
      lists: lists.tables,
      accounts: accounts.accounts,
      hasAccounts: this.accounts.locks(config.authentication, accounts.accounts),
      places: plan.assign(config.policy, accounts.accounts),
      hostName: this.state.hostName,
    };
    return {
      ok: true,
      state,
      commit: () => {
        this.#config = config;
        this.#plan = plan;
        this.state = state;
        lists.commit();
        accounts.commit();
      },
      renew: () => this.#prepared(config, lists.renew(), accounts.renew()),
    };
  }

  #become(state: GateState): void {
    const config = this.#config;
    this.state =
      config === undefined
        ? state
        : {
            ...state,
            hasAccounts: this.accounts.locks(config.authentication, state.accounts),
            places: this.#plan.assign(config.policy, state.accounts),
          };
    this.#onChanged();
  }
}
