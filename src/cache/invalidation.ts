/**
 * What a request that changes something makes invalid (RFC 9111 §4.4).
 */
import { firstValue } from "./field-lines.ts";

/** RFC 9110 §9.2.1, and those registered as safe. What is not known may change anything. */
const SAFE = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "REPORT",
  "SEARCH",
  "QUERY",
  "PRI",
]);

/**
 * Absolute URIs, the target first, then those of Location and Content-Location that are of the same
 * origin, in the target's own spelling of it. Empty for a safe method and after an error. They must be
 * removed, or never used without being validated.
 */
export function invalidatedBy(
  method: string,
  status: number,
  targetUri: string,
  answerLines: string,
): readonly string[] {
  if (SAFE.has(method) || status < 200 || status > 399) return [];
  const uris = new Set([targetUri]);
  for (const name of ["location", "content-location"]) {
    const reference = firstValue(answerLines, name);
    const uri = reference === undefined ? undefined : sameOriginUri(reference, targetUri);
    if (uri !== undefined) uris.add(uri);
  }
  return [...uris];
}

/** Whether a reference, resolved against this absolute URI, is this URI. */
export function namesUri(reference: string, uri: string): boolean {
  const named = sameOriginUri(reference, uri);
  return named !== undefined && named === sameOriginUri(uri, uri);
}

/** The reference resolved (RFC 3986 §5), without its fragment; undefined for another origin, and for what is no URI. */
function sameOriginUri(reference: string, targetUri: string): string | undefined {
  const target = URL.parse(targetUri);
  const uri = URL.parse(reference, targetUri);
  if (target === null || uri === null || uri.origin !== target.origin) return undefined;
  const authorityAt = targetUri.indexOf("://") + 3;
  const pathAt = targetUri.slice(authorityAt).search(/[/?#]|$/) + authorityAt;
  return targetUri.slice(0, pathAt) + uri.pathname + uri.search;
}
