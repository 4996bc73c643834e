/**
 * What `schema.ts` is written with: settings, lists, maps and sections of them. Each
 * is a valibot schema, and carries its shape as metadata, so that the README,
 * GET /config and the hints for unknown names come from where the check comes.
 *
 * Nothing stands for itself: `timeouts:` with every line below it commented out
 * is the same as no `timeouts` at all.
 */
import * as v from "valibot";
import type { Kind } from "./kinds.ts";
import { concealFound, describeFound, sentence } from "./problems.ts";

/** What a schema made here looks like to those who walk it. */
export type Shape =
  /** `hides` names the setting that is a secret because of what the others say. */
  | { readonly is: "section"; readonly entries: Entries; readonly hides: Hides | undefined }
  /** `spreads`: an item as written stands for several. */
  | {
      readonly is: "list";
      readonly item: Schema<unknown>;
      readonly fallback: readonly unknown[];
      readonly spreads: boolean;
    }
  /** Names of the user's own choosing, each with the same kind of thing behind it. */
  | { readonly is: "map"; readonly item: Schema<unknown> }
  | {
      readonly is: "value";
      readonly kind: Kind<unknown>;
      readonly fallback: unknown;
      readonly isRequired: boolean;
    };

/** Given the values of a section, the name of the one that nobody may see. */
export type Hides = (values: Readonly<Record<string, unknown>>) => string | undefined;

type Entries = Readonly<Record<string, Schema<unknown>>>;

type Section<T extends Entries> = { readonly [K in keyof T]: v.InferOutput<T[K]> };

/** How many items, both included. */
interface ListLimits {
  readonly least: number;
  readonly most: number;
}

export type Schema<T> = v.GenericSchema<unknown, T>;

/** The fallback is written as in the file, and checked like anything in it. */
export function setting<T>(kind: Kind<T>, fallback: unknown, meaning: string): Schema<T> {
  const schema = v.nullish(leaf(kind), () => fallback);
  return described(schema, meaning, { is: "value", kind: anyKind(kind), fallback, isRequired: false });
}

export function required<T>(kind: Kind<T>, meaning: string): Schema<T> {
  return described(leaf(kind), meaning, {
    is: "value",
    kind: anyKind(kind),
    fallback: undefined,
    isRequired: true,
  });
}

/** A setting that may be left out, and then is undefined. */
export function optional<T>(kind: Kind<T>, meaning: string): Schema<T | undefined> {
  return setting<T | undefined>(kind as Kind<T | undefined>, undefined, meaning);
}

export function list<T>(
  item: Schema<T>,
  limits: ListLimits,
  fallback: readonly unknown[],
  meaning: string,
): Schema<readonly T[]> {
  return described(listOf(item, limits, fallback), meaning, { is: "list", item, fallback, spreads: false });
}

/** A list that each item adds several values to, such as `mon-fri`; each value once. */
export function spreadList<T>(
  item: Schema<readonly T[]>,
  limits: ListLimits,
  meaning: string,
): Schema<readonly T[]> {
  const schema = v.pipe(
    listOf(item, limits, []),
    v.transform((parts) => [...new Set(parts.flat())]),
  );
  return described(schema, meaning, { is: "list", item, fallback: [], spreads: true });
}

/** Its names are text that `name` reads; without any it is empty. */
export function map<T>(
  name: Kind<string>,
  item: Schema<T>,
  most: number,
  meaning: string,
): Schema<Readonly<Record<string, T>>> {
  return described(
    v.nullish(mapOf(name, item, most), () => ({})),
    meaning,
    { is: "map", item },
  );
}

export function section<const T extends Entries>(
  entries: T,
  meaning: string,
  hides?: Hides,
): Schema<Section<T>> {
  return described(
    v.nullish(sectionOf(entries), () => ({})),
    meaning,
    { is: "section", entries, hides },
  );
}

/** A section that may be left out, and then is undefined, whatever defaults are in it. */
export function optionalSection<const T extends Entries>(
  entries: T,
  meaning: string,
): Schema<Section<T> | undefined> {
  return described(v.nullish(sectionOf(entries), undefined), meaning, {
    is: "section",
    entries,
    hides: undefined,
  });
}

export function shapeOf(schema: Schema<unknown>): Shape {
  return v.getMetadata(schema)["shape"] as Shape;
}

export function meaningOf(schema: Schema<unknown>): string {
  return v.getDescription(schema) ?? "";
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf<T>(item: Schema<T>, { least, most }: ListLimits, fallback: readonly unknown[]) {
  const expected = `a list of ${least} to ${most}`;
  const schema = v.pipe(
    v.array(item, ({ input }) => sentence(expected, describeFound(input))),
    v.check(
      ({ length }) => length >= least && length <= most,
      ({ input }) => sentence(expected, `a list of ${input.length}`),
    ),
  );
  return v.nullish(schema, () => [...fallback]);
}

/** Not valibot's own record: that leaves out what is named like something objects inherit. */
function mapOf<T>(name: Kind<string>, item: Schema<T>, most: number) {
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isMap, ({ input }) =>
      sentence("a group of settings by name", describeFound(input)),
    ),
    v.rawTransform<Readonly<Record<string, unknown>>, Readonly<Record<string, T>>>(
      ({ dataset, addIssue }) => {
        const given = Object.entries(dataset.value);
        if (given.length > most)
          addIssue({ message: sentence(`at most ${most} names`, String(given.length)) });
        const kept = given.map(([key, value]): [string, T] => {
          const place = { type: "object", origin: "value", input: dataset.value, key, value } as const;
          if (name.parse(key) === undefined) {
            addIssue({ message: sentence(`a name of ${name.expected}`, describeFound(key)), path: [place] });
          }
          const read = v.safeParse(item, value);
          for (const { message, path } of read.issues ?? []) {
            addIssue({ message, path: [place, ...(path ?? [])] });
          }
          return [key, read.output as T];
        });
        return Object.fromEntries(kept);
      },
    ),
  );
}

function sectionOf<const T extends Entries>(entries: T) {
  return v.pipe(
    // valibot takes a list for an object: `timeouts: []` would pass as all defaults.
    v.custom(isMap, ({ input }) => sentence("a group of settings", describeFound(input))),
    v.strictObject({ ...entries }, ({ path }) => sentence(expectedAt(entries, path?.[0]?.key), "nothing")),
  );
}

function described<T>(schema: v.GenericSchema, meaning: string, shape: Shape): Schema<T> {
  return v.pipe(schema, v.description(meaning), v.metadata({ shape })) as Schema<T>;
}

function leaf<T>(kind: Kind<T>) {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const given = dataset.value;
      const value = kind.parse(given);
      if (value !== undefined) return value;
      const found = kind.secret ? concealFound(given) : describeFound(given);
      addIssue({ message: kind.whyNot?.(given) ?? sentence(kind.expected, found) });
      return NEVER;
    }),
  );
}

function expectedAt(entries: Readonly<Record<string, Schema<unknown>>>, key: unknown): string {
  const entry = typeof key === "string" ? entries[key] : undefined;
  const shape = entry && shapeOf(entry);
  return shape?.is === "value" ? shape.kind.expected : "a setting";
}

/** A walker formats what the same kind has parsed: the cast can't meet another type. */
function anyKind<T>(kind: Kind<T>): Kind<unknown> {
  return kind as Kind<unknown>;
}
