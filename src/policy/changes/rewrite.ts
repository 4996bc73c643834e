/**
 * Where a request goes instead. A rewrite changes what the upstream is asked,
 * and the client does not hear of it; a redirect tells the client to ask for
 * something else.
 *
 * Host, path prefix, pattern and query are done in this order, each on what the
 * one before has made. Whatever they do not name stays as it came, to the byte;
 * only dot segments are resolved first, or "/../" would climb out of a prefix.
 * Whether the result may be asked for is not known here: it is judged again.
 */

import type { RedirectSpec, RewriteSpec } from "../spec.ts";
import { encodePercent } from "./percent.ts";
import { GROWTH_BYTES_MAX, type RewriteStep, stepsOf } from "./rewrite-steps.ts";

export interface RewriteTarget {
  /** Lower case, normalised; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** With its query; "*" of an OPTIONS is no path, and stays. */
  readonly path: string;
}

export interface RewrittenTarget extends RewriteTarget {
  /** What Host says: without port 80, with brackets. */
  readonly authority: string;
}

/** Visible ASCII without "#": as a request line may say it. */
const PATH = /^\/[!"$-~]*$/;

export function rewriteTarget(
  spec: RewriteSpec,
  target: RewriteTarget,
): RewrittenTarget | { readonly problem: string } {
  const rewrite = compiled(spec);
  const host = rewrite.host ?? target.host;
  const port = rewrite.port ?? target.port;
  const authority = authorityOf(host, port);
  if (target.path === "*") return { host, port, authority, path: "*" };

  const path = rewrite.steps.reduce((before, step) => step(before), target.path);
  if (path.length > target.path.length + GROWTH_BYTES_MAX)
    return { problem: "the rewritten path is too long" };
  if (!PATH.test(path)) return { problem: "what was rewritten is no path" };
  return { host, port, authority, path };
}

/**
 * The value of Location. A placeholder behind the first "?" of `to` is one value
 * of a query, and is encoded as that; before it stands as it is.
 */
export function redirectTo(spec: RedirectSpec, target: RewriteTarget): string {
  const path = target.path === "*" ? "/" : target.path;
  const values: Readonly<Record<string, string>> = {
    "{host}": bracketed(target.host),
    "{port}": String(target.port),
    "{path}": path,
    "{url}": `http://${authorityOf(target.host, target.port)}${path}`,
  };
  const queryAt = (spec.to.indexOf("?") + 1 || Number.POSITIVE_INFINITY) - 1;
  const location = spec.to.replace(/\{(?:host|port|path|url)\}/g, (placeholder, at: number) => {
    const value = values[placeholder] ?? "";
    return at > queryAt ? encodeURIComponent(value) : value;
  });
  return encodePercent(location, /[^!#$%&'()*+,\-./:;=?@[\]_~0-9A-Za-z]/gu);
}

interface Rewrite {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly steps: readonly RewriteStep[];
}

/** Kept as long as the spec is: a config is read once, and rewrites many requests. */
const known = new WeakMap<RewriteSpec, Rewrite>();

function compiled(spec: RewriteSpec): Rewrite {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const rewrite = { ...splitHost(spec.host), steps: stepsOf(spec) };
  known.set(spec, rewrite);
  return rewrite;
}

/** A host alone leaves the port as it was. */
function splitHost(text: string | undefined): Pick<Rewrite, "host" | "port"> {
  if (text === undefined) return { host: undefined, port: undefined };
  const [, inBrackets, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(text) ?? [];
  // Nothing matched: an IPv6 address, whose colons are no port.
  return { host: inBrackets ?? name ?? text, port: port === undefined ? undefined : Number(port) };
}

function authorityOf(host: string, port: number): string {
  return port === 80 ? bracketed(host) : `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
