/**
 * The kinds of value that a setting can have: how each is read from the file,
 * what is said when it can't be, and how it is written back.
 *
 * A number may also come as its digits in text, for that is how it comes out
 * of the environment (`workers: "${WORKERS}"`). Here are the kinds that any
 * subject needs; `kinds-http.ts`, `kinds-network.ts` and the like have theirs.
 */
import { formatHostPort, type HostPort, parseHostPort } from "./host-port.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

export interface Kind<T> {
  /** Completes "Expected …"; names the limits, so that one sentence serves every mistake. */
  readonly expected: string;
  /** No problem shows what was given; `format` is what anybody else sees of it. */
  readonly secret?: true;
  /** Says what is wrong with `given`, where `expected` can't: a complete sentence. */
  whyNot?(given: unknown): string | undefined;
  /** Undefined: not of this kind. */
  parse(given: unknown): T | undefined;
  /** As it would stand in the file. */
  format(value: T): unknown;
}

export const hostPort: Kind<HostPort> = {
  expected: 'an IP address and a port such as "127.0.0.1:8888" or "[::1]:8888"',
  parse: (given) => (typeof given === "string" ? parseHostPort(given) : undefined),
  format: formatHostPort,
};

/** A path has a slash, or `stdot` would quietly become a file of that name. */
export const logTarget: Kind<string> = {
  expected: '"stdout", "off" or a path such as "/var/log/headgate.log"',
  parse: (given) => {
    if (given === "stdout" || given === "off") return given;
    return typeof given === "string" && /^[^\0]*[/\\][^\0]*$/.test(given) ? given : undefined;
  },
  format: (value) => value,
};

export const filePath = text("the path of a file, of at most 4096 characters", /^[^\0]{1,4096}$/);

export const flag: Kind<boolean> = {
  expected: "true or false",
  parse: (given) => {
    if (given === true || given === "true") return true;
    return given === false || given === "false" ? false : undefined;
  },
  format: (value) => value,
};

/** Text from `least` to `most`, both included; so are the other two. */
export function duration(least: string, most: string): Kind<number> {
  return {
    expected: `a duration such as "250ms", "30s" or "5m", from ${least} to ${most}`,
    parse: (given) => ranged(parseDuration, given, least, most),
    format: formatDuration,
  };
}

export function size(least: string, most: string): Kind<number> {
  return {
    expected: `a size such as "512B", "32KiB" or "10MB", from ${least} to ${most}`,
    parse: (given) => ranged(parseSize, given, least, most),
    format: formatSize,
  };
}

export function count(least: number, most: number): Kind<number> {
  return {
    expected: `a whole number from ${least} to ${most}`,
    parse: (given) => {
      const value = groupsOf(/^\d{1,9}$/, given) ? Number(given) : given;
      return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
        ? (value as number)
        : undefined;
    },
    format: (value) => value,
  };
}

/** Text that is kept as it is. */
export function text(expected: string, pattern: RegExp): Kind<string> {
  return {
    expected,
    parse: (given) => (typeof given === "string" && pattern.test(given) ? given : undefined),
    format: (value) => value,
  };
}

/** The groups of `pattern`, the whole first; undefined where `given` is no text of its form. */
export function groupsOf(pattern: RegExp, given: unknown): readonly (string | undefined)[] | undefined {
  return typeof given === "string" ? (pattern.exec(given) ?? undefined) : undefined;
}

/** One of a few numbers. */
export function numberOf<const T extends number>(...numbers: readonly T[]): Kind<T> {
  return {
    expected: `one of ${numbers.join(", ")}`,
    parse: (given) => numbers.find((number) => number === given || String(number) === given),
    format: (value) => value,
  };
}

export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  const quoted = words.map((word) => `"${word}"`);
  return {
    expected: quoted.length > 1 ? `one of ${quoted.join(", ")}` : quoted.join(),
    parse: (given) => words.find((word) => word === given),
    format: (value) => value,
  };
}

/** `kind`, or one word in its place. */
export function either<const W extends string, T>(word: W, kind: Kind<T>): Kind<T | W> {
  return {
    expected: `"${word}" or ${kind.expected}`,
    parse: (given) => (given === word ? word : kind.parse(given)),
    format: (value) => (value === word ? word : kind.format(value as T)),
  };
}

/** `off` is 0. */
function orOff(kind: Kind<number>): Kind<number> {
  return {
    expected: `"off" or ${kind.expected}`,
    parse: (given) => (given === "off" ? 0 : kind.parse(given)),
    format: (value) => (value === 0 ? "off" : kind.format(value)),
  };
}

function ranged(
  parse: (text: string) => number | undefined,
  given: unknown,
  least: string,
  most: string,
): number | undefined {
  const value = typeof given === "string" ? parse(given) : undefined;
  if (value === undefined || value < (parse(least) ?? 0) || value > (parse(most) ?? 0)) return undefined;
  return value;
}

/** The four that the command line reads too. */
export const adminAddress = either("off", hostPort);
/** Bytes, of which no typed array can span more than 4 GiB; 0 is no cache. */
export const cacheSize = orOff(size("1MiB", "4GiB"));
export const workerCount = either("auto", count(1, 64));
export const logFormat = choice("auto", "json", "common", "pretty");
