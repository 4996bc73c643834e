/**
 * What of a request matters to a cache, found in one pass over its field lines.
 * Most have nothing of it; they share all but their lines, and `isPlain` says so.
 */
import { parseRequestControl, type RequestControl, silentRequest } from "./control.ts";
import { isNamed, nextLine, valueOfLine, withValue } from "./field-lines.ts";

/** Made once for a set of field lines, and remembered with them. */
export interface CacheRequest {
  /** Authorization, Cookie, Cache-Control, Pragma, Range and If-* are absent. */
  readonly isPlain: boolean;
  readonly control: RequestControl;
  readonly hasAuthorization: boolean;
  readonly hasCookie: boolean;
  /** Values as they came; undefined when absent. Several lines are joined by ", ". */
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
  /** The lines themselves: for Vary. */
  readonly lines: string;
}

type Found = { -readonly [Key in keyof CacheRequest]: CacheRequest[Key] } & {
  cacheControl: string | undefined;
  pragma: string | undefined;
};

export function readCacheRequest(lines: string): CacheRequest {
  let found: Found | undefined;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    // The first letter spares most lines the rest.
    switch (lines.charCodeAt(at) | 0x20) {
      case 0x61: // a
      case 0x63: // c
      case 0x69: // i
      case 0x70: // p
      case 0x72: // r
        found = take(found, lines, at, end);
    }
    at = end;
  }
  if (found === undefined) return plainRequest(lines);
  found.control = parseRequestControl(found.cacheControl, found.pragma);
  return found;
}

function take(found: Found | undefined, lines: string, at: number, end: number): Found | undefined {
  const name = matteringNameAt(lines, at);
  if (name === undefined) return found;
  const request = found ?? startFinding(lines);
  const value = valueOfLine(lines, at, name.length, end);
  switch (name) {
    case "authorization":
      request.hasAuthorization = true;
      break;
    case "cookie":
      request.hasCookie = true;
      break;
    case "cache-control":
      request.cacheControl = withValue(request.cacheControl, value);
      break;
    case "pragma":
      request.pragma = withValue(request.pragma, value);
      break;
    case "range":
      request.range = withValue(request.range, value);
      break;
    case "if-range":
      request.ifRange = withValue(request.ifRange, value);
      break;
    case "if-match":
      request.ifMatch = withValue(request.ifMatch, value);
      break;
    case "if-none-match":
      request.ifNoneMatch = withValue(request.ifNoneMatch, value);
      break;
    case "if-modified-since":
      request.ifModifiedSince = withValue(request.ifModifiedSince, value);
      break;
    case "if-unmodified-since":
      request.ifUnmodifiedSince = withValue(request.ifUnmodifiedSince, value);
      break;
  }
  return request;
}

const NAMES = [
  "authorization",
  "cookie",
  "cache-control",
  "pragma",
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
] as const;

function matteringNameAt(lines: string, at: number): (typeof NAMES)[number] | undefined {
  for (const name of NAMES) if (isNamed(lines, at, name)) return name;
  return undefined;
}

function plainRequest(lines: string): CacheRequest {
  return {
    isPlain: true,
    control: silentRequest,
    hasAuthorization: false,
    hasCookie: false,
    range: undefined,
    ifRange: undefined,
    ifMatch: undefined,
    ifNoneMatch: undefined,
    ifModifiedSince: undefined,
    ifUnmodifiedSince: undefined,
    lines,
  };
}

function startFinding(lines: string): Found {
  return { ...plainRequest(lines), isPlain: false, cacheControl: undefined, pragma: undefined };
}
