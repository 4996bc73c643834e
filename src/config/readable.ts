/**
 * Of a configuration with problems, what could be read all the same: so that
 * what does not fit together is reported with the values that are wrong by
 * themselves, and nothing is said about a value that is missing for being wrong.
 */
import { applyOverrides, type Overrides } from "./overrides.ts";
import type { Problem } from "./problems.ts";
import type { Config } from "./schema.ts";
import { isMap } from "./setting.ts";

/** Undefined stands for what has a problem already. */
export type Readable<T> = readonly (T | undefined)[];

export interface ReadableConfig {
  readonly listeners: Readable<Config["listeners"][number]>;
  readonly admin: Config["admin"] | undefined;
  readonly dns: Config["dns"] | undefined;
  readonly forwarded: Config["forwarded"] | undefined;
  readonly via: Config["via"] | undefined;
  readonly anonymous: Config["anonymous"] | undefined;
  readonly authentication: ReadableAuthentication;
  readonly policy: ReadablePolicy;
  readonly cache: ReadableCache;
  readonly routes: Readable<Config["routes"][number]>;
  /** By name; undefined when they are no map. Where one of them is wrong, all but their names is. */
  readonly upstreams: ReadonlyMap<string, Config["upstreams"][string] | undefined> | undefined;
}

export interface ReadableAuthentication {
  readonly mode: Config["authentication"]["mode"] | undefined;
  readonly users: Readable<Config["authentication"]["users"][number]>;
  readonly groups: Readable<Config["authentication"]["groups"][number]>;
  readonly tokens: Readable<Config["authentication"]["tokens"][number]>;
  readonly htpasswd: string | undefined;
  /** Whether any of it has a problem, so that somebody may be missing above. */
  readonly isPartial: boolean;
}

export interface ReadablePolicy {
  readonly rules: Readable<Config["policy"]["rules"][number]>;
  readonly lists: Readable<Config["policy"]["lists"][number]>;
  readonly limits: Readable<Config["policy"]["limits"][number]>;
}

export interface ReadableCache {
  /** Bytes; 0 is off. */
  readonly memory: number | undefined;
  readonly offline: boolean | undefined;
  readonly rules: Readable<Config["cache"]["rules"][number]>;
}

/** `output` is what the schema made of it. The command line's settings have been checked, whatever the file's are. */
export function readableOf(
  output: Config,
  overrides: Overrides,
  problems: readonly Problem[],
): ReadableConfig {
  const unsound = placesOf(problems);
  const sound = <T>(path: string, value: T): T | undefined => (unsound.has(path) ? undefined : value);
  /** The list itself may be what is wrong, and is no list then. */
  const items = <T>(path: string, list: () => readonly T[]): Readable<T> =>
    problems.some((each) => path === each.path || path.startsWith(`${each.path}.`))
      ? [undefined]
      : list().map((item, at) => sound(`${path}[${at}]`, item));

  const config = applyOverrides(output, overrides);
  const { authentication, policy, upstreams } = output;
  return {
    listeners: overrides.listeners ?? items("listeners", () => output.listeners),
    admin: sound("admin", config.admin),
    dns: sound("dns", output.dns),
    forwarded: sound("forwarded", output.forwarded),
    via: sound("via", output.via),
    anonymous: sound("anonymous", output.anonymous),
    authentication: {
      mode: sound("authentication.mode", authentication.mode),
      users: items("authentication.users", () => authentication.users),
      groups: items("authentication.groups", () => authentication.groups),
      tokens: items("authentication.tokens", () => authentication.tokens),
      htpasswd: sound("authentication.htpasswd", authentication.htpasswd),
      isPartial: unsound.has("authentication"),
    },
    policy: {
      rules: items("policy.rules", () => policy.rules),
      lists: items("policy.lists", () => policy.lists),
      limits: items("policy.limits", () => policy.limits),
    },
    cache: {
      memory: overrides.cache ?? sound("cache.memory", output.cache.memory),
      offline: sound("cache.offline", output.cache.offline),
      rules: items("cache.rules", () => output.cache.rules),
    },
    routes: items("routes", () => output.routes),
    upstreams: isMap(upstreams)
      ? new Map(Object.entries(upstreams).map(([name, each]) => [name, sound("upstreams", each)]))
      : undefined,
  };
}

/** Where the problems are, and all that they lie in: `policy.rules[1].name`, `policy.rules[1]`, `policy.rules`, `policy`. */
function placesOf(problems: readonly Problem[]): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { path } of problems) {
    let place = path;
    while (place !== "" && !places.has(place)) {
      places.add(place);
      place = place.slice(0, Math.max(place.lastIndexOf("."), place.lastIndexOf("["), 0));
    }
  }
  return places;
}
