/**
 * Asking an origin whether a stored answer is still good, and making use of what
 * it says (RFC 9111 §4.3).
 */
import { firstValue, nameOfLine, nextLine, withoutLines } from "./field-lines.ts";

/**
 * Never taken from a 304 (RFC 9111 §3.2). The length and the place of what is stored are its own, and
 * so is the coding of its bytes: an origin that names another one with its 304 describes other bytes.
 */
const NOT_UPDATED = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Lines to add to a request so that it validates a stored answer (§4.3.1): the validators as they
 * came, to the byte. Empty when it has none. The request must have no conditions of its own.
 */
export function validatorLines(storedLines: string): string {
  const etag = firstValue(storedLines, "etag");
  const lastModified = firstValue(storedLines, "last-modified");
  const first = etag === undefined ? "" : `If-None-Match: ${etag}\r\n`;
  return lastModified === undefined ? first : `${first}If-Modified-Since: ${lastModified}\r\n`;
}

/**
 * The stored lines with those of a 304, or of a HEAD's 200, in place of their namesakes (§3.2,
 * §4.3.4, §4.3.5). undefined: the 304 has another validator, and is about another answer.
 *
 * `decideStoring` makes new facts of them: the answer's Age is still there, and a Date only when the answer has one.
 */
export function freshenedLines(storedLines: string, answerLines: string): string | undefined {
  if (!isSelected(storedLines, answerLines)) return undefined;
  const update = withoutLines(answerLines, (name) => NOT_UPDATED.has(name));
  const names = new Set(["age", "date"]);
  for (let at = 0; at < update.length; at = nextLine(update, at)) names.add(nameOfLine(update, at));
  return withoutLines(storedLines, (name) => names.has(name)) + update;
}

/**
 * Whether the answer to a HEAD says that the stored answer to GET is what GET would still give
 * (§4.3.5): the validators and the length that it has are the same. -1: it has no Content-Length.
 */
export function headConfirms(
  storedLines: string,
  storedBytes: number,
  headLines: string,
  headContentLength: number,
): boolean {
  if (headContentLength >= 0 && headContentLength !== storedBytes) return false;
  return isSame(storedLines, headLines, "etag") && isSame(storedLines, headLines, "last-modified");
}

/**
 * §4.3.4, where one stored answer was asked about. A strong validator has to be the very same; a weak one is
 * compared weakly, and Last-Modified counts where there is no ETag. A 304 that has none answers
 * what was asked: many origins leave them out, though RFC 9110 §15.4.5 wants them.
 */
function isSelected(storedLines: string, answerLines: string): boolean {
  const etag = firstValue(answerLines, "etag");
  if (etag === undefined) return isSame(storedLines, answerLines, "last-modified");
  const storedEtag = firstValue(storedLines, "etag");
  if (storedEtag === undefined) return isSame(storedLines, answerLines, "last-modified");
  if (!etag.startsWith("W/")) return etag === storedEtag;
  return etag.slice(2) === (storedEtag.startsWith("W/") ? storedEtag.slice(2) : storedEtag);
}

/** An answer without the field contradicts nothing. */
function isSame(storedLines: string, answerLines: string, name: string): boolean {
  const value = firstValue(answerLines, name);
  return value === undefined || value === firstValue(storedLines, name);
}
