/** What a rewrite does to a path: each part of its spec a step, and each step keeps what it does not name, to the byte. */
import { knownPattern } from "../rules/pattern.ts";
import type { RewriteSpec } from "../spec.ts";
import { decodePercent, encodeComponent, encodePercent, utf8Bytes } from "./percent.ts";

/** From a path with its query, in visible ASCII, to another. */
export type RewriteStep = (path: string) => string;

/** The most that a rewrite may add to a path: groups can be repeated, and a client decides how long they are. */
export const GROWTH_BYTES_MAX = 16 * 1024;

const SLASH = 0x2f;

export function stepsOf({ pathPrefix, pattern, query }: RewriteSpec): readonly RewriteStep[] {
  const steps: RewriteStep[] = [];
  if (pathPrefix !== undefined || pattern !== undefined) steps.push(resolveDots);
  if (pathPrefix !== undefined) steps.push(prefixStep(pathPrefix.from, pathPrefix.to));
  if (pattern !== undefined) steps.push(patternStep(pattern.from, pattern.to));
  if (query !== undefined) steps.push(queryStep(query));
  return steps;
}

/** RFC 3986 §5.2.4, for dots and slashes that are encoded and for backslashes as well: whoever reads these so would climb. */
function resolveDots(path: string): string {
  const queryAt = queryStart(path);
  const pieces = path.slice(0, queryAt).split(/(?=\/|\\|%2f|%5c)/i);
  if (!pieces.some(isDotted)) return path;
  const kept: string[] = [];
  for (const piece of pieces) {
    if (!isDotted(piece)) kept.push(piece);
    else if (/(?:\.|%2e){2}$/i.test(piece)) kept.pop();
  }
  if (isDotted(pieces.at(-1) ?? "")) kept.push("/");
  return kept.join("").replace(/^(?:\\|%2f|%5c)/i, "/") + path.slice(queryAt);
}

/** A separator with one dot or two behind it, and nothing else. */
function isDotted(piece: string): boolean {
  return /^(?:\/|\\|%2f|%5c)(?:\.|%2e){1,2}$/i.test(piece);
}

/** Whole segments: "/api" is a prefix of "/api" and "/api/x", not of "/apiary". Compared decoded. */
function prefixStep(from: string, to: string): RewriteStep {
  const prefix = decodePercent(utf8Bytes(from)).replace(/\/+$/, "");
  const replacement = encodePercent(to, /[^!"$->@-~]/gu).replace(/\/+$/, "");
  return (path) => {
    const queryAt = queryStart(path);
    const end = prefixEnd(path.slice(0, queryAt), prefix);
    if (end < 0) return path;
    const rest = replacement + path.slice(end, queryAt);
    return (rest === "" ? "/" : rest) + path.slice(queryAt);
  };
}

/** Where the prefix ends in a path that may spell it in percent-encoding; -1 when it is none. */
function prefixEnd(path: string, prefix: string): number {
  let at = 0;
  for (let matched = 0; matched < prefix.length; matched++) {
    const byte = byteAt(path, at);
    if (byte !== prefix.charCodeAt(matched)) return -1;
    at += isEncodedAt(path, at) ? 3 : 1;
  }
  return at === path.length || byteAt(path, at) === SLASH ? at : -1;
}

function byteAt(path: string, at: number): number {
  return isEncodedAt(path, at) ? Number.parseInt(path.slice(at + 1, at + 3), 16) : path.charCodeAt(at);
}

function isEncodedAt(path: string, at: number): boolean {
  return path[at] === "%" && /^[0-9a-f]{2}$/i.test(path.slice(at + 1, at + 3));
}

/** The first match is replaced; "$0" is all of it, and "$$" a "$". */
function patternStep(from: string, to: string): RewriteStep {
  const pattern = knownPattern(from);
  const parts = encodePercent(to, /[^!"$-~]/gu).split(/(\$[$0-9])/);
  return (path) => {
    const match = pattern.find(path);
    if (match === undefined) return path;
    let replaced = path.slice(0, match.start);
    for (const part of parts) {
      // A problem already, however it goes on.
      if (replaced.length > path.length + GROWTH_BYTES_MAX) break;
      if (part === "$$") replaced += "$";
      else if (/^\$[0-9]$/.test(part)) replaced += match.groups[Number(part.slice(1))] ?? "";
      else replaced += part;
    }
    return replaced + path.slice(match.end);
  };
}

function queryStep(query: NonNullable<RewriteSpec["query"]>): RewriteStep {
  const removed = new Set(query.remove.map(utf8Bytes));
  const set = new Map(
    query.set.map(({ name, value }) => [
      utf8Bytes(name),
      `${encodeComponent(name)}=${encodeComponent(value)}`,
    ]),
  );
  return (path) => {
    const queryAt = queryStart(path);
    const given = queryAt === path.length ? [] : path.slice(queryAt + 1).split("&");
    const unset = new Map(set);
    const kept = given.flatMap((parameter) => {
      const name = decodePercent((parameter.split("=", 1)[0] ?? "").replaceAll("+", " "));
      if (removed.has(name)) return [];
      if (!set.has(name)) return [parameter];
      const first = unset.get(name);
      unset.delete(name);
      return first === undefined ? [] : [first];
    });
    kept.push(...unset.values());
    return path.slice(0, queryAt) + (kept.length === 0 ? "" : `?${kept.join("&")}`);
  };
}

/** The position of the "?", or the end. */
function queryStart(path: string): number {
  const at = path.indexOf("?");
  return at < 0 ? path.length : at;
}
