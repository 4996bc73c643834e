/**
 * The fields of an answer that decide about storing it, found in one pass, and
 * the lines that may be kept at all. What they mean is not known here.
 *
 * Not kept (RFC 9111 §3.1): Age, which is worked out anew; what is for one hop or
 * one connection (RFC 9110 §7.6.1); Content-Length, which the store writes.
 */
import { isNamed, nextLine, valueOfLine, withValue } from "./field-lines.ts";

/**
 * Values as they came, several lines joined by ", ". That makes no date of two Expires: stale (RFC 9111 §4.2.1).
 * Of Age, Date, ETag and Last-Modified the first line counts.
 */
export interface AnswerFields {
  cacheControl: string | undefined;
  cdnCacheControl: string | undefined;
  vary: string | undefined;
  cacheTag: string | undefined;
  surrogateKey: string | undefined;
  age: string | undefined;
  date: string | undefined;
  etag: string | undefined;
  expires: string | undefined;
  lastModified: string | undefined;
  hasSetCookie: boolean;
  /** The lines without those that are not kept. */
  kept: string;
}

export function readAnswerFields(lines: string): AnswerFields {
  const fields: AnswerFields = {
    cacheControl: undefined,
    cdnCacheControl: undefined,
    vary: undefined,
    cacheTag: undefined,
    surrogateKey: undefined,
    age: undefined,
    date: undefined,
    etag: undefined,
    expires: undefined,
    lastModified: undefined,
    hasSetCookie: false,
    kept: "",
  };
  let runStart = 0;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    if (take(fields, lines, at, end)) {
      fields.kept += lines.slice(runStart, at);
      runStart = end;
    }
    at = end;
  }
  fields.kept = runStart === 0 ? lines : fields.kept + lines.slice(runStart);
  return fields;
}

/** True for a line that is not kept. The first letter spares most lines the comparing. */
function take(fields: AnswerFields, lines: string, at: number, end: number): boolean {
  switch (lines.charCodeAt(at) | 0x20) {
    case 0x61: // a
      if (!isNamed(lines, at, "age")) return false;
      fields.age ??= valueOfLine(lines, at, 3, end);
      return true;
    case 0x63: // c
      return takeC(fields, lines, at, end);
    case 0x64: // d
      if (isNamed(lines, at, "date")) fields.date ??= valueOfLine(lines, at, 4, end);
      return false;
    case 0x65: // e
      if (isNamed(lines, at, "etag")) fields.etag ??= valueOfLine(lines, at, 4, end);
      else if (isNamed(lines, at, "expires"))
        fields.expires = withValue(fields.expires, valueOfLine(lines, at, 7, end));
      return false;
    case 0x6b: // k
      return isNamed(lines, at, "keep-alive");
    case 0x6c: // l
      if (isNamed(lines, at, "last-modified")) fields.lastModified ??= valueOfLine(lines, at, 13, end);
      return false;
    case 0x70: // p
      return isNamedAny(lines, at, PROXY_NAMES);
    case 0x73: // s
      if (isNamed(lines, at, "set-cookie")) fields.hasSetCookie = true;
      else if (isNamed(lines, at, "surrogate-key"))
        fields.surrogateKey = withValue(fields.surrogateKey, valueOfLine(lines, at, 13, end));
      return false;
    case 0x74: // t
      return isNamedAny(lines, at, TRANSFER_NAMES);
    case 0x75: // u
      return isNamed(lines, at, "upgrade");
    case 0x76: // v
      if (isNamed(lines, at, "vary")) fields.vary = withValue(fields.vary, valueOfLine(lines, at, 4, end));
      return false;
    default:
      return false;
  }
}

function takeC(fields: AnswerFields, lines: string, at: number, end: number): boolean {
  if (isNamed(lines, at, "cache-control"))
    fields.cacheControl = withValue(fields.cacheControl, valueOfLine(lines, at, 13, end));
  else if (isNamed(lines, at, "cdn-cache-control"))
    fields.cdnCacheControl = withValue(fields.cdnCacheControl, valueOfLine(lines, at, 17, end));
  else if (isNamed(lines, at, "cache-tag"))
    fields.cacheTag = withValue(fields.cacheTag, valueOfLine(lines, at, 9, end));
  else return isNamed(lines, at, "connection") || isNamed(lines, at, "content-length");
  return false;
}

const PROXY_NAMES = [
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
] as const;
const TRANSFER_NAMES = ["te", "trailer", "transfer-encoding"] as const;

function isNamedAny(lines: string, at: number, names: readonly string[]): boolean {
  for (const name of names) if (isNamed(lines, at, name)) return true;
  return false;
}
