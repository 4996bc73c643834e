/** What a config says of the cache, worked out once for it. */
import { cacheStatusStart } from "../../cache/cache-status.ts";
import { CacheRules, type RuleMatchers } from "../../cache/rules.ts";
import type { Config } from "../../config/schema.ts";
import { type Cidr, parseAddress, parseCidr } from "../../policy/address.ts";
import { compileGlob } from "../../policy/rules/glob.ts";
import { HostSet } from "../../policy/rules/host-set.ts";
import { matchedPath, normaliseGlobPath } from "../../policy/rules/path.ts";

export interface CachingSettings {
  /** How our lines of `Cache-Status` begin. */
  readonly statusStart: string;
  /** Undefined without any. */
  readonly rules: CacheRules | undefined;
  /** Whose PURGE is obeyed. */
  readonly purgers: readonly Cidr[];
}

export function cachingOf({ cache, via }: Pick<Config, "cache" | "via">): CachingSettings | undefined {
  if (cache.memory === 0) return undefined;
  const { rules, purge } = cache;
  return {
    statusStart: cacheStatusStart(via.pseudonym),
    rules: rules.length === 0 ? undefined : new CacheRules(rules, matchers),
    purgers: purge.map(parseCidr).filter((range) => range !== undefined),
  };
}

/** Rules of the cache name hosts and paths as those of the policy do. */
const matchers: RuleMatchers = {
  hosts(entries) {
    const set = new HostSet();
    set.add(entries, 0);
    return (host) => {
      let isNamed = false;
      set.find(host, parseAddress(host), () => {
        isNamed = true;
      });
      return isNamed;
    };
  },
  paths(globs, forbids) {
    const compiled = globs.map((glob) => compileGlob(normaliseGlobPath(glob)));
    return (pathWithQuery) => {
      const { path, isAmbiguous } = matchedPath(pathWithQuery);
      return isAmbiguous ? forbids : compiled.some((glob) => glob.test(path));
    };
  },
};
