/**
 * Heads: text in, a value or a `ProtocolError` out. Who collects the bytes of
 * a head, how many they may be and how long they may take, is not known here.
 */
import { ProtocolError } from "./error.ts";
import { FieldMemo } from "./field-memo.ts";
import type { Fields } from "./fields.ts";
import { explainHead, REQUEST_HEAD, REQUEST_LINE, RESPONSE_HEAD, RESPONSE_LINE } from "./grammar.ts";

/** Bytes, bytes and a count: the sizes that a head may have. */
export interface HeadLimits {
  readonly headBytes: number;
  readonly uriBytes: number;
  readonly headerCount: number;
}

export interface RequestHead {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  /** HTTP/1.0 or HTTP/1.1. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

export interface ResponseHead {
  readonly minor: 0 | 1;
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
}

/** `text` is one whole head with the empty line that ends it; `memo` is the connection's, if it has one. */
export function parseRequestHead(text: string, limits: HeadLimits, memo = new FieldMemo()): RequestHead {
  const lineEnd = text.indexOf("\r\n");
  const known = memo.recall(text, lineEnd, limits.headerCount);
  if (!(known === undefined ? REQUEST_HEAD : REQUEST_LINE).test(text)) {
    throw new ProtocolError(`Cannot read request head: ${explainRequest(text)}`);
  }
  const methodEnd = text.indexOf(" ");
  // The version takes nine bytes with its space: " HTTP/1.1".
  const targetEnd = lineEnd - 9;
  if (targetEnd - methodEnd - 1 > limits.uriBytes) refuseUriSize(limits);
  return {
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, targetEnd),
    minor: text.charCodeAt(lineEnd - 1) === 0x30 ? 0 : 1,
    fields: known ?? memo.read(text, lineEnd, limits.headerCount, true),
  };
}

/** `text` is one whole head with the empty line that ends it; `memo` is the connection's, if it has one. */
export function parseResponseHead(text: string, limits: HeadLimits, memo = new FieldMemo()): ResponseHead {
  const lineEnd = text.indexOf("\r\n");
  const known = memo.recall(text, lineEnd, limits.headerCount);
  if (!(known === undefined ? RESPONSE_HEAD : RESPONSE_LINE).test(text)) {
    throw new ProtocolError(`Cannot read response head: ${explainHead(text)}`);
  }
  return {
    minor: text.charCodeAt(7) === 0x30 ? 0 : 1,
    status: (text.charCodeAt(9) - 48) * 100 + (text.charCodeAt(10) - 48) * 10 + (text.charCodeAt(11) - 48),
    reason: lineEnd > 13 ? text.slice(13, lineEnd) : "",
    fields: known ?? memo.read(text, lineEnd, limits.headerCount, false),
  };
}

/** A head that has grown past its limit, whether it has ended or not. */
export function refuseHeadSize(kind: "request" | "response", limits: HeadLimits): never {
  throw new ProtocolError(
    `Cannot read ${kind} head: more than ${limits.headBytes} bytes`,
    kind === "request" ? 431 : 502,
    "headBytes",
  );
}

export function refuseUriSize(limits: HeadLimits): never {
  throw new ProtocolError(
    `Cannot read request head: target of more than ${limits.uriBytes} bytes`,
    414,
    "uriBytes",
  );
}

function explainRequest(text: string): string {
  const line = text.slice(0, text.indexOf("\r\n"));
  if (/ HTTP\/[0-9]+(?:\.[0-9]+)?$/.test(line) && !/ HTTP\/1\.[01]$/.test(line))
    return "the version is not HTTP/1.0 or 1.1";
  return explainHead(text);
}
