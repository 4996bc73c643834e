/**
 * Whether a request has a header field, or one with a value. Names and values
 * are compared without case. A field may come in several lines, and RFC 9110
 * §5.3 says that these mean the same as one line with commas: a value matches
 * when one of the lines does, or all of them joined.
 */
import { valuesOf } from "../changes/field-lines.ts";
import type { HeaderMatcher } from "../spec.ts";
import { compileGlob } from "./glob.ts";

export interface FieldMatcher {
  /** `x-env: prod*`, or the name alone. */
  readonly text: string;
  test(fieldLines: string): boolean;
}

export function compileFieldMatcher({ name, value }: HeaderMatcher): FieldMatcher {
  const lowerName = name.toLowerCase();
  if (value === undefined)
    return { text: name, test: (fieldLines) => valuesOf(fieldLines, lowerName).length > 0 };

  const glob = compileGlob(value.toLowerCase());
  return {
    text: `${name}: ${value}`,
    test(fieldLines) {
      const values = valuesOf(fieldLines, lowerName).map((given) => given.toLowerCase());
      return values.some(glob.test) || (values.length > 1 && glob.test(values.join(", ")));
    },
  };
}
