/** `headgate check`: every problem of a configuration, or one line that sums up what would run. */
import { describeConfig } from "../config/describe.ts";
import { loadConfig } from "../config/load.ts";
import type { ServeOptions } from "./args.ts";
import { complain, printData } from "./output.ts";

export async function runCheck({ configPath, overrides }: ServeOptions): Promise<number> {
  const loaded = await loadConfig(configPath, process.env, overrides);
  if (loaded.ok) return (await printData(`${describeConfig(loaded.config)}\n`)) ? 0 : 1;
  await complain(...loaded.problems);
  return 2;
}
