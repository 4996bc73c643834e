import { expect, test } from "bun:test";
import { valuesOf } from "../../../src/policy/changes/field-lines.ts";

// The lines | the values of "a".
const rows: readonly (readonly [string, readonly string[]])[] = [
  ["", []],
  ["A: 1\r\n", ["1"]],
  ["a:1\r\nB: 2\r\nA:\t 3 \t\r\n", ["1", "3"]],
  ["AA: 1\r\nB:a:1\r\n", []],
  ["A:\r\n", [""]],
  ["A: a b \x80\xa0\r\n", ["a b \x80\xa0"]],
];

test.each(rows)("the lines %j have the values %j", (lines, values) => {
  expect(valuesOf(lines, "a")).toEqual([...values]);
});
