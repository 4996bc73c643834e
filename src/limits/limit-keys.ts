/** Whose use is counted together: keys of clients, users, hosts and rules. */
import type { LimitSpec } from "../policy/spec.ts";
import { clientKey } from "./client-network.ts";
import { hashKey, type KeyHash, KeyMemo } from "./key-hash.ts";

export class LimitKeys {
  readonly clients: KeyMemo;
  readonly users: KeyMemo;
  readonly hosts: KeyMemo;
  readonly everybody: KeyHash;
  readonly #rules: KeyMemo;

  constructor(seed: number) {
    this.clients = new KeyMemo(seed ^ 1, clientKey);
    this.users = new KeyMemo(seed ^ 2);
    this.hosts = new KeyMemo(seed ^ 3);
    this.#rules = new KeyMemo(seed ^ 4);
    this.everybody = hashKey("all", seed);
  }

  /**
   * Who has not logged in counts as a client: nobody escapes a limit by leaving the
   * credentials out. Connections at once by user are another matter: only those of
   * who has logged in are counted (`ClientFacts.admitUser`).
   */
  of(by: LimitSpec["by"], client: string, user: string | undefined, host: string, rule: string): KeyHash {
    switch (by) {
      case "client":
        return this.clients.of(client);
      case "user":
        return user === undefined ? this.clients.of(client) : this.users.of(user);
      case "host":
        return this.hosts.of(host);
      case "rule":
        return this.#rules.of(rule);
      case "all":
        return this.everybody;
    }
  }
}
