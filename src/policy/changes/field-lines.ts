/**
 * Field lines as text: `Name: value` and a CRLF, one after the other, as the
 * grammar of http1 has accepted them. They stay text on their way through, so
 * whoever wants one looks for it here.
 */

const COLON = 0x3a;

/** The position of the line after the one at `at`. */
export function nextLine(lines: string, at: number): number {
  return lines.indexOf("\n", at) + 1;
}

/** The name of the line at `at`, in lower case. */
export function nameOfLine(lines: string, at: number): string {
  return lines.slice(at, lines.indexOf(":", at)).toLowerCase();
}

/** The values of all fields with this name (lower case), without the blanks around them. */
export function valuesOf(lines: string, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    // The place of the colon tells most lines from others without making a text to compare.
    if (lines.charCodeAt(at + name.length) === COLON && nameOfLine(lines, at) === name) {
      const value = lines.slice(at + name.length + 1, end - 2);
      values.push(value.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, ""));
    }
    at = end;
  }
  return values;
}

/**
 * Without the lines that `drops` names; the same text when there are none. It is
 * asked about names (lower case) that begin with one of `firstLetters` (lower
 * case): most lines are spared the making of a text to compare.
 */
export function withoutLines(
  lines: string,
  firstLetters: string,
  drops: (name: string, value: string) => boolean,
): string {
  let kept = "";
  let runStart = 0;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    if (firstLetters.includes(String.fromCharCode(lines.charCodeAt(at) | 0x20))) {
      const name = nameOfLine(lines, at);
      if (drops(name, lines.slice(at + name.length + 1, end - 2))) {
        kept += lines.slice(runStart, at);
        runStart = end;
      }
    }
    at = end;
  }
  return runStart === 0 ? lines : kept + lines.slice(runStart);
}
