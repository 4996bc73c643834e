/** A question about a config that no process runs: lists and accounts are loaded for it as `serve` loads them. */
import type { Config, HostPort } from "../config/schema.ts";
import { Resolver } from "../net/resolve.ts";
import { type ExplainedQuestion, explainQuestion } from "./explain.ts";
import { GateKeeper } from "./gate-keeper.ts";
import { ownAddresses } from "./own-addresses.ts";

/** `unloaded`: what the config names can't be loaded, and the question was not looked at. */
export type ExplainedOnce =
  | ExplainedQuestion
  | { readonly ok: "unloaded"; readonly problems: readonly string[] };

export async function explainOnce(
  question: unknown,
  config: Config,
  report: (message: string) => void,
): Promise<ExplainedOnce> {
  const gate = new GateKeeper(report, () => {});
  try {
    const prepared = await gate.prepare(config);
    if (!prepared.ok) return { ok: "unloaded", problems: prepared.problems };
    const { lists, accounts, hasAccounts } = prepared.state;
    const resolver = new Resolver(config.dns);
    const using = { lists, accounts, hasAccounts, own: ownAddresses(listeningOf(config)) };
    return await explainQuestion(question, config, using, async (host) => resolver.resolve(host));
  } finally {
    gate.close();
  }
}

function listeningOf({ listeners, admin }: Config): readonly HostPort[] {
  const addresses = listeners.map(({ address }) => address);
  return admin.address === "off" ? addresses : [...addresses, admin.address];
}
