import { describe, expect, test } from "bun:test";
import { varyKeyOf, varyNamesOf } from "../../src/cache/vary.ts";

describe("the names of a Vary (RFC 9111 §4.1)", () => {
  // Each row: what it shows | the value | the names.
  test.each([
    ["without one", undefined, ""],
    ["an empty one", "", ""],
    ["in lower case", "FOO", "foo"],
    ["sorted, each once", "foo, bar, Foo,baz", "bar,baz,foo"],
    ["empty members are none", ", foo,,", "foo"],
    ["* matches nothing", "*", undefined],
    ["*, * matches nothing", "*, *", undefined],
    ["* behind an empty member", ", *", undefined],
    ["* in front of a name", "*, foo", undefined],
    ["* behind a name", "foo, *", undefined],
    ["what is no name matches nothing", "foo bar", undefined],
    ["a name in quotes is none", '"foo"', undefined],
  ])("%s", (_, vary, names) => {
    expect(varyNamesOf(vary, "")).toBe(names);
  });

  test("say which language an answer to Accept-Language has", () => {
    expect(varyNamesOf("Accept-Language, A", "Content-Language: DE-at\r\n")).toBe("a,accept-language=de-at");
    expect(varyNamesOf("Accept-Language", "Content-Language: de, en\r\n")).toBe("accept-language");
    expect(varyNamesOf("Accept-Encoding", "Content-Language: de\r\n")).toBe("accept-encoding");
  });
});

describe("requests select the same answer with", () => {
  // Each row: what it shows | the names | the one's lines | the other's.
  test.each([
    ["no Vary, whatever they say", "", "A: 1\r\n", "A: 2\r\n"],
    ["the same value", "foo", "Foo: 1\r\n", "foo: 1\r\n"],
    ["neither having the field", "bar,foo", "Foo: 1\r\n", "Foo: 1\r\nBaz: 2\r\n"],
    ["the fields in another order", "bar,foo", "Foo: 1\r\nBar: 2\r\n", "Bar: 2\r\nFoo: 1\r\n"],
    ["other blanks around commas", "foo", "Foo: 1,2\r\n", "Foo:  1 ,\t2 \r\n"],
    ["several lines for a list", "foo", "Foo: 1, 2\r\n", "Foo: 1\r\nFoo: 2\r\n"],
    ["other blanks around commas outside quotes", "foo", 'Foo: "a, b",2\r\n', 'Foo: "a, b" , 2\r\n'],
    [
      "languages in another order",
      "accept-language",
      "Accept-Language: en, de\r\n",
      "Accept-Language: de, en\r\n",
    ],
    [
      "languages in another case",
      "accept-language",
      "Accept-Language: en, de\r\n",
      "Accept-Language: eN, De\r\n",
    ],
    [
      "languages with other blanks",
      "accept-language",
      "Accept-Language: en, de\r\n",
      "Accept-Language:  en ,   de\r\n",
    ],
    [
      "codings twice, and in another case",
      "accept-encoding",
      "Accept-Encoding: gzip, br\r\n",
      "Accept-Encoding: BR\r\nAccept-Encoding: gzip,br\r\n",
    ],
    ["a weight of 1", "accept-encoding", "Accept-Encoding: gzip\r\n", "Accept-Encoding: gzip; q=1.000\r\n"],
    ["the same weight", "accept", "Accept: a/b;q=0.5, */*;q=0\r\n", "Accept: */*;Q=0.0,a/B; q=0.500\r\n"],
    [
      "the language it has liked best",
      "accept-language=de",
      "Accept-Language: en, de\r\n",
      "Accept-Language: fr;q=0.5, de;q=1.0\r\n",
    ],
  ])("%s", (_, names, one, other) => {
    expect(varyKeyOf(names, one)).toBe(varyKeyOf(names, other));
  });
});

describe("requests do not select the same answer with", () => {
  test.each([
    ["another value", "foo", "Foo: 1\r\n", "Foo: 2\r\n"],
    ["a value in another case", "foo", "Foo: a\r\n", "Foo: A\r\n"],
    ["values in another order", "foo", "Foo: 1, 2\r\n", "Foo: 2, 1\r\n"],
    ["the field and without", "foo", "Foo: 1\r\n", ""],
    ["an empty field and without", "foo", "Foo:\r\n", ""],
    ["values that only stand side by side", "bar,foo", "Bar: 1\r\n", "Foo: 1\r\n"],
    ["blanks within quotes", "foo", 'Foo: "a,b"\r\n', 'Foo: "a, b"\r\n'],
    ["blanks within a value", "foo", "Foo: a b\r\n", "Foo: ab\r\n"],
    ["one of two fields", "bar,foo", "Foo: 1\r\nBar: 2\r\n", "Foo: 1\r\nBar: 3\r\n"],
    ["a coding refused", "accept-encoding", "Accept-Encoding: gzip\r\n", "Accept-Encoding: gzip;q=0\r\n"],
    ["another weight", "accept-language", "Accept-Language: en;q=0.5\r\n", "Accept-Language: en;q=0.6\r\n"],
    [
      "a weight that is none",
      "accept-encoding",
      "Accept-Encoding: gzip\r\n",
      "Accept-Encoding: gzip;q=2\r\n",
    ],
    ["a parameter in another case", "accept", "Accept: a/b;v=A\r\n", "Accept: a/b;v=a\r\n"],
    [
      "the language it has liked less",
      "accept-language=de",
      "Accept-Language: de\r\n",
      "Accept-Language: en, de;q=0.9\r\n",
    ],
    ["any language", "accept-language=de", "Accept-Language: de\r\n", "Accept-Language: *\r\n"],
  ])("%s", (_, names, one, other) => {
    expect(varyKeyOf(names, one)).not.toBe(varyKeyOf(names, other));
  });
});

test("what clients prefer is read the same when it was forgotten", () => {
  const line = "Accept-Encoding: gzip, br\r\n";
  const first = varyKeyOf("accept-encoding", line);
  for (let i = 0; i < 1_000; i++) varyKeyOf("accept-encoding", `Accept-Encoding: x-${i}\r\n`);

  expect(varyKeyOf("accept-encoding", line)).toBe(first);
});
