/**
 * How a message's body is delimited (RFC 9112 §6.3). There is one reading of
 * it or none: what another implementation could read differently is refused.
 */
import { ProtocolError } from "./error.ts";
import type { Fields } from "./fields.ts";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** The body lasts until the connection closes; responses only. */
  | { readonly kind: "close" };

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const CLOSE: Framing = { kind: "close" };

export function requestFraming(fields: Fields, minor: 0 | 1): Framing {
  if (fields.transferEncoding !== undefined) {
    refuseBoth(fields);
    // RFC 9112 §6.1: HTTP/1.0 has no transfer codings; such a message has faulty framing.
    if (minor === 0) throw new ProtocolError("Cannot frame request: Transfer-Encoding in HTTP/1.0");
    if (fields.transferEncoding !== "chunked") {
      throw new ProtocolError("Cannot frame request: a transfer coding other than chunked", 501);
    }
    return CHUNKED;
  }
  return fields.contentLength < 0 ? NONE : { kind: "length", length: fields.contentLength };
}

export function responseFraming(method: string, status: number, fields: Fields, minor: 0 | 1): Framing {
  if (fields.transferEncoding !== undefined) {
    refuseBoth(fields);
    if (minor === 0) throw new ProtocolError("Cannot frame response: Transfer-Encoding in HTTP/1.0");
    if (fields.transferEncoding !== "chunked") {
      throw new ProtocolError("Cannot frame response: a transfer coding other than chunked");
    }
  }
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NONE;
  if (fields.transferEncoding !== undefined) return CHUNKED;
  return fields.contentLength < 0 ? CLOSE : { kind: "length", length: fields.contentLength };
}

function refuseBoth(fields: Fields): void {
  if (fields.contentLength >= 0) {
    throw new ProtocolError("Cannot frame message: both Content-Length and Transfer-Encoding");
  }
}
