/** What changes in a request's fields on its way, beyond what every hop does. */
import { type Fields, withoutFields } from "../http1/fields.ts";
import type { RequestHead } from "../http1/head.ts";

/**
 * Counts Max-Forwards down for TRACE and OPTIONS (RFC 9110 §7.6.2), and drops an
 * upgrade that may not pass: HTTP/1.0 has none, and "h2c" would let a client
 * speak to the upstream past everything that reads its requests.
 */
export function outgoingRequest(head: RequestHead): RequestHead {
  const { fields } = head;
  const counts = fields.maxForwards !== undefined && (head.method === "TRACE" || head.method === "OPTIONS");
  const dropsUpgrade = fields.upgrade !== undefined && (head.minor === 0 || /\bh2c\b/i.test(fields.upgrade));
  if (!counts && !dropsUpgrade) return head;
  const changed: Fields = { ...fields };
  if (dropsUpgrade) changed.upgrade = undefined;
  if (counts) {
    changed.forwarded = `${withoutFields(fields.forwarded, MAX_FORWARDS)}Max-Forwards: ${(fields.maxForwards ?? 1) - 1}\r\n`;
  }
  return { ...head, fields: changed };
}

const MAX_FORWARDS: ReadonlySet<string> = new Set(["max-forwards"]);
