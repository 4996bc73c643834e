/**
 * Trailers that may travel on (RFC 9110 §6.5.1): nothing that frames, routes,
 * authenticates, asks for conditions, controls caches or describes the body, or
 * someone behind us might merge it into the head.
 */
import { ProtocolError } from "./error.ts";
import { withoutFields } from "./fields.ts";
import { FIELD_LINES } from "./grammar.ts";

const FORBIDDEN: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "expires",
  "forwarded",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "keep-alive",
  "location",
  "max-forwards",
  "pragma",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "retry-after",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
  "via",
  "www-authenticate",
]);

/** `lines` is the trailer section as it came, each line with its CRLF. */
export function forwardedTrailers(lines: string): string {
  if (lines === "") return "";
  if (!FIELD_LINES.test(lines)) throw new ProtocolError("Cannot read chunked body: a trailer is malformed");
  return withoutFields(lines, FORBIDDEN);
}
