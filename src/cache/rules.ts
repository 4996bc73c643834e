/**
 * `cache.rules` of the config: where it overrules what origins say, by host, path
 * and media type. What hosts and paths mean is the relay's to know.
 *
 * Of several rules that match, the first to give a time, a floor, a ceiling or
 * parameters to ignore is obeyed; `never` and `cookies` hold when any says so.
 */
import { keyPathOf, type ParameterGlobs, parameterGlobs } from "./key-path.ts";

/** Empty lists mean any. */
export interface CacheRuleSpec {
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** Lower case: `text/html`, `image/*`. */
  readonly types: readonly string[];
  /** Milliseconds. */
  readonly ttl: number | undefined;
  readonly ttlMin: number | undefined;
  readonly ttlMax: number | undefined;
  readonly ignoreQuery: readonly string[];
  readonly never: boolean;
  readonly cookies: boolean;
}

/** What the matching rules say together of one answer. */
export interface CacheRule {
  readonly ttlMs: number | undefined;
  readonly ttlMinMs: number | undefined;
  readonly ttlMaxMs: number | undefined;
  readonly never: boolean;
  readonly cookies: boolean;
}

/** How a rule's entries are compared: made once for each rule whose list is not empty. */
export interface RuleMatchers {
  hosts(entries: readonly string[]): (host: string) => boolean;
  /** Asked with the path and its query, as sent. `forbids`: the rule says never, and is not to be passed by a spelling. */
  paths(globs: readonly string[], forbids: boolean): (pathWithQuery: string) => boolean;
}

interface Compiled {
  readonly spec: CacheRuleSpec;
  readonly matchesHost: ((host: string) => boolean) | undefined;
  readonly matchesPath: ((pathWithQuery: string) => boolean) | undefined;
  readonly ignored: ParameterGlobs | undefined;
}

/** Rules of so many hosts are remembered. */
const HOSTS_MAX = 1_024;

export class CacheRules {
  readonly #rules: readonly Compiled[];
  readonly #ofHosts = new Map<string, readonly Compiled[]>();

  constructor(specs: readonly CacheRuleSpec[], matchers: RuleMatchers) {
    this.#rules = specs.map((spec) => ({
      spec,
      matchesHost: spec.hosts.length === 0 ? undefined : matchers.hosts(spec.hosts),
      matchesPath: spec.paths.length === 0 ? undefined : matchers.paths(spec.paths, spec.never),
      ignored: spec.ignoreQuery.length === 0 ? undefined : parameterGlobs(spec.ignoreQuery),
    }));
  }

  /** `host` is canonical, `path` has its query. undefined: no rule is about them. */
  forRequest(host: string, path: string): RequestRules | undefined {
    const ofHost = this.#ofHost(host);
    if (ofHost.length === 0) return undefined;
    const matching = ofHost.filter(({ matchesPath }) => matchesPath === undefined || matchesPath(path));
    return matching.length === 0 ? undefined : new RequestRules(matching, path);
  }

  #ofHost(host: string): readonly Compiled[] {
    if (this.#rules.length === 0) return this.#rules;
    const known = this.#ofHosts.get(host);
    if (known !== undefined) return known;
    const found = this.#rules.filter(({ matchesHost }) => matchesHost === undefined || matchesHost(host));
    if (this.#ofHosts.size >= HOSTS_MAX) this.#ofHosts.clear();
    this.#ofHosts.set(ownText(host), found);
    return found;
  }
}

/** The rules that are about one request. */
export class RequestRules {
  /** The path with its query, without the parameters that are ignored. */
  readonly keyPath: string;
  private readonly rules: readonly Compiled[];

  constructor(rules: readonly Compiled[], path: string) {
    this.rules = rules;
    const ignored = rules.find((rule) => rule.ignored !== undefined)?.ignored;
    this.keyPath = ignored === undefined ? path : keyPathOf(path, ignored);
  }

  /** Whatever the answer's type will be, it is not to be stored, and nothing stored is to be had. */
  get isNever(): boolean {
    return this.rules.some(({ spec }) => spec.never && spec.types.length === 0);
  }

  /** What holds for an answer with this Content-Type. undefined: nothing. */
  forType(contentType: string | undefined): CacheRule | undefined {
    const type = contentType === undefined ? "" : mediaTypeOf(contentType);
    const specs = this.rules.map(({ spec }) => spec).filter(({ types }) => matchesType(types, type));
    if (specs.length === 0) return undefined;
    return {
      ttlMs: specs.find(({ ttl }) => ttl !== undefined)?.ttl,
      ttlMinMs: specs.find(({ ttlMin }) => ttlMin !== undefined)?.ttlMin,
      ttlMaxMs: specs.find(({ ttlMax }) => ttlMax !== undefined)?.ttlMax,
      never: specs.some(({ never }) => never),
      cookies: specs.some(({ cookies }) => cookies),
    };
  }
}

function matchesType(types: readonly string[], type: string): boolean {
  if (types.length === 0) return true;
  const group = `${type.slice(0, type.indexOf("/") + 1)}*`;
  return types.some((each) => each === type || each === group);
}

/** Without its parameters (RFC 9110 §8.3.1). */
function mediaTypeOf(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** A slice of a head would keep all of the head alive. */
function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
