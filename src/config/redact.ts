/**
 * A configuration for people to see, in GET /config and the log: the same tree
 * that a file would hold, durations and sizes with their units, every secret as
 * "***". Read back it gives the same configuration, but for its secrets: "***"
 * is too short for one, so that it is refused rather than taken.
 */
import { type Config, configSchema } from "./schema.ts";
import { isMap, type Schema, shapeOf } from "./setting.ts";

export function redactConfig(config: Config): Record<string, unknown> {
  return write(configSchema, config) as Record<string, unknown>;
}

function write(schema: Schema<unknown>, value: unknown): unknown {
  if (value === undefined) return undefined;
  const shape = shapeOf(schema);
  switch (shape.is) {
    case "section": {
      const values = isMap(value) ? value : {};
      return Object.fromEntries(
        Object.entries(shape.entries).map(([key, entry]) => [key, write(entry, values[key])]),
      );
    }
    case "list":
      return Array.isArray(value) ? value.map((item) => write(shape.item, item)) : [];
    case "value":
      return shape.kind.format(value);
  }
}
