/**
 * Trailers that may travel on (RFC 9110 §6.5.1): nothing that frames, routes
 * or authenticates, or someone behind us might merge it into the head.
 */
import { ProtocolError } from "./error.ts";
import { withoutFields } from "./fields.ts";
import { FIELD_LINES } from "./grammar.ts";

const FORBIDDEN: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "www-authenticate",
]);

/** `lines` is the trailer section as it came, each line with its CRLF. */
export function forwardedTrailers(lines: string): string {
  if (lines === "") return "";
  if (!FIELD_LINES.test(lines)) throw new ProtocolError("Cannot read chunked body: a trailer is malformed");
  return withoutFields(lines, FORBIDDEN);
}
