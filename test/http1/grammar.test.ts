import { describe, expect, test } from "bun:test";
import { explainHead, FIELD_LINES, isToken, REQUEST_HEAD, RESPONSE_HEAD } from "../../src/http1/grammar.ts";

describe("a hostile head is judged about as fast as it is read", () => {
  const line = "GET http://a/ HTTP/1.1\r\n";
  const hostile = (size: number) => [
    ["tiny fields and a bad end", `${line}${"a:\r\n".repeat(size / 4)}\0\r\n\r\n`],
    ["tiny fields and no end", `${line}${"a:\r\n".repeat(size / 4)}`],
    ["a value with a bad end", `${line}a: ${"x".repeat(size)}\0\r\n\r\n`],
    ["a value of spaces", `${line}a:${" ".repeat(size)}\x01\r\n\r\n`],
    ["a name without a colon", `${line}${"a".repeat(size)}\r\n\r\n`],
    ["a name of spaces", `${line}a${" ".repeat(size)}b\r\n\r\n`],
    ["colons", `${line}${":".repeat(size)}\r\n\r\n`],
    ["a method that never ends", `${"G".repeat(size)}\r\n\r\n`],
    ["a target and a bad version", `GET /${"a".repeat(size)} HTTP/1.2\r\n\r\n`],
    ["versions", `GET /${" HTTP/1.1".repeat(size / 9)}x\r\n\r\n`],
    ["digits of a version", `GET / HTTP/${"1".repeat(size)}x\r\n\r\n`],
    ["bare line feeds", `${line}${"a:b\n".repeat(size / 4)}\r\n\r\n`],
  ];

  // The default of limits.headBytes, and the most that it can be set to. Measured here: 2.5 ms at
  // worst and 65 ms; what is quadratic would take a second at the first, and minutes at the second.
  const sizes = [
    [2 ** 15, 200],
    [2 ** 20, 2_000],
  ] as const;

  for (const [size, ms] of sizes) {
    test.each(hostile(size))(`${size} bytes: %s`, (_, head) => {
      const startedAt = performance.now();
      const matches = REQUEST_HEAD.test(head) || RESPONSE_HEAD.test(head) || FIELD_LINES.test(head);
      explainHead(head);

      expect(matches).toBe(false);
      expect(performance.now() - startedAt).toBeLessThan(ms);
    });
  }
});

test("as many fields as fit a head are matched, and not given up", () => {
  const lines = "a:\r\n".repeat(2 ** 18);

  expect(REQUEST_HEAD.test(`GET / HTTP/1.1\r\n${lines}\r\n`)).toBe(true);
  expect(RESPONSE_HEAD.test(`HTTP/1.1 200 OK\r\n${lines}\r\n`)).toBe(true);
  expect(FIELD_LINES.test(lines)).toBe(true);
});

test("a token is made of the characters of RFC 9110 §5.6.2, and of one at least", () => {
  const token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    expect(isToken(`a${character}`)).toBe(token.includes(character));
  }
  expect(isToken("")).toBe(false);
});

// Each row: where the stray line break is | the head | what is said of it.
const strays = [
  ["a line feed at the very front", "\nGET / HTTP/1.1\r\n\r\n", "line feed without carriage return"],
  ["a carriage return at the very front", "\rGET / HTTP/1.1\r\n\r\n", "carriage return without line feed"],
  ["two carriage returns", "GET / HTTP/1.1\r\r\n\r\n", "carriage return without line feed"],
  ["whichever comes first", "GET / HTTP/1.1\r\nA: \n\r\r\n\r\n", "line feed without carriage return"],
] as const;

test.each(strays)("a stray line break is named: %s", (_, head, explanation) => {
  expect(explainHead(head)).toBe(explanation);
});
