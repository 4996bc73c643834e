/**
 * Regular expressions over what a client sends. RE2 syntax, whose matching takes
 * time linear in the text: no look-around, no references to groups, so no path
 * can be made that keeps a worker busy. The size of a pattern is bounded too:
 * at worst a step for each of its instructions and each character, measured at
 * 0.3 s for a path of 16 KiB and a pattern made for it, 1 µs for an ordinary one.
 */
import type { RE2JS } from "re2js";

export interface Pattern {
  readonly text: string;
  /** Whether it is found anywhere in `subject`. */
  test(subject: string): boolean;
  /** Where it is found first; a group that took no part is undefined. `groups[0]` is the whole match. */
  find(subject: string): PatternMatch | undefined;
  readonly groupCount: number;
}

export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string };

export const PATTERN_LENGTH_MAX = 1_000;

/** In instructions of RE2: about a character of the pattern each, repeated as often as a count says. */
const PROGRAM_SIZE_MAX = 500;

/** The problem begins with a capital and quotes the part that is wrong: `Missing closing ]: "[a-z"`. */
export function parsePattern(text: string): ParsedPattern {
  if (text.length === 0) return { ok: false, problem: "An empty pattern matches everything" };
  if (text.length > PATTERN_LENGTH_MAX)
    return { ok: false, problem: `A pattern has at most ${PATTERN_LENGTH_MAX} characters` };
  const compiled = compile(text);
  if ("problem" in compiled) return { ok: false, problem: compiled.problem };
  if (compiled.regex.programSize() > PROGRAM_SIZE_MAX) {
    return {
      ok: false,
      problem: `The pattern takes ${compiled.regex.programSize()} steps a character, and at most ${PROGRAM_SIZE_MAX} are allowed: write shorter alternatives or smaller counts`,
    };
  }
  return { ok: true, pattern: patternOf(text, compiled.regex) };
}

/** Of text that `parsePattern` has taken when the configuration was checked; anything else is a bug, and throws. */
export function knownPattern(text: string): Pattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(`Cannot use pattern ${JSON.stringify(text)}: ${parsed.problem}`);
  return parsed.pattern;
}

function patternOf(text: string, regex: RE2JS): Pattern {
  return {
    text,
    groupCount: regex.groupCount(),
    test: (subject) => regex.test(subject),
    find(subject) {
      const matcher = regex.matcher(subject);
      if (!matcher.find()) return undefined;
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at));
      return {
        start: matcher.start(),
        end: matcher.end(),
        groups: groups.map((group) => group ?? undefined),
      };
    },
  };
}

function compile(text: string): { readonly regex: RE2JS } | { readonly problem: string } {
  const { RE2JS, RE2JSException } = loadRe2();
  try {
    return { regex: RE2JS.compile(text) };
  } catch (error) {
    if (error instanceof RE2JSException) return { problem: describe(error.message) };
    throw error;
  }
}

/**
 * Loaded when the first pattern is read: an import would cost each thread 0.8 ms
 * of its start, and most policies have no pattern. `require`, because compiling a
 * policy is synchronous; the bundler puts it into the executable all the same.
 */
function loadRe2(): typeof import("re2js") {
  return require("re2js");
}

/** "error parsing regexp: missing closing ]: `[a-z`". */
function describe(message: string): string {
  const said = message.replace(/^error parsing regexp: /, "").replaceAll("`", '"');
  return said.charAt(0).toUpperCase() + said.slice(1) + hint(said);
}

function hint(said: string): string {
  if (/"\(\?[=!<]/.test(said) || said.includes('"(?<')) return ": RE2 has no look-ahead and no look-behind";
  if (/"\\[1-9]"/.test(said)) return ": RE2 has no references to groups";
  return "";
}
