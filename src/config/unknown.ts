/**
 * Names in the input that no setting has. valibot's strictObject refuses them
 * too, but stops at the first of a section, and a file should be mended in one
 * go. A name that is near a known one, or known elsewhere, gets a hint.
 */
import { nearest } from "./nearest.ts";
import { joinPath, type Problem } from "./problems.ts";
import { type Setting, settingsOf } from "./reference.ts";
import { configSchema } from "./schema.ts";
import { isMap, type Schema, shapeOf } from "./setting.ts";

export function findUnknown(input: unknown): Problem[] {
  return [...unknownIn(configSchema, input, "")];
}

function* unknownIn(schema: Schema<unknown>, value: unknown, path: string): Generator<Problem> {
  const shape = shapeOf(schema);
  if (shape.is === "list" && Array.isArray(value)) {
    for (const [at, item] of value.entries()) yield* unknownIn(shape.item, item, joinPath(path, at));
  }
  if (shape.is === "map" && isMap(value)) {
    for (const [name, item] of Object.entries(value))
      yield* unknownIn(shape.item, item, joinPath(path, name));
  }
  if (shape.is !== "section" || !isMap(value)) return;

  for (const [key, item] of Object.entries(value)) {
    const entry = Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
    if (entry !== undefined) yield* unknownIn(entry, item, joinPath(path, key));
    else
      yield { path: joinPath(path, key), message: `Unknown setting${hint(key, Object.keys(shape.entries))}` };
  }
}

function hint(key: string, siblings: readonly string[]): string {
  const meant = nearest(key, siblings) ?? settings().find(({ path }) => path.endsWith(`.${key}`))?.path;
  return meant === undefined ? "" : `, did you mean "${meant}"?`;
}

let known: readonly Setting[] | undefined;

/** Walked once: a file of somebody else may have a name to look up on each line. */
function settings(): readonly Setting[] {
  known ??= settingsOf(configSchema);
  return known;
}
