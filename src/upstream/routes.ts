/**
 * Which route a request takes, by its host and path. Specs in, one of them out;
 * how a path is compared with a glob is given.
 *
 * The rules, in order; of the routes that match, the first by these is picked:
 *   1. a host that is named before one by a wildcard, and that before any
 *   2. of wildcards, the longer one
 *   3. the longer literal beginning of the path (to its first `*`); of two as
 *      long the one that is all literal; no path at all comes last
 *   4. the order they were given in
 *
 * Hosts are looked up in maps, a step for each label, so that many routes cost
 * what those for one host do.
 */
export interface RouteSpec {
  /** `example.com` itself, `*.example.com` what is below it, `.example.com` both, or an address: as a configuration keeps them. Empty: any. */
  readonly hosts: readonly string[];
  /** Globs. Empty: any. */
  readonly paths: readonly string[];
  /** The name of where it leads. */
  readonly upstream: string;
}

/** Made once for each glob of each route. */
export type CompileGlob = (glob: string) => { test(path: string): boolean };

interface Way<T> {
  readonly route: T;
  /** Undefined: every path. */
  readonly glob: { test(path: string): boolean } | undefined;
  readonly literal: number;
  readonly isWhole: boolean;
}

export class Routes<T extends RouteSpec = RouteSpec> {
  readonly #named = new Map<string, Way<T>[]>();
  /** By what stands behind `*.` */
  readonly #below = new Map<string, Way<T>[]>();
  readonly #any: Way<T>[] = [];

  constructor(routes: readonly T[], compileGlob: CompileGlob) {
    for (const route of routes) {
      const ways = waysOf(route, compileGlob);
      if (route.hosts.length === 0) this.#any.push(...ways);
      for (const host of route.hosts) {
        const name = host.replace(/^\*?\./, "");
        if (name === host || host.startsWith(".")) addTo(this.#named, name, ways);
        if (name !== host) addTo(this.#below, name, ways);
      }
    }
    for (const ways of [...this.#named.values(), ...this.#below.values(), this.#any])
      ways.sort(bySpecificity);
  }

  /** `host` in lower case, without port, brackets or a dot at its end, "" for none; `path` as the globs compare it. */
  pick(host: string, path: string): T | undefined {
    const named = firstOf(this.#named.get(host), path);
    if (named !== undefined) return named;
    if (this.#below.size > 0) {
      for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
        const below = firstOf(this.#below.get(host.slice(dot + 1)), path);
        if (below !== undefined) return below;
      }
    }
    return firstOf(this.#any, path);
  }
}

function waysOf<T extends RouteSpec>(route: T, compileGlob: CompileGlob): Way<T>[] {
  if (route.paths.length === 0) return [{ route, glob: undefined, literal: -1, isWhole: false }];
  return route.paths.map((path) => {
    const star = path.indexOf("*");
    return {
      route,
      glob: compileGlob(path),
      literal: star < 0 ? path.length : star,
      isWhole: star < 0,
    };
  });
}

/** Sorting keeps the order of what is equal. */
function bySpecificity(one: Way<unknown>, other: Way<unknown>): number {
  return other.literal - one.literal || Number(other.isWhole) - Number(one.isWhole);
}

function firstOf<T>(ways: readonly Way<T>[] | undefined, path: string): T | undefined {
  return ways?.find(({ glob }) => glob === undefined || glob.test(path))?.route;
}

function addTo<T>(map: Map<string, Way<T>[]>, name: string, ways: readonly Way<T>[]): void {
  const before = map.get(name);
  if (before === undefined) map.set(name, [...ways]);
  else before.push(...ways);
}
