/** What is wrong with a configuration, in words: where, what was expected, what was found. */

export interface Problem {
  /** `timeouts.head`, `listeners[0].address`; "" is the whole. */
  readonly path: string;
  readonly message: string;
}

/** Long enough to recognise a value, short enough for a line. */
const FOUND_CHARACTERS_MAX = 60;

export function expectedFound(path: string, expected: string, found: string): Problem {
  return { path, message: sentence(expected, found) };
}

export function sentence(expected: string, found: string): string {
  return `Expected ${expected}, found ${found}`;
}

export function renderProblem({ path, message }: Problem): string {
  return `${path === "" ? "the configuration" : path}: ${message}`;
}

export function joinPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

export function describeFound(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a group of settings";
  if (typeof value !== "string") return String(value);
  const isLong = value.length > FOUND_CHARACTERS_MAX;
  return JSON.stringify(isLong ? `${value.slice(0, FOUND_CHARACTERS_MAX)}…` : value);
}

/** For a secret: enough to see what is wrong with it, and nothing of what it is. */
export function concealFound(value: unknown): string {
  if (typeof value !== "string") return "no text";
  return `a text of ${value.length} character${value.length === 1 ? "" : "s"}`;
}
