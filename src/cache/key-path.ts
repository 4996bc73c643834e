/**
 * What of a path and its query tells one answer from another, where some parameters
 * are known to make no difference. The others keep their order and their spelling:
 * nothing is decoded, so no two requests that an origin could tell apart become one.
 */

export interface ParameterGlobs {
  readonly names: ReadonlySet<string>;
  readonly beginnings: readonly string[];
}

/** `utm_source` is that name, `utm_*` any that begins so. */
export function parameterGlobs(entries: readonly string[]): ParameterGlobs {
  return {
    names: new Set(entries.filter((entry) => !entry.endsWith("*"))),
    beginnings: entries.filter((entry) => entry.endsWith("*")).map((entry) => entry.slice(0, -1)),
  };
}

/** The same text when nothing is ignored; without its "?" when everything is. */
export function keyPathOf(pathWithQuery: string, ignored: ParameterGlobs): string {
  const queryAt = pathWithQuery.indexOf("?");
  if (queryAt < 0) return pathWithQuery;
  const parameters = pathWithQuery.slice(queryAt + 1).split("&");
  const kept = parameters.filter((parameter) => !isIgnored(parameter, ignored));
  if (kept.length === parameters.length) return pathWithQuery;
  const path = pathWithQuery.slice(0, queryAt);
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function isIgnored(parameter: string, { names, beginnings }: ParameterGlobs): boolean {
  const equals = parameter.indexOf("=");
  const name = equals < 0 ? parameter : parameter.slice(0, equals);
  return names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}
