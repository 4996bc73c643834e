/** What the tables of settings are made of: a row for each setting, and the tree that its values are tried in. */

export interface Row {
  /** Missing: the setting must be given. */
  readonly fallback?: unknown;
  /** As written | as kept. */
  readonly good: readonly (readonly [unknown, unknown])[];
  readonly bad: readonly unknown[];
  /** What must stand beside it. */
  readonly beside?: unknown;
  /** The same where it is left out, when something else must stand in its place. */
  readonly without?: unknown;
}

/** By path; `[0]` stands for any item. */
export type Rows = Readonly<Record<string, Row>>;

export const WAIT = {
  good: [
    ["10ms", 10],
    ["24h", 86_400_000],
  ],
  bad: ["9ms", "25h", "", 10, "10", true],
} as const;

/** Limits of what is written with a unit, as kept, and what lies just beyond them. */
export function between(
  [least, leastKept]: readonly [string, number],
  [most, mostKept]: readonly [string, number],
  beyond: readonly string[],
): Pick<Row, "good" | "bad"> {
  return {
    good: [
      [least, leastKept],
      [most, mostKept],
    ],
    bad: [...beyond, "", 1_000, "many"],
  };
}

export function counts(least: number, most: number): Pick<Row, "good" | "bad"> {
  return {
    good: [
      [least, least],
      [most, most],
      [String(most), most],
    ],
    bad: [least - 1, most + 1, least + 0.5, "", "many", true, [least], { value: least }],
  };
}

/** Of a list of texts that are kept as they are. */
export function texts(
  good: readonly string[],
  bad: readonly unknown[],
  most: number,
): Pick<Row, "fallback" | "good" | "bad"> {
  return {
    fallback: [],
    good: [
      [[], []],
      [good, good],
    ],
    bad: [good[0], [null], [[good[0]]], new Array(most + 1).fill(good[0]), ...bad.map((each) => [each])],
  };
}

export function words(fallback: string | undefined, ...choices: readonly string[]): Row {
  return {
    ...(fallback === undefined ? {} : { fallback }),
    good: choices.map((word) => [word, word]),
    bad: ["", "other", choices[0]?.toUpperCase(), true, 1, [choices[0]]],
  };
}

/** `timeouts.head` and a value → the tree beside it with that value in it. */
export function treeWith(path: string, value: unknown, beside: unknown = {}): unknown {
  const [keys, last] = splitLast(path);
  const tree = structuredClone(beside) as Tree;
  const place = keys.reduce<Tree>((inner, key, at) => {
    inner[key] ??= (keys[at + 1] ?? last) === "0" ? [] : {};
    return inner[key] as Tree;
  }, tree);
  place[last] = value;
  return tree;
}

export function valueIn(tree: unknown, path: string): unknown {
  const [keys, last] = splitLast(path);
  return [...keys, last].reduce<unknown>((value, key) => (value as Tree)[key], tree);
}

type Tree = Record<string, unknown>;

function splitLast(path: string): [string[], string] {
  const keys = path.replaceAll("[0]", ".0").split(".");
  return [keys.slice(0, -1), keys.at(-1) ?? ""];
}
