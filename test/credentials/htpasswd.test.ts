import { describe, expect, test } from "bun:test";
import { HTPASSWD_BYTES_MAX, HTPASSWD_LINES_MAX, parseHtpasswd } from "../../src/credentials/htpasswd.ts";

const HASH = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

// Each row: what it is | the text | the names that it has.
const files = [
  ["an empty file", "", []],
  ["a line", `ann:${HASH}\n`, ["ann"]],
  ["a last line without an end", `ann:${HASH}\nbob:${HASH}`, ["ann", "bob"]],
  ["lines as Windows ends them", `ann:${HASH}\r\nbob:${HASH}\r\n`, ["ann", "bob"]],
  ["comments and empty lines", `# users\n\n  \nann:${HASH}\n#bob:x\n`, ["ann"]],
  ["a mark of UTF-8", `\ufeffann:${HASH}\n`, ["ann"]],
  ["space around a line", `  ann:${HASH}\t\n`, ["ann"]],
  ["what follows a second colon", `ann:${HASH}:Ann of the office\n`, ["ann"]],
  ["names in other letters and cases", `Änne:${HASH}\nänne:${HASH}\n`, ["Änne", "änne"]],
] as const;

test.each(files)("reads %s", (_, text, names) => {
  const { accounts, problems } = parseHtpasswd(text, "/etc/users");

  expect(problems).toEqual([]);
  expect(accounts.map(({ name }) => name)).toEqual([...names]);
});

test("an account has the hash, no groups and no end", () => {
  expect(parseHtpasswd(`ann:${HASH}`, "/etc/users").accounts).toEqual([
    { name: "ann", groups: [], expires: undefined, secret: { kind: "hash", text: HASH } },
  ]);
});

test("every problem is told at once, with its line", () => {
  const text = `ann:${HASH}\nopen sesame\n:${HASH}\n\nb b:${HASH}\nbob:\nann:${HASH}\n*:${HASH}\ncid:hunter2\n`;

  expect(parseHtpasswd(text, "/etc/users").problems).toEqual([
    '/etc/users:2: Expected "name:hash", found no colon',
    "/etc/users:3: Expected a name of 1 to 128 characters without spaces",
    "/etc/users:5: Expected a name of 1 to 128 characters without spaces",
    '/etc/users:6: there is no hash; make a bcrypt hash with "htpasswd -B"',
    "/etc/users:7: The name is taken already, by line 1",
    "/etc/users:8: Expected a name of 1 to 128 characters without spaces",
    '/etc/users:9: plain text, or an unknown form of hash, is not supported; make a bcrypt hash with "htpasswd -B"',
  ]);
});

describe("bounds", () => {
  test("of many problems the first twenty are told", () => {
    const { problems } = parseHtpasswd("secret\n".repeat(1_000), "/etc/users");

    expect(problems.length).toBe(21);
    expect(problems.at(-1)).toBe("/etc/users: and 980 more");
  });

  test("lines", () => {
    const line = "#\n";

    expect(parseHtpasswd(line.repeat(HTPASSWD_LINES_MAX - 1), "f").problems).toEqual([]);
    expect(parseHtpasswd(line.repeat(HTPASSWD_LINES_MAX), "f").problems).toEqual([
      "f: it has more than 20000 lines",
    ]);
  });

  test("size", () => {
    expect(parseHtpasswd("#".repeat(HTPASSWD_BYTES_MAX), "f").problems).toEqual([]);
    expect(parseHtpasswd("#".repeat(HTPASSWD_BYTES_MAX + 1), "f").problems).toEqual([
      "f: it is larger than 4 MiB",
    ]);
  });
});
