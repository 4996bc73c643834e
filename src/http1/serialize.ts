/**
 * Messages are written anew, never passed through: one framing, one Host, the
 * fields that may travel, our Via. Text in latin1, where one character is one
 * byte, so that a field value leaves as it came.
 */
import type { Fields } from "./fields.ts";
import type { Framing } from "./framing.ts";
import type { RequestHead, ResponseHead } from "./head.ts";

/** `via` is a whole line with its CRLF, or empty. */
export function serializeRequest(
  head: RequestHead,
  path: string,
  authority: string,
  framing: Framing,
  via: string,
): string {
  const { fields } = head;
  return `${head.method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n${fields.forwarded}${framingLine(framing)}${hopLines(fields)}${via}\r\n`;
}

/** The connection fields of a response: what this hop is told about it. */
export type Persistence = "keep-alive" | "close" | "implied";

export function serializeResponse(
  head: ResponseHead,
  framing: Framing,
  via: string,
  persistence: Persistence,
): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields.forwarded}${lengthOf(head, framing)}${via}${PERSISTENCE_LINES[persistence]}\r\n`;
}

/** An interim response (RFC 9110 §15.2), 101 included: no body, no framing. */
export function serializeInterim(head: ResponseHead, via: string): string {
  const { upgrade, forwarded } = head.fields;
  const upgradeLines =
    head.status === 101 && upgrade !== undefined ? `Connection: upgrade\r\nUpgrade: ${upgrade}\r\n` : "";
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${forwarded}${upgradeLines}${via}\r\n`;
}

/** What precedes a chunk of that many bytes; what follows it is `CHUNK_END`. */
export function chunkStart(byteCount: number): string {
  return `${byteCount.toString(16)}\r\n`;
}

export const CHUNK_END = "\r\n";

export function lastChunk(trailers: string): string {
  return `0\r\n${trailers}\r\n`;
}

const PERSISTENCE_LINES: Record<Persistence, string> = {
  "keep-alive": "Connection: keep-alive\r\n",
  close: "Connection: close\r\n",
  implied: "",
};

function framingLine(framing: Framing): string {
  switch (framing.kind) {
    case "length":
      return `Content-Length: ${framing.length}\r\n`;
    case "chunked":
      return "Transfer-Encoding: chunked\r\n";
    case "none":
    case "close":
      return "";
  }
}

/** An answer without a body may still tell the length it would have had (RFC 9110 §8.6): to HEAD, or 304. */
function lengthOf(head: ResponseHead, framing: Framing): string {
  if (framing.kind !== "none") return framingLine(framing);
  const { contentLength } = head.fields;
  return contentLength >= 0 && head.status >= 200 && head.status !== 204
    ? `Content-Length: ${contentLength}\r\n`
    : "";
}

/** RFC 9110 §10.1.4 and §7.8: both are named in Connection. */
function hopLines(fields: Fields): string {
  if (fields.upgrade === undefined && !fields.acceptsTrailers) return "";
  const te = fields.acceptsTrailers ? "TE: trailers\r\n" : "";
  if (fields.upgrade === undefined) return `Connection: TE\r\n${te}`;
  return `Connection: upgrade${fields.acceptsTrailers ? ", TE" : ""}\r\nUpgrade: ${fields.upgrade}\r\n${te}`;
}
