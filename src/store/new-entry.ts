/** An answer on its way into a store. Texts are latin1. */
import type { StoredFacts } from "../cache/facts.ts";

export interface NewEntry {
  readonly key: string;
  readonly facts: StoredFacts;
  /** Lower case, sorted, joined by ","; empty without Vary. */
  readonly varyNames: string;
  readonly varyKey: string;
  /** Joined by " ". */
  readonly tags: string;
  /** The address that was dialled. */
  readonly peer: string;
  /** Of the status line. */
  readonly reason: string;
  /** Field lines with CRLFs, without Content-Length. */
  readonly lines: string;
  /** Pieces in order, `facts.bodyBytes` together. */
  readonly body: readonly Uint8Array[];
}
