/**
 * `headgate explain`: what the policy of a configuration makes of a request. Lists
 * and accounts are loaded as `serve` loads them, and nothing is dialled but a
 * resolver. Exit codes: 0 it would pass, 3 it would not, 1 that can't be told now.
 */
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { Resolver } from "../net/resolve.ts";
import { type ExplainWith, type Explanation, explainQuestion } from "../runtime/explain.ts";
import { GateKeeper } from "../runtime/gate-keeper.ts";
import { ownAddresses } from "../runtime/own-addresses.ts";
import type { ExplainOptions } from "./args.ts";
import { renderExplanation } from "./explain-text.ts";
import { complain, printData, wantsColour } from "./output.ts";

const REFUSED = 3;

/** Resolves to the exit code. */
export async function runExplain({ configPath, question, json }: ExplainOptions): Promise<number> {
  const loaded = await loadConfig(configPath, process.env);
  if (!loaded.ok) {
    await complain(...loaded.problems);
    return 2;
  }
  const { config } = loaded;
  const gate = new GateKeeper(
    (message) => void complain(message),
    () => {},
  );
  try {
    const prepared = await gate.prepare(config);
    if (!prepared.ok) {
      await complain(...prepared.problems);
      return 1;
    }
    const resolver = new Resolver(config.dns);
    const { lists, accounts } = prepared.state;
    const using: ExplainWith = { lists, accounts, own: ownAddresses(listeningOf(config)) };
    const explained = await explainQuestion(question, config, using, async (host) => resolver.resolve(host));
    if (!explained.ok) {
      await complain(
        ...explained.problems.map((problem) => problem.replace(/^(?!url)(\w+):/, "--$1:")),
        'Try "headgate help explain"',
      );
      return 2;
    }
    const { explanation } = explained;
    const text = json
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : renderExplanation(explanation, wantsColour(1));
    return (await printData(text)) ? exitCode(explanation) : 1;
  } finally {
    gate.close();
  }
}

function exitCode({ verdict }: Explanation): number {
  if (verdict === "allow") return 0;
  return verdict === "unknown" ? 1 : REFUSED;
}

function listeningOf({ listeners, admin }: Config) {
  const addresses = listeners.map(({ address }) => address);
  return admin.address === "off" ? addresses : [...addresses, admin.address];
}
