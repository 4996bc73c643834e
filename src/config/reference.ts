/** Every setting in one list, from the schema: the README's table, and the hints for names that nobody knows. */
import { joinPath } from "./problems.ts";
import { meaningOf, type Schema, shapeOf } from "./setting.ts";

export interface Setting {
  /** `timeouts.head`, `listeners[].address`, `upstreams.NAME.endpoints`. */
  readonly path: string;
  /** As it would stand in the file; undefined when there is none. */
  readonly fallback: unknown;
  readonly isRequired: boolean;
  readonly meaning: string;
}

export function settingsOf(schema: Schema<unknown>, path = ""): Setting[] {
  const shape = shapeOf(schema);
  const meaning = meaningOf(schema);
  switch (shape.is) {
    case "section":
      return Object.entries(shape.entries).flatMap(([key, entry]) => settingsOf(entry, joinPath(path, key)));
    case "list": {
      const own = { path, fallback: shape.fallback, isRequired: false, meaning };
      const isOfSections = shapeOf(shape.item).is === "section";
      return isOfSections ? [own, ...settingsOf(shape.item, `${path}[]`)] : [own];
    }
    case "map":
      return [
        { path, fallback: {}, isRequired: false, meaning },
        ...settingsOf(shape.item, joinPath(path, "NAME")),
      ];
    case "value":
      return [{ path, fallback: shape.fallback, isRequired: shape.isRequired, meaning }];
  }
}
