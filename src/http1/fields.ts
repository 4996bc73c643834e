/**
 * The fields of a head, read once. The few that the proxy acts upon become
 * values; the rest stay text and travel on as they came, in their order. What
 * belongs to one hop only (RFC 9110 §7.6.1) is left out of that text, and so
 * is what the proxy writes anew: Host, Content-Length, Transfer-Encoding.
 *
 * Expects a block that the grammar has already accepted, so a line always has
 * a colon and an end. No object per field is made.
 */
import { ProtocolError } from "./error.ts";
import { isToken } from "./grammar.ts";

const COLON = 0x3a;

export class Fields {
  /** The lines that travel on, each with its CRLF. */
  forwarded = "";
  count = 0;
  host: string | undefined = undefined;
  /** -1 when there is none. */
  contentLength = -1;
  /** Lower case; several lines joined by ", ". */
  transferEncoding: string | undefined = undefined;
  /** The values of Connection and Proxy-Connection, joined by ", "; empty when there is none. */
  connection = "";
  /** `Connection: close`, or its old spelling in Proxy-Connection. */
  hasClose = false;
  hasKeepAlive = false;
  /** The protocols of `Upgrade`, when `Connection` names it too; else the field has no meaning. */
  upgrade: string | undefined = undefined;
  acceptsTrailers = false;
  /** RFC 9110 §7.6.2; undefined when missing or no number, which means the same. */
  maxForwards: number | undefined = undefined;
  hasDate = false;
  /** `Authorization` by a scheme that logs in the connection, not the request: who comes next on it would be taken for this client. */
  authorizesConnection = false;
  /** The values of Via, joined by ", "; empty when there is none. They stay in `forwarded` as well. */
  via = "";
  /** Of a request: what its client logs in to us with, and nobody else ever sees. */
  proxyAuthorization: string | undefined = undefined;
  /** They have come again on their connection, and will: what is made of them is worth keeping. */
  recurs = false;
  /** What a layer above has made of them, and keeps with them: its own to know what it is. */
  derived: object | undefined = undefined;
}

/** Reads the lines of `text[from..to)`. Throws `ProtocolError` when more than `countMax`, or when one contradicts itself. */
export function readFields(
  text: string,
  from: number,
  to: number,
  countMax: number,
  isRequest: boolean,
): Fields {
  const fields = new Fields();
  let count = 0;
  let runStart = from;
  for (let at = from; at < to; ) {
    const lineEnd = text.indexOf("\n", at) + 1;
    if (++count > countMax) refuseCount(countMax, isRequest);
    const name = knownNameAt(text, at);
    if (name !== undefined && consume(fields, name, text, at + name.length, lineEnd - 2, isRequest)) {
      if (runStart < at) fields.forwarded += text.slice(runStart, at);
      runStart = lineEnd;
    }
    at = lineEnd;
  }
  if (runStart < to) fields.forwarded += text.slice(runStart, to);
  fields.count = count;
  if (fields.connection !== "") applyConnection(fields);
  else fields.upgrade = undefined;
  return fields;
}

/** Removes the lines with these names (lower case) from a block of field lines. */
export function withoutFields(lines: string, names: ReadonlySet<string>): string {
  let kept = "";
  for (let at = 0; at < lines.length; ) {
    const lineEnd = lines.indexOf("\r\n", at) + 2;
    const name = lines.slice(at, lines.indexOf(":", at)).toLowerCase();
    if (!names.has(name)) kept += lines.slice(at, lineEnd);
    at = lineEnd;
  }
  return kept;
}

/** The same message with other lines that travel on: what was read from them is read anew, what frames the message stays. */
export function withForwarded(fields: Fields, lines: string, isRequest: boolean): Fields {
  const read = readFields(lines, 0, lines.length, Number.POSITIVE_INFINITY, isRequest);
  return {
    ...fields,
    forwarded: read.forwarded,
    maxForwards: read.maxForwards,
    via: read.via,
    derived: undefined,
    // Who removed the Date did not want ours.
    hasDate: fields.hasDate || read.hasDate,
    authorizesConnection: fields.authorizesConnection || read.authorizesConnection,
  };
}

function refuseCount(countMax: number, isRequest: boolean): never {
  const detail = `Cannot read head: more than ${countMax} fields`;
  throw new ProtocolError(detail, isRequest ? 431 : 502, "headerCount");
}

/**
 * The name of the line at `at`, in lower case, when it is one that the proxy
 * acts upon. Its first letter, and the place where its colon would be, spare
 * most lines the rest.
 */
function knownNameAt(text: string, at: number): string | undefined {
  switch (text.charCodeAt(at) | 0x20) {
    case 0x61: // a
      return nameAt(text, at, "Authorization", "authorization");
    case 0x63: // c
      return (
        nameAt(text, at, "Connection", "connection") ?? nameAt(text, at, "Content-Length", "content-length")
      );
    case 0x64: // d
      return nameAt(text, at, "Date", "date");
    case 0x68: // h
      return nameAt(text, at, "Host", "host");
    case 0x6b: // k
      return nameAt(text, at, "Keep-Alive", "keep-alive");
    case 0x6d: // m
      return nameAt(text, at, "Max-Forwards", "max-forwards");
    case 0x70: // p
      return proxyNameAt(text, at);
    case 0x74: // t
      return nameAt(text, at, "TE", "te") ?? nameAt(text, at, "Transfer-Encoding", "transfer-encoding");
    case 0x75: // u
      return nameAt(text, at, "Upgrade", "upgrade");
    case 0x76: // v
      return nameAt(text, at, "Via", "via");
    default:
      return undefined;
  }
}

/** `usual` is how most peers write it: then no text is made to compare with. */
function nameAt(text: string, at: number, usual: string, lower: string): string | undefined {
  if (text.charCodeAt(at + lower.length) !== COLON) return undefined;
  if (text.startsWith(usual, at)) return lower;
  return text.slice(at, at + lower.length).toLowerCase() === lower ? lower : undefined;
}

function proxyNameAt(text: string, at: number): string | undefined {
  const name = text.slice(at, text.indexOf(":", at)).toLowerCase();
  return name.startsWith("proxy-") ? name : undefined;
}

/** Returns true when the line stays here. */
function consume(
  fields: Fields,
  name: string,
  text: string,
  colon: number,
  end: number,
  isRequest: boolean,
): boolean {
  switch (name) {
    case "host":
      if (!isRequest) return false;
      if (fields.host !== undefined) throw new ProtocolError("Cannot read head: more than one Host");
      fields.host = trimmed(text, colon + 1, end);
      return true;
    case "content-length":
      fields.contentLength = joinLength(fields.contentLength, trimmed(text, colon + 1, end));
      return true;
    case "transfer-encoding":
      fields.transferEncoding = addCoding(
        fields.transferEncoding,
        trimmed(text, colon + 1, end).toLowerCase(),
      );
      return true;
    case "connection":
    case "proxy-connection":
      fields.connection = joined(fields.connection, trimmed(text, colon + 1, end));
      return true;
    case "keep-alive":
      return true;
    case "upgrade":
      fields.upgrade = joined(fields.upgrade, trimmed(text, colon + 1, end));
      return true;
    case "te":
      fields.acceptsTrailers ||= /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(trimmed(text, colon + 1, end));
      return true;
    case "authorization":
      fields.authorizesConnection ||= logsInConnection(text, colon + 1);
      return false;
    case "date":
      fields.hasDate = true;
      return false;
    case "max-forwards":
      fields.maxForwards = parseMaxForwards(trimmed(text, colon + 1, end));
      return false;
    case "via":
      fields.via = joined(fields.via, trimmed(text, colon + 1, end));
      return false;
    case "proxy-authorization":
      if (isRequest)
        fields.proxyAuthorization = same(fields.proxyAuthorization, trimmed(text, colon + 1, end));
      return true;
    case "proxy-status":
      // RFC 9209 §2: each intermediary adds to it, so it is not for one hop only.
      return isRequest;
    default: // proxy-*
      return true;
  }
}

/** What `Connection` names is for this hop only, and goes (RFC 9110 §7.6.1). */
function applyConnection(fields: Fields): void {
  const offered = fields.upgrade;
  fields.upgrade = undefined;
  // Nearly always one word.
  if (fields.connection === "keep-alive" || fields.connection === "Keep-Alive") {
    fields.hasKeepAlive = true;
    return;
  }
  let nominated: Set<string> | undefined;
  for (const piece of fields.connection.split(",")) {
    const option = trimmed(piece, 0, piece.length).toLowerCase();
    if (option === "") continue;
    if (option === "close") fields.hasClose = true;
    else if (option === "keep-alive") fields.hasKeepAlive = true;
    else if (option === "upgrade") fields.upgrade = offered;
    else if (!isToken(option)) throw new ProtocolError("Cannot read head: Connection names what is no token");
    // Via stays whatever a peer says: it is how loops are found.
    else if (option !== "via") (nominated ??= new Set()).add(option);
  }
  if (nominated !== undefined) fields.forwarded = withoutFields(fields.forwarded, nominated);
}

/** Without the spaces and tabs around it; a no-break space is no space here. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function joined(before: string | undefined, value: string): string {
  return before === undefined || before === "" ? value : `${before}, ${value}`;
}

/** The schemes NTLM and Negotiate (RFC 4559 §4); the first letter spares all others the test. */
function logsInConnection(text: string, start: number): boolean {
  let at = start;
  while (isBlank(text.charCodeAt(at))) at++;
  return (text.charCodeAt(at) | 0x20) === 0x6e && /^(?:ntlm|negotiate)\b/i.test(text.slice(at, at + 10));
}

/** An empty line counts: who skips it and who does not would read two framings. */
function addCoding(before: string | undefined, coding: string): string {
  return before === undefined ? coding : `${before}, ${coding}`;
}

/** Twice the same is once; of two that differ nobody could say who is meant. */
function same(before: string | undefined, credentials: string): string {
  if (before !== undefined && before !== credentials)
    throw new ProtocolError("Cannot read head: two Proxy-Authorization that differ");
  return credentials;
}

/** Digits alone, no list, no sign; 15 of them count exactly in a double. RFC 9112 §6.3, 5. */
function joinLength(before: number, value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw new ProtocolError("Cannot read head: Content-Length is no number");
  const length = Number(value);
  if (before >= 0 && before !== length)
    throw new ProtocolError("Cannot read head: two Content-Length that differ");
  return length;
}

function parseMaxForwards(value: string): number | undefined {
  return /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
}
