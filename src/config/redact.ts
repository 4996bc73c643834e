/**
 * A configuration for people to see, in GET /config and the log: the same tree
 * that a file would hold, durations and sizes with their units, every secret as
 * "***". Read back it gives the same configuration, but for its secrets: no
 * secret may be "***", so that it is refused rather than taken.
 *
 * In what a list holds, a rule above all, that which is empty is left out: of
 * forty things that a rule can say it says three.
 */
import { HIDDEN } from "./kinds-identity.ts";
import { type Config, configSchema } from "./schema.ts";
import { isMap, type Schema, type Shape, shapeOf } from "./setting.ts";

export function redactConfig(config: Config): Record<string, unknown> {
  return write(configSchema, config, false) as Record<string, unknown>;
}

function write(schema: Schema<unknown>, value: unknown, isInList: boolean): unknown {
  if (value === undefined) return undefined;
  const shape = shapeOf(schema);
  switch (shape.is) {
    case "section":
      return writeSection(shape, isMap(value) ? value : {}, isInList);
    case "list": {
      const items = Array.isArray(value) ? value : [];
      return items.map((item) => write(shape.item, shape.spreads ? [item] : item, true));
    }
    case "map": {
      const items = Object.entries(isMap(value) ? value : {});
      return Object.fromEntries(items.map(([name, item]) => [name, write(shape.item, item, true)]));
    }
    case "value":
      return shape.kind.format(value);
  }
}

function writeSection(
  { entries, hides }: Extract<Shape, { is: "section" }>,
  values: Readonly<Record<string, unknown>>,
  isInList: boolean,
): Record<string, unknown> {
  const hidden = hides?.(values);
  const written = Object.entries(entries).map(([key, entry]): [string, unknown] => [
    key,
    key === hidden && values[key] !== undefined ? HIDDEN : write(entry, values[key], isInList),
  ]);
  return Object.fromEntries(isInList ? written.filter(([, value]) => !isEmpty(value)) : written);
}

/** No list in the items of another has anything in it by default, so that an empty one comes back empty. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
