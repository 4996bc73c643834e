/**
 * What changes in the fields of a message on its way, beyond what every hop
 * does: what the gate adds or hides about the client, and what header rules say.
 */
import { type Fields, withForwarded, withoutFields } from "../../http1/fields.ts";
import type { RequestHead, ResponseHead } from "../../http1/head.ts";
import type { Origin } from "../../http1/target.ts";
import type { Address } from "../../policy/address.ts";
import { changeFields } from "../../policy/changes/field-changes.ts";
import type { FieldChanges } from "../../policy/spec.ts";
import { type Identity, introduce } from "./identity.ts";

const NO_CHANGES: readonly FieldChanges[] = [];

/**
 * The request as the upstream is sent it; the same head when nothing changes. `asked`
 * is what the client asked for. What rules say comes last, and so holds.
 */
export function outgoingFor(
  given: RequestHead,
  identity: Identity,
  client: Address,
  asked: Origin,
  changes: readonly FieldChanges[] = NO_CHANGES,
): RequestHead {
  const head = outgoingRequest(given);
  if (identity.manner === undefined && changes.length === 0) return head;
  const fields = changedFields(head.fields, identity, client, asked, changes);
  return fields === head.fields ? head : { ...head, fields };
}

/** The answer as the client is sent it; the same head when nothing changes. */
export function answerFor(head: ResponseHead, changes: readonly FieldChanges[] = NO_CHANGES): ResponseHead {
  if (changes.length === 0) return head;
  const before = head.fields.recurs ? made.get(head.fields) : undefined;
  if (before !== undefined && isSame(before.changes, changes)) return { ...head, fields: before.fields };
  const fields = withLines(head.fields, changeFields(head.fields.forwarded, changes), false);
  if (head.fields.recurs)
    made.set(head.fields, { fields, changes, identity: undefined, client: undefined, authority: "" });
  return fields === head.fields ? head : { ...head, fields };
}

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

/** What was made of some fields the last time, and of what else. */
interface Made {
  readonly fields: Fields;
  readonly changes: readonly FieldChanges[];
  readonly identity: Identity | undefined;
  readonly client: Address | undefined;
  readonly authority: string;
}

/** A connection that sends the same fields again has them read once (`http1/field-memo.ts`), and changed once. */
const made = new WeakMap<Fields, Made>();

function changedFields(
  fields: Fields,
  identity: Identity,
  client: Address,
  asked: Origin,
  changes: readonly FieldChanges[],
): Fields {
  const before = fields.recurs ? made.get(fields) : undefined;
  if (
    before !== undefined &&
    before.identity === identity &&
    before.client === client &&
    before.authority === asked.authority &&
    isSame(before.changes, changes)
  ) {
    return before.fields;
  }
  const introduced = introduce(identity, fields.forwarded, client, asked);
  const changed = withLines(fields, changeFields(introduced, changes), true);
  if (fields.recurs)
    made.set(fields, { fields: changed, changes, identity, client, authority: asked.authority });
  return changed;
}

function withLines(fields: Fields, lines: string, isRequest: boolean): Fields {
  return lines === fields.forwarded ? fields : withForwarded(fields, lines, isRequest);
}

function isSame(one: readonly FieldChanges[], other: readonly FieldChanges[]): boolean {
  return one === other || (one.length === other.length && one.every((changes, at) => changes === other[at]));
}
