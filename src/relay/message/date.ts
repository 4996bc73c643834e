/** Date (RFC 9110 §6.6.1): for our own answers, and for those that come without one. */
import { epochNow, type RelayContext } from "../context.ts";

let second = Number.NaN;
let line = "";

/** The whole line with its CRLF; made once a second. */
export function dateLine(context: RelayContext): string {
  const now = Math.floor(epochNow(context) / 1000);
  if (now !== second) {
    second = now;
    line = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return line;
}
