/**
 * argv, taken apart: `--flag value`, `--flag=value`, `-f value`, `-fvalue`; all
 * after `--` are words. Which flags there are is in `flags.ts`; what a command
 * makes of them is not known here.
 */
import type { Kind } from "../config/kinds.ts";
import { nearest } from "../config/nearest.ts";
import { concealFound, describeFound, sentence } from "../config/problems.ts";
import { type Flag, flags } from "./flags.ts";

export interface Scanned {
  /** What is no flag and no flag's value. */
  readonly words: readonly string[];
  /** Flags with their values, in order; "" where a flag takes none. */
  readonly given: readonly { readonly flag: Flag; readonly value: string }[];
  readonly mistakes: string[];
  /** Then what looks like a command or a surplus word may be its value. */
  readonly hasWrongFlag: boolean;
}

export function scan(argv: readonly string[]): Scanned {
  const words: string[] = [];
  const given: { flag: Flag; value: string }[] = [];
  const mistakes: string[] = [];

  for (let at = 0; at < argv.length; at++) {
    const text = argv[at] ?? "";
    if (text === "--") {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (!text.startsWith("-") || text === "-") {
      words.push(text);
      continue;
    }
    const { name, inline } = splitFlag(text);
    const flag = flags.find((each) => name === `--${each.name}` || (each.short && name === `-${each.short}`));
    if (flag === undefined) mistakes.push(unknownFlag(name));
    else if (flag.value === undefined) {
      if (inline === undefined) given.push({ flag, value: "" });
      else mistakes.push(`${name}: ${sentence("no value", describeFound(inline))}`);
    } else {
      const next = argv[at + 1];
      // What looks like a flag is one: `-c --workers 2` lacks a file, and must not look for one of that name.
      const value = inline ?? (next?.startsWith("-") ? undefined : next);
      if (inline === undefined && value !== undefined) at++;
      if (value !== undefined) given.push({ flag, value });
      else mistakes.push(`${name}: ${sentence(flag.value, describeFound(next))}`);
    }
  }
  return { words, given, mistakes, hasWrongFlag: mistakes.length > 0 };
}

export function isGiven({ given }: Scanned, name: string): boolean {
  return given.some(({ flag }) => flag.name === name);
}

/** Every value given is judged, also those that a later one replaces. */
export function readAll<T>({ given, mistakes }: Scanned, name: string, kind: Kind<T>): T[] {
  return given.flatMap(({ flag, value }) => {
    if (flag.name !== name) return [];
    const read = kind.parse(value);
    if (read === undefined) {
      const found = kind.secret ? concealFound(value) : describeFound(value);
      mistakes.push(`--${name}: ${sentence(kind.expected, found)}`);
    }
    return read === undefined ? [] : [read];
  });
}

function splitFlag(text: string): { name: string; inline: string | undefined } {
  if (!text.startsWith("--"))
    return { name: text.slice(0, 2), inline: text.length > 2 ? text.slice(2) : undefined };
  const equals = text.indexOf("=");
  return equals < 0
    ? { name: text, inline: undefined }
    : { name: text.slice(0, equals), inline: text.slice(equals + 1) };
}

function unknownFlag(name: string): string {
  const meant = nearest(
    name,
    flags.map((flag) => `--${flag.name}`),
  );
  return `Unknown flag ${name}${meant === undefined ? "" : `, did you mean ${meant}?`}`;
}
