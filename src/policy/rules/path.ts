/**
 * A path as rules see it. Servers differ in what they take for the same path, so
 * that a rule which compared what was sent could be passed by spelling it
 * otherwise:
 *   1. the query is cut off
 *   2. percent-encoding is decoded, once (`%2F` too, and UTF-8 in it)
 *   3. a backslash is a slash (IIS takes it for one, and so do browsers)
 *   4. slashes in a row are one
 *   5. "." and ".." are resolved (RFC 3986 §5.2.4)
 *
 * Some paths have no one reading. Whether `/a%2F..%2Fb` is `/b` depends on when
 * the server decodes it, `/a/..;x/b` on whether it cuts parameters off first, and
 * nobody honest sends these. They are `isAmbiguous`: what allows by path must not
 * match them, and what refuses by path always does.
 */

export interface MatchedPath {
  readonly path: string;
  /** The path, "?" and the query, as it came and, where that differs, percent-decoded. Patterns are searched in these. */
  readonly withQuery: readonly string[];
  readonly isAmbiguous: boolean;
}

export function matchedPath(pathWithQuery: string): MatchedPath {
  const queryAt = pathWithQuery.indexOf("?");
  const sent = queryAt < 0 ? pathWithQuery : pathWithQuery.slice(0, queryAt);
  const query = queryAt < 0 ? "" : pathWithQuery.slice(queryAt);

  const isSimple = isPlain(sent);
  const path = isSimple ? sent : normalise(sent);
  const decodedQuery = decode(query);
  const withQuery = decodedQuery === query ? [path + query] : [path + query, path + decodedQuery];
  return { path, withQuery, isAmbiguous: !isSimple && isAmbiguous(sent) };
}

/** Several rules ask for the same path. */
export class PathMemo {
  #sent = "";
  #matched: MatchedPath = matchedPath("");

  of(pathWithQuery: string): MatchedPath {
    if (pathWithQuery !== this.#sent) {
      this.#matched = matchedPath(pathWithQuery);
      this.#sent = pathWithQuery;
    }
    return this.#matched;
  }
}

/** The text of a glob is spelled freely as well: `/a%20b` in a configuration is `/a b`. */
export function normaliseGlobPath(glob: string): string {
  const bytes = Buffer.from(glob, "utf8").toString("latin1");
  return bytes.split("*").map(decode).join("*").replaceAll("\\", "/");
}

/** Nearly every path: nothing in it that could be spelled otherwise. */
function isPlain(path: string): boolean {
  return !/[%\\\x80-\xff]|\/[./]/.test(path);
}

function normalise(sent: string): string {
  return resolveDots(decode(sent).replaceAll("\\", "/"));
}

function resolveDots(path: string): string {
  if (!path.startsWith("/")) return path; // "*" of OPTIONS
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const last = segments.at(-1);
  const endsOpen = kept.length > 0 && (last === "" || last === "." || last === "..");
  return `/${kept.join("/")}${endsOpen ? "/" : ""}`;
}

/** A segment of dots beside a separator that is encoded or a backslash, or with parameters; or a NUL, where C would stop. */
function isAmbiguous(sent: string): boolean {
  const dotted = decodeDots(sent);
  if (/%00/.test(sent)) return true;
  return (
    /(?:^|[/\\]|%2f|%5c)\.\.?;/i.test(dotted) ||
    /(?:\\|%2f|%5c)\.\.?(?:[/\\]|%2f|%5c|$)/i.test(dotted) ||
    /\/\.\.?(?:\\|%2f|%5c)/i.test(dotted)
  );
}

function decodeDots(text: string): string {
  return text.replace(/%2e/gi, ".").replace(/%3b/gi, ";");
}

/** What is no encoding stays as it is; bytes that are no UTF-8 become U+FFFD, each like the other. */
function decode(text: string): string {
  if (!/[%\x80-\xff]/.test(text)) return text;
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}
