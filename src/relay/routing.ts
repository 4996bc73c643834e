/**
 * A reverse listener's request: where it was meant for, and the endpoint that the
 * config has for that. The client is a browser or another server and knows of no
 * proxy, so what it asks for is in its path and its Host.
 */
import type { Config } from "../config/schema.ts";
import { ProtocolError } from "../http1/error.ts";
import type { RequestHead } from "../http1/head.ts";
import { parseAuthority, type Target } from "../http1/target.ts";
import { compileGlob } from "../policy/rules/glob.ts";
import { matchedPath, normaliseGlobPath } from "../policy/rules/path.ts";
import { RoundRobin } from "../upstream/round-robin.ts";
import { Routes } from "../upstream/routes.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where a route leads. */
export interface RoutedTo {
  readonly upstream: string;
  readonly endpoint: Endpoint;
}

type RouteConfig = Config["routes"][number];

export class Routing {
  readonly #routes: Routes<RouteConfig>;
  readonly #upstreams = new Map<string, { endpoints: readonly Endpoint[]; turns: RoundRobin }>();

  constructor({ routes, upstreams }: Pick<Config, "routes" | "upstreams">, start = 0) {
    this.#routes = new Routes(routes, (glob) => compileGlob(normaliseGlobPath(glob)));
    for (const [name, { endpoints }] of Object.entries(upstreams)) {
      this.#upstreams.set(name, { endpoints, turns: new RoundRobin(endpoints.length, start) });
    }
  }

  /** Undefined: no route is for it. */
  pick(host: string, path: string): RoutedTo | undefined {
    const { path: matched, isAmbiguous } = matchedPath(path);
    if (isAmbiguous) return undefined;
    const route = this.#routes.pick(host, matched);
    const upstream = route && this.#upstreams.get(route.upstream);
    const endpoint = upstream?.endpoints[upstream.turns.next()];
    return route && endpoint && { upstream: route.upstream, endpoint };
  }
}

/** What a server is asked for, in the form that a proxy is. Throws `ProtocolError` where there is nothing to go by. */
export function servedTarget(head: RequestHead, target: Target, listener: string): Target {
  if (target.form !== "origin") return target;
  // RFC 9112 §3.2: only HTTP/1.0 may go without, and empty is for what has no host.
  const authority = head.fields.host ?? "";
  const origin = parseAuthority(authority === "" ? listener : authority);
  if (origin === undefined) throw new ProtocolError("Cannot read head: Host is malformed");
  return { form: "absolute", origin, path: target.path };
}
