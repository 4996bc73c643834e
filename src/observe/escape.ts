/**
 * Text from outside, made harmless for a log line: it stays in its field and on
 * its line, and tells a terminal nothing. Printable ASCII passes as it is, and
 * fast, since nearly all there is to log is that.
 */

const unusual = /[^ !#-[\]-~]/;
const beyondAscii = /[^\0-~]/;

/** JSON, already written, may hold what a reader takes for a line's end (U+2028) or a command (C1 controls). */
export function escapeJson(json: string): string {
  return beyondAscii.test(json) ? json.replace(/[\x7f-\x9f\u2028\u2029]/g, escapeUnit) : json;
}

/** For inside quotes. */
export function escapeText(text: string): string {
  return unusual.test(text) ? text.replace(/["\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g, escapeUnit) : text;
}

/** For a field that a space ends; "-" when there is nothing. */
export function escapeWord(text: string): string {
  return text === "" ? "-" : escapeText(text).replaceAll(" ", "\\u0020");
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
