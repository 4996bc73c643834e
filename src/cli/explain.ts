/**
 * `headgate explain`: what the policy of a configuration makes of a request. Exit
 * codes: 0 it would pass, 3 it would not, 1 that can't be told now, 2 the question
 * or the configuration is wrong.
 */
import { loadConfig } from "../config/load.ts";
import type { Explanation } from "../runtime/explain.ts";
import { explainOnce } from "../runtime/explain-once.ts";
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
  const explained = await explainOnce(question, loaded.config, (message) => void complain(message));
  if (explained.ok === "unloaded") {
    await complain(...explained.problems);
    return 1;
  }
  if (!explained.ok) {
    await complain(...explained.problems.map(asFlag), 'Try "headgate help explain"');
    return 2;
  }
  const { explanation } = explained;
  const text = json
    ? `${JSON.stringify(explanation, undefined, 2)}\n`
    : renderExplanation(explanation, wantsColour(1));
  return (await printData(text)) ? exitCode(explanation) : 1;
}

/** All parts of a question but the URL are flags here. */
function asFlag(problem: string): string {
  return problem.replace(/^(method|client|user|listener):/, "--$1:");
}

function exitCode({ verdict }: Explanation): number {
  if (verdict === "allow") return 0;
  return verdict === "unknown" ? 1 : REFUSED;
}
