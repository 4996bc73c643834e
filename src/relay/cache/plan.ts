/**
 * What the upstream is asked in place of a client: its request without its own
 * conditions where ours stand for them (RFC 9111 §4.3.1).
 */
import { stored as flag } from "../../cache/facts.ts";
import { completionLines } from "../../cache/partial.ts";
import { validatorLines } from "../../cache/validation.ts";
import { varyKeyOf } from "../../cache/vary.ts";
import { withForwarded, withoutFields } from "../../http1/fields.ts";
import type { RequestHead } from "../../http1/head.ts";
import type { Asked } from "./asked.ts";
import type { StoredAnswer } from "./stored-answer.ts";

export interface Plan {
  /** As it goes to the upstream. */
  readonly head: RequestHead;
  /** What it is shared under: the key, and the variant where it is known. */
  readonly shareKey: string;
  /** Whoever asks for the same may have its answer too. */
  readonly isShared: boolean;
  /** Our number among those that fetch the key, over all workers, is to be given back. */
  readonly hasFlight: boolean;
  /** A stored answer that this validates, and that may be had stale if it fails. */
  readonly validates: StoredAnswer | undefined;
  /** A stored part whose rest this asks for. */
  readonly completes: StoredAnswer | undefined;
  /** Another one has failed already. */
  readonly isSecond: boolean;
}

interface PlanOptions {
  readonly isAlone: boolean;
  readonly isSecond: boolean;
  /** What the answers under its key are known to vary by. */
  readonly varyNames?: string;
}

const CONDITIONS: ReadonlySet<string> = new Set([
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
  "range",
]);

/** Lets go of nothing: what is in `validates` or `completes` is the fetch's, and else `stale` still its owner's. */
export function planFor(
  asked: Asked,
  stale: StoredAnswer | undefined,
  { isAlone, isSecond, varyNames = stale?.varyNames ?? "" }: PlanOptions,
): Plan {
  const { head, request } = asked;
  const shareKey = varyNames === "" ? asked.key : `${asked.key}\n${varyKeyOf(varyNames, request.lines)}`;
  const mayBeShared = !isAlone && !request.control.noStore;
  const added = stale && conditionFor(asked, stale);
  if (stale === undefined || added === undefined) {
    const isShared = mayBeShared && !hasConditions(asked);
    return {
      head,
      shareKey,
      isShared,
      hasFlight: false,
      validates: undefined,
      completes: undefined,
      isSecond,
    };
  }
  const isPart = isPartial(stale);
  return {
    shareKey,
    head: withLines(head, withoutFields(head.fields.forwarded, CONDITIONS) + added),
    isShared: mayBeShared,
    hasFlight: false,
    validates: isPart ? undefined : stale,
    completes: isPart ? stale : undefined,
    isSecond,
  };
}

/** Lines to ask about what is stored, or for its rest; undefined: it is of no use here. */
function conditionFor({ isHead, request }: Asked, stored: StoredAnswer): string | undefined {
  if (isHead) return undefined;
  if (!isPartial(stored)) return validatorLines(stored.lines);
  // A part on the disk is not put in front of what comes: that would have to wait for it.
  const isNoUse = request.range !== undefined || stored.isOnDisk;
  return isNoUse ? undefined : completionLines(stored.facts, stored.lines);
}

function isPartial({ facts }: StoredAnswer): boolean {
  return (facts.flags & flag.partial) !== 0;
}

function hasConditions({ request }: Asked): boolean {
  return (
    request.range !== undefined ||
    request.ifMatch !== undefined ||
    request.ifNoneMatch !== undefined ||
    request.ifModifiedSince !== undefined ||
    request.ifUnmodifiedSince !== undefined ||
    request.ifRange !== undefined
  );
}

function withLines(head: RequestHead, lines: string): RequestHead {
  return { ...head, fields: withForwarded(head.fields, lines, true) };
}
