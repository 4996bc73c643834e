/** Whether a connection outlives the message (RFC 9112 §9.3). The same for both peers. */
import type { Fields } from "./fields.ts";

export function persists(minor: 0 | 1, fields: Fields): boolean {
  if (fields.hasClose) return false;
  return minor === 1 || fields.hasKeepAlive;
}
