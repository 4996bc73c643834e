/** What the status port may ask of the gate, and order it to do. */
import type { AdminDeps } from "../admin/deps.ts";
import { proxyPac } from "../admin/proxy-pac.ts";
import { Resolver } from "../net/resolve.ts";
import { cacheAdmin } from "./cache-keeper.ts";
import type { Supervisor } from "./supervisor.ts";

export type GateDeps = Pick<
  AdminDeps,
  | "names"
  | "refusedHosts"
  | "lists"
  | "tokens"
  | "addToken"
  | "removeToken"
  | "bans"
  | "liftBan"
  | "cache"
  | "explain"
  | "proxyPac"
  | "memoryCeiling"
>;

export function gateDeps(supervisor: Supervisor): GateDeps {
  const { gate, bans, cache } = supervisor;
  const resolver = new Resolver(supervisor.config.dns);
  return {
    names: () => gate.names(),
    refusedHosts: (count) => gate.refusedHosts.top(count),
    lists: () => gate.lists.states(),
    tokens: () => gate.accounts.tokens(),
    addToken: async (token) => {
      const added = gate.accounts.addToken(token);
      // Whoever is told of a token may use it at once, whichever worker it meets.
      await supervisor.settled();
      return added;
    },
    removeToken: async (name) => {
      const removed = gate.accounts.removeToken(name);
      await supervisor.settled();
      return removed;
    },
    bans: () => bans.list(Date.now()),
    liftBan: (address) => bans.lift(address),
    cache: () => cacheAdmin(cache),
    explain: async (question) => {
      // A compiled policy and all that explains it: not for a process that nobody asks.
      const { explainQuestion } = await import("./explain.ts");
      resolver.settings = supervisor.config.dns;
      return explainQuestion(question, supervisor.config, supervisor.explainWith, (host) =>
        Promise.resolve(resolver.resolve(host)),
      );
    },
    // A server's address is no proxy's.
    proxyPac: (host) =>
      proxyPac(
        supervisor.config,
        supervisor.listeners.filter(({ mode }) => mode === "forward"),
        host,
      ),
    memoryCeiling: () => supervisor.memoryWatch.ceiling,
  };
}
