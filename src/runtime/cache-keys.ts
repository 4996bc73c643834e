/**
 * What answers are stored by, as people name it. A key is host, port and path as
 * the relay spells them, behind the name of what it was fetched from where that
 * matters: `@upstream example.com/path`.
 */

import type { PurgeMatches } from "../admin/cache-admin.ts";
import type { CacheRules } from "../cache/rules.ts";
import { parseTarget } from "../http1/target.ts";

/**
 * An absolute URL, or its beginning, in the spelling of keys with "http://" in front. `rules`: those of the
 * config, which leave parameters out of keys; a rewrite of the policy's is not known here.
 */
export function spelledAs(url: string, rules?: CacheRules): string {
  // The scheme is not in a key: what came by either is asked for by http.
  const target = parseTarget("GET", url.replace(/^https?:/i, "http:"));
  if (target.form !== "absolute") return url;
  const { origin, path } = target;
  return `http://${origin.authority}${rules?.forRequest(origin.host, path)?.keyPath ?? path}`;
}

/** Given a key and its tags. What `matches` names has to be spelled as keys are. */
export function keyMatcher(matches: PurgeMatches): (key: string, tags: string) => boolean {
  if ("tag" in matches) return (_, tags) => tags.split(" ").includes(matches.tag);
  if ("url" in matches) {
    const name = nameOf(matches.url);
    return (key) => key.endsWith(name) && nameIn(key) === name;
  }
  if ("prefix" in matches) {
    const prefix = nameOf(matches.prefix);
    return (key) => nameIn(key).startsWith(prefix);
  }
  const { host } = matches;
  const isOfHost = hostMatcher(host);
  return (key) => isOfHost(authorityIn(nameIn(key)));
}

function hostMatcher(host: string): (authority: string) => boolean {
  const hasPort = /:\d+$/.test(host) && !host.endsWith("]");
  const wanted = hasPort ? host.replace(/:80$/, "") : host;
  return (authority) => authority === wanted || (!hasPort && authority.replace(/:\d+$/, "") === wanted);
}

function nameOf(url: string): string {
  return url.slice(url.indexOf("://") + 3);
}

function nameIn(key: string): string {
  return key.slice(key.lastIndexOf(" ") + 1);
}

function authorityIn(name: string): string {
  return name.slice(0, name.indexOf("/"));
}
