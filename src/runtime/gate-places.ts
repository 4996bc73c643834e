/**
 * The cells that rules, lists, users, tags and limits count in. A config that may
 * still be refused is planned in a copy: it must not take a place from what stays.
 */
import type { Config } from "../config/schema.ts";
import type { Account } from "../credentials/account.ts";
import { LIMITS_MAX, LISTS_MAX, RULES_MAX, TAGS_MAX, USERS_MAX } from "../observe/cells.ts";
import { Places } from "./places.ts";

/** Cells by name; what is not there is not counted. Can be posted. */
export interface GatePlaces {
  readonly rules: ReadonlyMap<string, number>;
  readonly lists: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
  readonly tags: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}

const NONE: ReadonlyMap<string, number> = new Map();

export const NO_PLACES: GatePlaces = { rules: NONE, lists: NONE, users: NONE, tags: NONE, limits: NONE };

export class GatePlan {
  #rules = new Places(RULES_MAX);
  #lists = new Places(LISTS_MAX);
  #users = new Places(USERS_MAX);
  #tags = new Places(TAGS_MAX);
  #limits = new Places(LIMITS_MAX);

  copy(): GatePlan {
    const copy = new GatePlan();
    copy.#rules = this.#rules.copy();
    copy.#lists = this.#lists.copy();
    copy.#users = this.#users.copy();
    copy.#tags = this.#tags.copy();
    copy.#limits = this.#limits.copy();
    return copy;
  }

  assign({ rules, lists, limits }: Config["policy"], accounts: readonly Account[]): GatePlaces {
    return {
      rules: this.#rules.assign(rules.map(({ name }) => name)),
      lists: this.#lists.assign(lists.map(({ name }) => name)),
      users: this.#users.assign(accounts.map(({ name }) => name)),
      tags: this.#tags.assign(rules.flatMap(({ tags }) => tags)),
      limits: this.#limits.assign(limits.map(({ name }) => name)),
    };
  }
}
