/** `routes` and `upstreams`: where a listener with `mode: reverse` sends its requests. What must hold between these is in `reverse-conflicts.ts`. */
import type { RouteSpec } from "../upstream/routes.ts";
import { name } from "./kinds-identity.ts";
import { endpoint, hostPattern } from "./kinds-network.ts";
import { pathGlob } from "./kinds-target.ts";
import { list, map, required, type Schema, section } from "./setting.ts";

const TRIED_MAX = 1_000;

const upstream = section(
  {
    endpoints: list(
      required(endpoint, "A host and a port."),
      { least: 1, most: 256 },
      [],
      "Addresses or names and their ports, such as `10.0.0.7:8080` or `app.example.com:80`. Asked in turn.",
    ),
  },
  "Servers that are as good as each other.",
);

const route: Schema<RouteSpec> = section(
  {
    hosts: list(
      required(hostPattern, "A host."),
      { least: 0, most: TRIED_MAX },
      [],
      "Hosts: `example.com` itself, `*.example.com` what is below it, `.example.com` both; or addresses. Empty is every host.",
    ),
    paths: list(
      required(pathGlob, "A path."),
      { least: 0, most: TRIED_MAX },
      [],
      "Paths without their query, `*` for any run of characters. Empty is every path.",
    ),
    upstream: required(name, "Where to: the name of one of `upstreams`."),
  },
  "Requests, and where they go.",
);

export const routes = list(
  route,
  { least: 0, most: TRIED_MAX },
  [],
  "Where requests of `reverse` listeners go. A host that is named comes before one by a wildcard, and that before any; then the longer path before its first `*`; then the order here. A request that none of them matches gets 404.",
);

export const upstreams = map(
  name,
  upstream,
  1_000,
  "Servers that routes send requests to, by name: letters, digits or any of `._-`.",
);
