// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is read here
import { describe, expect, test } from "bun:test";
import { interpolate } from "../../src/config/interpolate.ts";
import { parseConfig } from "../../src/config/load.ts";

const env = {
  NAME: "value",
  EMPTY: "",
  _N1: "x",
  YAML: "a: [1]\n- b",
  NESTED: "${NAME}",
  WORKERS: "3",
  FALSE: "false",
};

// What it shows | as written | as read.
const texts = [
  ["a text without a reference", "plain", "plain"],
  ["a variable", "${NAME}", "value"],
  ["a variable inside a text", "a ${NAME} b", "a value b"],
  ["two variables", "${NAME}${_N1}", "valuex"],
  ["a variable that is set and empty", "<${EMPTY}>", "<>"],
  ["a default that is not needed", "${NAME:-other}", "value"],
  ["a default for one that is not set", "${NOPE:-other}", "other"],
  ["a default for one that is empty", "${EMPTY:-other}", "other"],
  ["an empty default", "<${NOPE:-}>", "<>"],
  ["a default with a colon and a dash", "${NOPE:-[::1]:-80}", "[::1]:-80"],
  ["a default is taken as it is", "${NOPE:-$NAME}", "$NAME"],
  ["an escaped reference", "$${NAME}", "${NAME}"],
  ["an escaped brace alone", "a$${", "a${"],
  ["a dollar alone", "$5 $NAME $", "$5 $NAME $"],
  ["a value is not read again", "${NESTED}", "${NAME}"],
  ["a value brings no structure", "${YAML}", "a: [1]\n- b"],
  ["a value with a replacement pattern", "${NAME:-$&}", "value"],
] as const;

test.each(texts)("%s", (_, text, read) => {
  expect(interpolate({ a: [text] }, env)).toEqual({ value: { a: [read] }, problems: [] });
});

const MALFORMED = 'Expected ${NAME} or ${NAME:-default}, found another "${"; a plain one is written $${';

// What it shows | as written | what is said.
const mistakes = [
  ["a variable that is not set", "${NOPE}", ["Expected NOPE in the environment, found nothing"]],
  [
    "two that are not set",
    "${NOPE} ${NADA}",
    ["Expected NOPE in the environment, found nothing", "Expected NADA in the environment, found nothing"],
  ],
  [
    "a name that objects inherit",
    "${constructor}",
    ["Expected constructor in the environment, found nothing"],
  ],
  ["no name", "${}", [MALFORMED]],
  ["a name that starts with a digit", "${1A}", [MALFORMED]],
  ["a name with a dash", "${A-B}", [MALFORMED]],
  ["another operator of the shell", "${NAME:?gone}", [MALFORMED]],
  ["a brace that never closes", "${NAME", [MALFORMED]],
] as const;

test.each(mistakes)("refuses %s", (_, text, messages) => {
  const { problems } = interpolate({ a: [{ b: text }] }, env);

  expect(problems).toEqual(messages.map((message) => ({ path: "a[0].b", message })));
});

describe("in a configuration", () => {
  test("a number and a truth may come from the environment", () => {
    const parsed = parseConfig({ workers: "${WORKERS}", log: { query: "${FALSE}" } }, env);

    expect(parsed.ok && [parsed.config.workers, parsed.config.log.query]).toEqual([3, false]);
  });

  test("a token of digits stays text", () => {
    const parsed = parseConfig({ admin: { token: "${TOKEN}" } }, { TOKEN: "1234567890123456" });

    expect(parsed.ok && parsed.config.admin.token).toBe("1234567890123456");
  });

  test("names are left as they are", () => {
    expect(parseConfig({ "${NAME}": 1 }, env)).toEqual({ ok: false, problems: ["${NAME}: Unknown setting"] });
  });

  test("a reference that fails is one problem, not two", () => {
    expect(parseConfig({ workers: "${NOPE}" }, env)).toEqual({
      ok: false,
      problems: ["workers: Expected NOPE in the environment, found nothing"],
    });
  });
});

describe("a document made to be walked for ever", () => {
  const refusal = ["the configuration: Expected at most 16 levels and 100000 groups and lists, found more"];

  test("because it is deep", () => {
    const deep = Array.from({ length: 10_000 }).reduce<unknown>((inner) => [inner], 1);

    expect(parseConfig({ listeners: deep }, env)).toMatchObject({
      ok: false,
      problems: expect.arrayContaining(refusal),
    });
  });

  test("because it contains itself", () => {
    const input = Bun.YAML.parse("listeners: &all [*all, *all, *all]");

    expect(parseConfig(input, env)).toMatchObject({ ok: false, problems: expect.arrayContaining(refusal) });
  });

  test("because what is in it is in it many times", () => {
    // Bun refuses a YAML document that does this by its aliases; a value may still be made so.
    const input = {
      listeners: Array.from({ length: 14 }).reduce<unknown>((inner) => new Array(9).fill(inner), 1),
    };

    expect(parseConfig(input, env)).toMatchObject({ ok: false, problems: expect.arrayContaining(refusal) });
  });
});
