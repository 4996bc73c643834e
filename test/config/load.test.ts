import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "headgate-load-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const YAML = "workers: 3\nlog:\n  format: json # a comment\n";
const TOML = 'workers = 3\n[log]\nformat = "json"\n';
const JSON_TEXT = '{ "workers": 3,\n  "log": { "format": "json" } }';

// The file | its text.
const files = [
  ["a.yaml", YAML],
  ["a.yml", YAML],
  ["crlf.yaml", YAML.replaceAll("\n", "\r\n")],
  ["mark.yaml", `\uFEFF${YAML}`],
  ["UPPER.YAML", YAML],
  ["a.toml", TOML],
  ["a.json", JSON_TEXT],
  ["a.jsonc", `// why\n${JSON_TEXT.replace("} }", "}, }")} // end`],
  ["with space # and hash.json", JSON_TEXT],
] as const;

test.each(files)("reads %s", async (name, text) => {
  const path = await write(name, text);

  const loaded = await loadConfig(path, {});

  expect(loaded.ok && [loaded.config.workers, loaded.config.log.format]).toEqual([3, "json"]);
});

test("times of TOML are read as those of the other languages", async () => {
  const toml = [
    'authentication.tokens = [{ name = "ci", token = "0123456789abcdef", expires = 2030-01-31T12:00:00+02:00 }]',
    "[[policy.rules]]",
    'name = "night"',
    'action = "deny"',
    "times = [{ from = 22:30:00, to = 06:00:00 }]",
  ].join("\n");

  const loaded = await loadConfig(await write("times.toml", toml), {});

  expect(loaded).toMatchObject({
    ok: true,
    config: {
      authentication: { tokens: [{ expires: Date.UTC(2030, 0, 31, 10) }] },
      policy: { rules: [{ times: [{ from: 1_350, to: 360 }] }] },
    },
  });
});

test("a day of TOML is no instant", async () => {
  const toml = 'authentication.tokens = [{ name = "ci", token = "0123456789abcdef", expires = 2030-01-31 }]';

  const loaded = await loadConfig(await write("day.toml", toml), {});

  expect(loaded.ok ? [] : loaded.problems).toEqual([
    'authentication.tokens[0].expires: Expected a time as in RFC 3339, such as "2030-01-31T12:00:00Z", found "2030-01-31"',
  ]);
});

const empty = [
  ["empty.yaml", ""],
  ["comment.yaml", "# nothing\n"],
  ["empty.toml", "\n"],
  ["empty.json", " \n"],
  ["empty.jsonc", ""],
  ["comment.jsonc", "// nothing"],
] as const;

test.each(empty)("%s, with nothing in it, is all defaults", async (name, text) => {
  expect(await loadConfig(await write(name, text), {})).toEqual(await loadConfig(undefined, {}));
});

// The file | its text | what is said, after its path.
const broken = [
  ["token.yaml", "a: 1\nb: [1,\nc: 2: 3\n", ":3:1: Cannot read YAML: Unexpected token"],
  ["tab.yaml", "a:\n\tb: 2", ":2:2: Cannot read YAML: Tab characters cannot be used as indentation"],
  ["quote.toml", "a = 1\nb = [1,\n c", ':3:2: Cannot read TOML: Strings must be quoted: "c"'],
  ["twice.toml", "a = 1\na = 2", ":2:1: Cannot read TOML: Cannot redefine key 'a'"],
  ["word.json", '{"a": 1,\n "b": x}', ':2:7: Cannot read JSON: Unexpected identifier "x"'],
  [
    "comment.json",
    '{"a": 1 // x\n}',
    ": Cannot read JSON: Unrecognized token '/' (a file with comments is named .jsonc)",
  ],
  ["two.json", "{} {}", ": Cannot read JSON: Unable to parse JSON string"],
  ["word.jsonc", '{"a": 1, // x\n "b": x}', ":2:7: Cannot read JSONC: Unexpected x"],
  ["two.jsonc", "{}, {}", ": Cannot read JSONC: more than one value"],
  ["deep.jsonc", "[".repeat(200_000), ": Cannot read JSONC: it is nested too deeply"],
] as const;

test.each(broken)("says where %s is broken", async (name, text, said) => {
  const path = await write(name, text);

  expect(await loadConfig(path, {})).toEqual({ ok: false, problems: [`${path}${said}`] });
});

test("a broken file is read afresh each time", async () => {
  const path = await write("mended.yaml", "a: [");
  await loadConfig(path, {});

  await write("mended.yaml", "\n\na: 'x");
  expect(await loadConfig(path, {})).toMatchObject({
    problems: [expect.stringContaining("mended.yaml:3:5:")],
  });

  await write("mended.yaml", "workers: 2");
  expect(await loadConfig(path, {})).toMatchObject({ ok: true, config: { workers: 2 } });
});

describe("a file that can't be read", () => {
  test("is not there", async () => {
    await expectRefusal(join(folder, "none.yaml"), "Cannot read the file: no such file");
  });

  test("is under a file", async () => {
    const path = join(await write("file.yaml", ""), "a.yaml");

    await expectRefusal(path, "Cannot read the file: a part of its path is no directory");
  });

  test("is a directory", async () => {
    const path = join(folder, "folder.yaml");
    await mkdir(path);

    await expectRefusal(path, "Cannot read the file: it is a directory");
  });

  test("is a link to itself", async () => {
    const path = join(folder, "loop.yaml");
    await symlink(path, path);

    await expectRefusal(path, "Cannot read the file: ELOOP");
  });

  test.each(["headgate.conf", "headgate", ".yaml", "a.yaml.bak"])(
    "is in no language that we know: %s",
    async (name) => {
      await expectRefusal(
        join(folder, name),
        "Expected a name that ends in .yaml, .yml, .toml, .json, .jsonc",
      );
    },
  );
});

test("several YAML documents are not one configuration", async () => {
  const path = await write("documents.yaml", "workers: 1\n---\nworkers: 2\n");

  expect(await loadConfig(path, {})).toEqual({
    ok: false,
    problems: ["the configuration: Expected a group of settings, found a list"],
  });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await Bun.write(path, text);
  return path;
}

async function expectRefusal(path: string, reason: string): Promise<void> {
  expect(await loadConfig(path, {})).toEqual({ ok: false, problems: [`${path}: ${reason}`] });
}
