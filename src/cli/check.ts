/** `headgate check`: every problem of a configuration, or what is doubtful about it and one line that sums up what would run. */
import { describeConfig } from "../config/describe.ts";
import { loadConfig } from "../config/load.ts";
import { warningsOf } from "../config/warnings.ts";
import type { ServeOptions } from "./args.ts";
import { complain, printData } from "./output.ts";

export async function runCheck({ configPath, overrides }: ServeOptions): Promise<number> {
  const loaded = await loadConfig(configPath, process.env, overrides);
  if (!loaded.ok) {
    await complain(...loaded.problems);
    return 2;
  }
  await complain(...warningsOf(loaded.config).map((warning) => `warning: ${warning}`));
  return (await printData(`${describeConfig(loaded.config)}\n`)) ? 0 : 1;
}
