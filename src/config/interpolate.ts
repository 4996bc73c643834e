/**
 * `${NAME}` and `${NAME:-default}` in the texts of a parsed configuration. It
 * comes after parsing, so that what the environment holds is always one value,
 * whatever quotes, colons or line breaks are in it; names are left as they are.
 *
 * As in a shell, `:-` also replaces a variable that is set and empty. `$${` is
 * `${` itself.
 */
import { expectedFound, joinPath, type Problem } from "./problems.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Far more than there are settings, and little enough to walk: with YAML's
 * aliases a value can contain itself, or the same one many times over.
 */
const DEPTH_MAX = 16;
const VALUES_MAX = 100_000;

const TOO_LARGE: Problem = {
  path: "",
  message: `Expected at most ${DEPTH_MAX} levels and ${VALUES_MAX} groups and lists, found more`,
};

const MALFORMED = `Expected \${NAME} or \${NAME:-default}, found another "\${"; a plain one is written $\${`;

const REFERENCE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$\{/g;

export function interpolate(input: unknown, env: Environment): Interpolated {
  const problems: Problem[] = [];
  let values = 0;
  let isTooLarge = false;

  const value = visit(input, "", 0);
  if (isTooLarge) problems.push(TOO_LARGE);
  return { value, problems };

  function visit(value: unknown, path: string, depth: number): unknown {
    if (typeof value === "string") return replace(value, path);
    if (typeof value !== "object" || value === null) return value;
    isTooLarge ||= depth === DEPTH_MAX || ++values > VALUES_MAX;
    if (isTooLarge) return undefined;
    if (Array.isArray(value)) return value.map((item, at) => visit(item, joinPath(path, at), depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, visit(item, joinPath(path, key), depth + 1)]),
    );
  }

  function replace(text: string, path: string): string {
    return text.replace(REFERENCE, (found: string, name?: string, fallback?: string) => {
      if (found === "$${") return "${";
      if (name === undefined) {
        problems.push({ path, message: MALFORMED });
        return found;
      }
      // An inherited `constructor` is no variable.
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value === undefined) problems.push(expectedFound(path, `${name} in the environment`, "nothing"));
      return value ?? found;
    });
  }
}
