/** What a config says of the cache, worked out once for it. */
import { cacheStatusStart } from "../../cache/cache-status.ts";
import { CacheRules } from "../../cache/rules.ts";
import type { Config } from "../../config/schema.ts";
import { type Cidr, parseCidr } from "../../policy/address.ts";
import { namedByHosts, namedByPaths } from "../../policy/rules/named-by.ts";

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
    rules:
      rules.length === 0 ? undefined : new CacheRules(rules, { hosts: namedByHosts, paths: namedByPaths }),
    purgers: purge.map(parseCidr).filter((range) => range !== undefined),
  };
}
