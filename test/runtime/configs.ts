/** A checked config from what a file would say; what is left out has its default. */
import { parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";

export function configOf(input: Readonly<Record<string, unknown>>): Config {
  const loaded = parseConfig(input, {});
  if (!loaded.ok) throw new Error(`Cannot use this config: ${loaded.problems.join("; ")}`);
  return loaded.config;
}
