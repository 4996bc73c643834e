/**
 * A second opinion: reads messages from RFC 9110 §5 and RFC 9112 as literally
 * as can be, one character after the other, and shares nothing with src/http1.
 * Slow, and strict: where another implementation might read something else, it
 * reads nothing.
 */
export interface Field {
  readonly name: string;
  /** As it came, with the blanks around it. */
  readonly value: string;
}

export interface Head {
  /** Method, target and version; or version, status and reason. */
  readonly first: readonly [string, string, string];
  readonly fields: readonly Field[];
}

export type Framing = "none" | "length" | "chunked" | "close";

export type Reading =
  | {
      readonly state: "whole";
      readonly head: Head;
      readonly framing: Framing;
      readonly body: string;
      readonly trailers: readonly Field[];
      readonly end: number;
    }
  /** More bytes might make it whole; `head` when the head is there, `framing` when that says how it ends. */
  | {
      readonly state: "partial";
      readonly head: Head | undefined;
      readonly framing: Framing | undefined;
      readonly body: string;
    }
  | { readonly state: "malformed"; readonly why: string; readonly head: Head | undefined };

export function readRequest(text: string, at: number): Reading {
  // RFC 9112 §2.2: one empty line may precede a request.
  const start = text.startsWith("\r\n", at) ? at + 2 : at;
  return read(text, start, requestLine, (head) => framingOf(head, head.first[2]) ?? "none");
}

export function readResponse(text: string, at: number, method: string): Reading {
  return read(text, at, statusLine, (head) => {
    const status = head.first[1];
    // RFC 9112 §6.3, 1: whatever its fields say.
    if (status.startsWith("1")) return "none";
    const framing = framingOf(head, head.first[0]) ?? "close";
    return method === "HEAD" || status === "204" || status === "304" ? "none" : framing;
  });
}

export function valuesOf(head: Head, name: string): string[] {
  return head.fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => trim(value));
}

class Unfinished extends Error {}
class Malformed extends Error {}

function read(
  text: string,
  start: number,
  firstLine: (line: string) => Head["first"],
  frame: (head: Head) => Framing,
): Reading {
  let head: Head | undefined;
  let framing: Framing | undefined;
  const body = { text: "" };
  try {
    const first = readLine(text, start);
    const block = readFieldBlock(text, first.end);
    head = { first: firstLine(first.line), fields: block.fields };
    framing = frame(head);
    const { trailers, end } = readBody(text, block.end, head, framing, body);
    return { state: "whole", head, framing, body: body.text, trailers, end };
  } catch (error) {
    if (error instanceof Unfinished) return { state: "partial", head, framing, body: body.text };
    if (error instanceof Malformed) return { state: "malformed", why: error.message, head: framing && head };
    throw error;
  }
}

function readLine(text: string, at: number): { line: string; end: number } {
  for (let to = at; to < text.length; to++) {
    if (text[to] === "\n") throw new Malformed("a line feed alone");
    if (text[to] !== "\r") continue;
    if (to + 1 === text.length) throw new Unfinished();
    if (text[to + 1] !== "\n") throw new Malformed("a carriage return alone");
    return { line: text.slice(at, to), end: to + 2 };
  }
  throw new Unfinished();
}

function requestLine(line: string): Head["first"] {
  const [method, target, version, ...more] = line.split(" ");
  if (!method || !target || !version || more.length > 0) throw new Malformed("not three words");
  if (![...method].every(isTokenCharacter)) throw new Malformed("a method that is no token");
  if (![...target].every((character) => character > " " && character < "\x7f"))
    throw new Malformed("a target with other characters");
  if (version !== "HTTP/1.0" && version !== "HTTP/1.1") throw new Malformed("another version");
  return [method, target, version];
}

function statusLine(line: string): Head["first"] {
  const version = line.slice(0, 8);
  const status = line.slice(9, 12);
  if (version !== "HTTP/1.0" && version !== "HTTP/1.1") throw new Malformed("another version");
  if (line[8] !== " " || !/^[1-9][0-9][0-9]$/.test(status)) throw new Malformed("no status");
  if (line.length > 12 && line[12] !== " ") throw new Malformed("no space after the status");
  if (![...line].every(isTextCharacter)) throw new Malformed("a control character in the reason");
  return [version, status, line.slice(13)];
}

function readFieldBlock(text: string, at: number): { fields: Field[]; end: number } {
  const fields: Field[] = [];
  for (let next = at; ; ) {
    const { line, end } = readLine(text, next);
    if (line === "") return { fields, end };
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1);
    if (colon < 1 || ![...name].every(isTokenCharacter)) throw new Malformed("no field name");
    if (![...value].every(isTextCharacter)) throw new Malformed("a control character in a field");
    fields.push({ name, value });
    next = end;
  }
}

/** RFC 9112 §6.3; undefined when no field says it. */
function framingOf(head: Head, version: string): "length" | "chunked" | undefined {
  const codings = valuesOf(head, "transfer-encoding");
  const lengths = valuesOf(head, "content-length");
  if (!lengths.every((length) => /^[0-9]+$/.test(length))) throw new Malformed("a length that is no number");
  if (new Set(lengths.map(BigInt)).size > 1) throw new Malformed("lengths that differ");
  if (codings.length === 0) return lengths.length > 0 ? "length" : undefined;
  if (lengths.length > 0) throw new Malformed("a length and a coding");
  if (codings.length > 1 || codings[0]?.toLowerCase() !== "chunked") throw new Malformed("another coding");
  if (version === "HTTP/1.0") throw new Malformed("a coding in HTTP/1.0");
  return "chunked";
}

/** Fills `body` as it goes, so that what came of half a body is known. */
function readBody(
  text: string,
  at: number,
  head: Head,
  framing: Framing,
  body: { text: string },
): { trailers: readonly Field[]; end: number } {
  if (framing === "none") return { trailers: [], end: at };
  if (framing === "chunked") return readChunks(text, at, body);
  const length =
    framing === "length" ? Number(valuesOf(head, "content-length")[0]) : Number.POSITIVE_INFINITY;
  body.text = text.slice(at, at + length);
  if (body.text.length < length) throw new Unfinished();
  return { trailers: [], end: at + length };
}

function readChunks(
  text: string,
  at: number,
  body: { text: string },
): { trailers: readonly Field[]; end: number } {
  for (let next = at; ; ) {
    const { line, end } = readLine(text, next);
    const [digits = "", ...extensions] = line.split(";");
    if (!/^[0-9A-Fa-f]{1,13}$/.test(digits)) throw new Malformed("no chunk size");
    if (!extensions.every((extension) => [...extension].every(isTextCharacter)))
      throw new Malformed("a control character in an extension");
    const size = Number.parseInt(digits, 16);
    if (size === 0) {
      const block = readFieldBlock(text, end);
      return { trailers: block.fields, end: block.end };
    }
    body.text += text.slice(end, end + size);
    const mark = text.slice(end + size, end + size + 2);
    if (!"\r\n".startsWith(mark)) throw new Malformed("a chunk that does not end");
    if (mark.length < 2) throw new Unfinished();
    next = end + size + 2;
  }
}

function isTokenCharacter(character: string): boolean {
  return "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".includes(character);
}

function isTextCharacter(character: string): boolean {
  return character === "\t" || (character >= " " && character !== "\x7f");
}

function trim(value: string): string {
  let text = value;
  while (text.startsWith(" ") || text.startsWith("\t")) text = text.slice(1);
  while (text.endsWith(" ") || text.endsWith("\t")) text = text.slice(0, -1);
  return text;
}
