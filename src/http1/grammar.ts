/**
 * The grammar of RFC 9110 §5 and RFC 9112 §2–5, as far as the proxy holds
 * peers to it, and the words for what they got wrong. A head is tested whole,
 * by one regular expression: about a nanosecond a byte, and no second opinion
 * possible. Only when it fails does someone look for the reason.
 *
 * Strict where RFC 9112 allows leniency: lines end in CRLF and nothing else,
 * no whitespace before a colon, no folded lines, one space between the parts
 * of the first line.
 */

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** HTAB, visible ASCII, space and obs-text, said the other way round: that matches twice as fast. */
const TEXT = "[^\\0-\\x08\\n-\\x1f\\x7f]*";
const FIELD_LINE = `${TOKEN}:${TEXT}\\r\\n`;

const REQUEST_LINE_TEXT = `${TOKEN} [\\x21-\\x7e]+ HTTP/1\\.[01]\\r\\n`;
const RESPONSE_LINE_TEXT = `HTTP/1\\.[01] [1-9][0-9]{2}(?: ${TEXT})?\\r\\n`;

/** A request head with the empty line that ends it. */
export const REQUEST_HEAD = new RegExp(`^${REQUEST_LINE_TEXT}(?:${FIELD_LINE})*\\r\\n$`);

/** A response head with the empty line that ends it. The reason may be empty, and its space be missing. */
export const RESPONSE_HEAD = new RegExp(`^${RESPONSE_LINE_TEXT}(?:${FIELD_LINE})*\\r\\n$`);

/** The first lines alone, whatever follows. */
export const REQUEST_LINE = new RegExp(`^${REQUEST_LINE_TEXT}`);
export const RESPONSE_LINE = new RegExp(`^${RESPONSE_LINE_TEXT}`);

/** A block of field lines alone, such as the trailers. */
export const FIELD_LINES = new RegExp(`^(?:${FIELD_LINE})*$`);

const FIELD_LINE_ALONE = new RegExp(`^${FIELD_LINE}$`);
const TOKEN_ALONE = new RegExp(`^${TOKEN}$`);

export function isToken(text: string): boolean {
  return TOKEN_ALONE.test(text);
}

/** Why `REQUEST_HEAD` or `RESPONSE_HEAD` did not match: the first line that is wrong, and how. */
export function explainHead(head: string): string {
  const firstEnd = head.indexOf("\r\n");
  const strayAt = findStrayLineBreak(head);
  if (strayAt >= 0) return describeLineBreak(head, strayAt);
  const first = head.slice(0, firstEnd);
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(first)) return "control byte in the first line";

  const lines = head.slice(firstEnd + 2, -2).split("\r\n");
  lines.pop();
  for (const [index, line] of lines.entries()) {
    if (!FIELD_LINE_ALONE.test(`${line}\r\n`)) return `field line ${index + 1}: ${explainFieldLine(line)}`;
  }
  return "the first line is malformed";
}

/** Index of the first CR or LF that is not part of a CRLF, or -1. */
function findStrayLineBreak(text: string): number {
  const stray = /\r[^\n]|(?:^|[^\r])\n/.exec(text);
  if (stray === null) return -1;
  return stray[0].startsWith("\r") ? stray.index : stray.index + stray[0].length - 1;
}

function describeLineBreak(text: string, at: number): string {
  return text[at] === "\n" ? "line feed without carriage return" : "carriage return without line feed";
}

function explainFieldLine(line: string): string {
  if (/^[ \t]/.test(line)) return "folded line (obs-fold)";
  const colon = line.indexOf(":");
  if (colon < 0) return "no colon";
  const name = line.slice(0, colon);
  if (name === "") return "empty field name";
  if (/[ \t]$/.test(name)) return "whitespace before the colon";
  if (!isToken(name)) return "field name is no token";
  return "control byte in the value";
}
