/**
 * Entity tags (RFC 9110 §8.8.3), as they came: `"opaque"`, or `W/"opaque"` for a
 * weak one. What is spelled otherwise is a tag of its own, equal to what is
 * spelled the same to the byte, and never strong.
 */
import { trimmed } from "./field-lines.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;

export function isStrongTag(tag: string): boolean {
  return tag.length >= 2 && tag.charCodeAt(0) === QUOTE && tag.indexOf('"', 1) === tag.length - 1;
}

/** Weak comparison (§8.8.3.2). */
export function matchWeakly(one: string, other: string): boolean {
  return opaquePart(one) === opaquePart(other);
}

/** Strong comparison (§8.8.3.2). */
export function matchStrongly(one: string, other: string): boolean {
  return one === other && isStrongTag(one);
}

/** Whether one of a list matches weakly. Commas within quotes are a tag's own; no character is escaped. */
export function someMatchWeakly(list: string, tag: string): boolean {
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at <= list.length; at++) {
    const code = list.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    if (at < list.length && (code !== COMMA || isQuoted)) continue;
    const member = trimmed(list, start, at);
    if (member !== "" && matchWeakly(member, tag)) return true;
    start = at + 1;
  }
  return false;
}

function opaquePart(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
