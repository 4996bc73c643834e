/**
 * The list that Cache-Control is: `name`, `name=token` or `name="quoted"`, split at
 * commas that stand in no quotes (RFC 9111 §5.2).
 *
 * What a directive means is not known here. A quote that never closes quotes
 * nothing, so that it can't hide what follows. A blank before or after the `=` is
 * against the grammar: such an argument is told with a blank in front, and is none
 * that a directive takes.
 */
import { isBlank, trimmed } from "./field-lines.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** Tells each directive: its name in lower case, its argument without quotes; undefined without one. */
export function eachDirective(
  list: string,
  tell: (name: string, argument: string | undefined) => void,
): void {
  for (let at = 0; at < list.length; ) {
    const end = endOfDirective(list, at);
    const equals = list.indexOf("=", at);
    if (equals < 0 || equals >= end) {
      const name = trimmed(list, at, end).toLowerCase();
      if (name !== "") tell(name, undefined);
    } else {
      const argument = unquoted(trimmed(list, equals + 1, end));
      const isLoose = isBlank(list.charCodeAt(equals - 1)) || isBlank(list.charCodeAt(equals + 1));
      tell(trimmed(list, at, equals).toLowerCase(), isLoose ? ` ${argument}` : argument);
    }
    at = end + 1;
  }
}

/** The position of the comma that ends the directive at `at`, or of the end. */
function endOfDirective(list: string, at: number): number {
  for (let i = at; i < list.length; i++) {
    const code = list.charCodeAt(i);
    if (code === COMMA) return i;
    // Only a value is quoted.
    if (code === QUOTE && i > at && list.charCodeAt(i - 1) === EQUALS) {
      const close = closingQuote(list, i);
      if (close > 0) i = close;
    }
  }
  return list.length;
}

/** -1 when it never closes. */
function closingQuote(list: string, open: number): number {
  for (let i = open + 1; i < list.length; i++) {
    const code = list.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i++;
  }
  return -1;
}

function unquoted(value: string): string {
  if (value.charCodeAt(0) !== QUOTE || closingQuote(value, 0) !== value.length - 1) return value;
  return value.slice(1, -1).replace(/\\(.)/g, "$1");
}
