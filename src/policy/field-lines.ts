/**
 * Field lines as text: `Name: value` and a CRLF, one after the other, as the
 * grammar of http1 has accepted them. They stay text on their way through, so
 * whoever wants one looks for it here.
 */

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
  for (let at = 0; at < lines.length; at = nextLine(lines, at)) {
    if (!isNamed(lines, at, name)) continue;
    values.push(
      lines.slice(at + name.length + 1, nextLine(lines, at) - 2).replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, ""),
    );
  }
  return values;
}

/** The place of the colon tells most lines from others without making a text to compare. */
export function isNamed(lines: string, at: number, name: string): boolean {
  return lines[at + name.length] === ":" && nameOfLine(lines, at) === name;
}

/** Without the lines whose name (lower case) or value does not please; the same text when all of them do. */
export function withoutLines(lines: string, drops: (name: string, value: string) => boolean): string {
  let kept = "";
  let runStart = 0;
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    const name = nameOfLine(lines, at);
    if (drops(name, lines.slice(at + name.length + 1, end - 2))) {
      kept += lines.slice(runStart, at);
      runStart = end;
    }
    at = end;
  }
  return runStart === 0 ? lines : kept + lines.slice(runStart);
}
