/**
 * What a purge means by its words, in terms of keys. A key is `host:port/path`, as
 * the relay spells it; what stands before a space in it, or a scheme, does not count
 * here, so that a URL means all that is kept apart under it.
 */

/** One of them. `host`: of every port, where it has none. */
export interface PurgeMatches {
  readonly url?: string;
  readonly host?: string;
  readonly prefix?: string;
  readonly tag?: string;
}

/** A range of names in the order of the index: from the first up to the other, which is not in it. */
export interface NameRange {
  readonly from: string;
  readonly to: string;
}

/** No name has a character beyond latin1. */
const LAST = "\u{10ffff}";

export function nameOf(keyOrUrl: string): string {
  return keyOrUrl.slice(keyOrUrl.lastIndexOf(" ") + 1).replace(/^https?:\/\//, "");
}

export function matchesPurge(key: string, tags: string, matches: PurgeMatches): boolean {
  const { url, host, prefix, tag } = matches;
  if (tag !== undefined) return tags.split(" ").includes(tag);
  const name = nameOf(key);
  if (url !== undefined) return name === nameOf(url);
  if (prefix !== undefined) return name.startsWith(nameOf(prefix));
  return host !== undefined && rangesOfHost(host).some(({ from }) => name.startsWith(from));
}

/** Where the names are that match; all in these ranges do. A tag has none. */
export function rangesOf({ url, host, prefix }: PurgeMatches): readonly NameRange[] {
  if (url !== undefined) return [{ from: nameOf(url), to: `${nameOf(url)}\0` }];
  if (prefix !== undefined) return [{ from: nameOf(prefix), to: nameOf(prefix) + LAST }];
  return host === undefined ? [] : rangesOfHost(host);
}

function rangesOfHost(host: string): NameRange[] {
  const hasPort = /:\d+$/.test(host);
  // A key does not tell the port that every host has.
  const name = host.replace(/:80$/, "");
  return (hasPort ? ["/", "?"] : ["/", "?", ":"]).map((next) => ({
    from: name + next,
    to: name + next + LAST,
  }));
}
