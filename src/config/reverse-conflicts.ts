/**
 * What must hold of routes and upstreams:
 *
 *   1. a route leads to an upstream that is there
 *   2. a reverse listener has at least one route
 *   3. an upstream names each of its endpoints once: shares are for weights
 */
import { formatHostPort } from "./host-port.ts";
import { unknownName } from "./names.ts";
import { expectedFound, type Problem } from "./problems.ts";
import type { ReadableConfig } from "./readable.ts";

export function* reverseConflicts({ listeners, routes, upstreams }: ReadableConfig): Generator<Problem> {
  const known = upstreams && new Set(upstreams.keys());
  for (const [at, route] of routes.entries()) {
    if (route === undefined || known === undefined || known.has(route.upstream)) continue;
    yield unknownName(`routes[${at}].upstream`, route.upstream, known, "the name of one of upstreams");
  }

  const reverse = listeners.findIndex((listener) => listener?.mode === "reverse");
  if (reverse >= 0 && routes.length === 0) {
    yield expectedFound("routes", `at least one, for the mode of listeners[${reverse}] is "reverse"`, "none");
  }

  for (const [name, upstream] of upstreams ?? []) {
    if (upstream !== undefined) yield* repeatedEndpoints(`upstreams.${name}.endpoints`, upstream.endpoints);
  }
}

function* repeatedEndpoints(
  path: string,
  endpoints: readonly Parameters<typeof formatHostPort>[0][],
): Generator<Problem> {
  const firstAt = new Map<string, number>();
  for (const [at, endpoint] of endpoints.entries()) {
    const text = formatHostPort(endpoint);
    const first = firstAt.get(text);
    if (first === undefined) firstAt.set(text, at);
    else yield expectedFound(`${path}[${at}]`, "another endpoint", `that of ${path}[${first}]`);
  }
}
