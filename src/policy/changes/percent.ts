/**
 * Percent-encoding (RFC 3986 §2.1). Decoded text is bytes, a character each
 * (latin1), so that whatever a client sends can be compared and nothing throws:
 * what is no encoding stays as it is.
 */

export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The UTF-8 of a text, in the form that decoded text has. */
export function utf8Bytes(text: string): string {
  return decodePercent(encodeURIComponent(text.toWellFormed()));
}

/** A name or a value of a query. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** `forbidden` matches what must not stand there as it is, a character at a time, and has the flags g and u. */
export function encodePercent(text: string, forbidden: RegExp): string {
  return text.toWellFormed().replace(forbidden, (character) => encodeURIComponent(character));
}
