/**
 * Field lines as text: `Name: value` and a CRLF, one after the other, each with
 * a colon, as the grammar of http1 has accepted them. Whoever wants a field looks
 * for it here. Names are given in lower case and found in any.
 */

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/** The position of the line after the one at `at`. */
export function nextLine(lines: string, at: number): number {
  return lines.indexOf("\n", at) + 1;
}

/** Whether the line at `at` has this name (lower case). */
export function isNamed(lines: string, at: number, name: string): boolean {
  // The place of the colon tells most lines from others.
  if (lines.charCodeAt(at + name.length) !== COLON) return false;
  for (let i = 0; i < name.length; i++) {
    const code = lines.charCodeAt(at + i);
    const wanted = name.charCodeAt(i);
    if (code !== wanted && !(code >= 0x41 && code <= 0x5a && (code | 0x20) === wanted)) return false;
  }
  return true;
}

/** The name of the line at `at`, in lower case. */
export function nameOfLine(lines: string, at: number): string {
  return lines.slice(at, lines.indexOf(":", at)).toLowerCase();
}

/** The value of the line that begins at `at`, has a name of this length, and ends before `end`, the next one's position. */
export function valueOfLine(lines: string, at: number, nameLength: number, end: number): string {
  return trimmed(lines, at + nameLength + 1, end - 2);
}

/** The value of the first line with this name. */
export function firstValue(lines: string, name: string): string | undefined {
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    if (isNamed(lines, at, name)) return valueOfLine(lines, at, name.length, end);
    at = end;
  }
  return undefined;
}

/** The values of all lines with this name, joined by ", " (RFC 9110 §5.3). */
export function joinedValue(lines: string, name: string): string | undefined {
  let joined: string | undefined;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    if (isNamed(lines, at, name)) joined = withValue(joined, valueOfLine(lines, at, name.length, end));
    at = end;
  }
  return joined;
}

/** A list and one more line of it (RFC 9110 §5.3). */
export function withValue(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`;
}

export function hasField(lines: string, name: string): boolean {
  for (let at = 0; at < lines.length; at = nextLine(lines, at)) {
    if (isNamed(lines, at, name)) return true;
  }
  return false;
}

/** Without the lines whose name (lower case) `drops` says true to; the same text when there are none. */
export function withoutLines(lines: string, drops: (name: string) => boolean): string {
  let kept = "";
  let runStart = 0;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    if (drops(nameOfLine(lines, at))) {
      kept += lines.slice(runStart, at);
      runStart = end;
    }
    at = end;
  }
  return runStart === 0 ? lines : kept + lines.slice(runStart);
}

/** `text[from..to)` without the spaces and tabs around it. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
