/**
 * What rules do to the fields of a message: removed, then set, then added, rule
 * by rule. The lines that are not named stay as they came, in their order; one
 * that is set stands where the first of its name stood, and behind all others
 * when there was none.
 *
 * The specs are checked already: no name that frames a message, no line breaks.
 */

import type { FieldChanges } from "../spec.ts";
import { nameOfLine, nextLine } from "./field-lines.ts";

/** `lines` are whole lines with their CRLF; the same text comes back when nothing changes. */
export function changeFields(lines: string, changes: readonly FieldChanges[]): string {
  let changed = lines;
  for (const change of changes) changed = applyTo(changed, compiled(change));
  return changed;
}

interface Compiled {
  /** By name in lower case: the line to stand there. */
  readonly replaced: ReadonlyMap<string, string>;
  readonly removed: ReadonlySet<string>;
  readonly added: string;
  /** How long those names are, a bit each: most lines are spared the making of a text to look up. */
  readonly lengths: number;
}

/** Kept as long as the spec is: a config is read once, and changes many messages. */
const known = new WeakMap<FieldChanges, Compiled>();

function compiled(changes: FieldChanges): Compiled {
  const before = known.get(changes);
  if (before !== undefined) return before;
  const { remove, set, add } = changes;
  const lengths = [...remove, ...set.map(({ name }) => name)].map((name) => lengthBit(name.length));
  const made: Compiled = {
    removed: new Set(remove.map((name) => name.toLowerCase())),
    replaced: new Map(set.map(({ name, value }) => [name.toLowerCase(), `${name}: ${value}\r\n`])),
    added: add.map(({ name, value }) => `${name}: ${value}\r\n`).join(""),
    lengths: lengths.reduce((bits, bit) => bits | bit, 0),
  };
  known.set(changes, made);
  return made;
}

function lengthBit(length: number): number {
  return 1 << (length & 31);
}

function applyTo(lines: string, changes: Compiled): string {
  const { replaced, removed, added, lengths } = changes;
  let kept = "";
  let runStart = 0;
  const placed = new Set<string>();
  for (let at = 0; at < lines.length; ) {
    const end = nextLine(lines, at);
    const isLikely = (lengths & lengthBit(lines.indexOf(":", at) - at)) !== 0;
    const name = isLikely ? nameOfLine(lines, at) : "";
    const line = removed.has(name) ? "" : replaced.get(name);
    if (line !== undefined) {
      kept += lines.slice(runStart, at);
      runStart = end;
      if (line !== "" && !placed.has(name)) {
        kept += line;
        placed.add(name);
      }
    }
    at = end;
  }
  kept = runStart === 0 ? lines : kept + lines.slice(runStart);
  for (const [name, line] of replaced) if (!placed.has(name)) kept += line;
  return kept + added;
}
