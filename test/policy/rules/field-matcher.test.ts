import { expect, test } from "bun:test";
import { compileFieldMatcher } from "../../../src/policy/rules/field-matcher.ts";

const LINES =
  "Host: example.com\r\nX-Env:  Production \r\nX-Empty:\r\nAccept: text/html\r\naccept: text/plain;q=0.5\r\n";

const matchers = [
  ["a field that is there", "x-env", undefined, true],
  ["a field in any case", "X-ENV", undefined, true],
  ["a field that is there and empty", "x-empty", undefined, true],
  ["a field that is not there", "x-en", undefined, false],
  ["a longer name", "x-envy", undefined, false],
  ["what is a value, and no name", "production", undefined, false],
  ["a value in any case, without the blanks around it", "x-env", "PRODUCTION", true],
  ["a glob over the value", "x-env", "prod*", true],
  ["a value that is not all", "x-env", "prod", false],
  ["an empty value", "x-empty", "", true],
  ["no value where one is", "x-env", "", false],
  ["the first of two lines", "accept", "text/html", true],
  ["the second of two lines", "accept", "text/plain*", true],
  ["two lines as one", "accept", "text/html, text/plain*", true],
  ["neither line", "accept", "image/*", false],
  ["a value of another field", "host", "production", false],
] as const;

test.each(matchers)("%s", (_, name, value, matches) => {
  expect(compileFieldMatcher({ name, value }).test(LINES)).toBe(matches);
  expect(compileFieldMatcher({ name, value }).test("")).toBe(false);
});

test("shows itself as it was written", () => {
  expect(compileFieldMatcher({ name: "X-Env", value: "Prod*" }).text).toBe("X-Env: Prod*");
  expect(compileFieldMatcher({ name: "X-Env", value: undefined }).text).toBe("X-Env");
});
