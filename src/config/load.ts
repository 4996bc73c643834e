/**
 * From a file, or from a value that came in a request, to a checked `Config` or
 * to every problem at once: nobody should mend a file one restart at a time.
 *
 *   text → values → environment filled in → each setting checked → overrides of
 *   the command line → conflicts between settings
 *
 * The input itself goes no further than this: it may hold secrets.
 */
import * as v from "valibot";
import { findConflicts } from "./conflicts.ts";
import { readConfigFile } from "./file.ts";
import { type Environment, interpolate } from "./interpolate.ts";
import { applyOverrides, noOverrides, type Overrides } from "./overrides.ts";
import { joinPath, type Problem, renderProblem } from "./problems.ts";
import { readableOf } from "./readable.ts";
import { type Config, configSchema } from "./schema.ts";
import { isMap } from "./setting.ts";
import { findUnknown } from "./unknown.ts";

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Without a path: all defaults. */
export async function loadConfig(
  path: string | undefined,
  env: Environment,
  overrides: Overrides = noOverrides,
): Promise<LoadedConfig> {
  if (path === undefined) return parseConfig(undefined, env, overrides);
  const file = await readConfigFile(path);
  return file.ok ? parseConfig(file.input, env, overrides) : { ok: false, problems: [file.problem] };
}

export function parseConfig(
  input: unknown,
  env: Environment,
  overrides: Overrides = noOverrides,
): LoadedConfig {
  const { value, problems: unfilled } = interpolate(input, env);
  const result = v.safeParse(configSchema, value);
  const issues = (result.issues ?? []).filter(({ expected }) => expected !== "never").map(problemOf);
  const mistakes = onePerPath([...unfilled, ...findUnknown(value), ...issues]);

  const conflicts = isTree(result.output, mistakes)
    ? findConflicts(readableOf(result.output, overrides, mistakes))
    : [];

  const problems = [...mistakes, ...conflicts].map(renderProblem);
  return result.success && problems.length === 0
    ? { ok: true, config: applyOverrides(result.output, overrides) }
    : { ok: false, problems };
}

function problemOf(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).reduce((whole, { key }) => joinPath(whole, key as string | number), "");
  return { path, message: issue.message };
}

/** The first says most: a reference that could not be filled in is also no duration. */
function onePerPath(problems: readonly Problem[]): Problem[] {
  const paths = new Set<string>();
  return problems.filter(({ path }) => !paths.has(path) && paths.add(path));
}

/** valibot hands out what it could read even when it refuses the whole, but for a whole that is no tree. */
function isTree(output: unknown, problems: readonly Problem[]): output is Config {
  return isMap(output) && "listeners" in output && !problems.some(({ path }) => path === "");
}
