import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(import.meta.dir, "../../scripts/config-reference.ts");
const EMPTY =
  "# Name\n<!-- settings:begin -->\nold\n<!-- settings:end -->\nbetween\n<!-- help-serve:begin -->\n<!-- help-serve:end -->\nafter\n";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "headgate-reference-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a stale file is found, then written, then found right", async () => {
  const path = join(folder, "stale.md");
  await Bun.write(path, EMPTY);

  expect(await run("--check", path)).toEqual({
    code: 1,
    stderr: `${path} is stale: run "bun scripts/config-reference.ts"\n`,
  });
  expect(await Bun.file(path).text()).toBe(EMPTY);
  expect(await run(path)).toEqual({ code: 0, stderr: "" });
  expect(await run("--check", path)).toEqual({ code: 0, stderr: "" });
});

test("what is written stands between the marks, and nothing else changes", async () => {
  const path = join(folder, "blocks.md");
  await Bun.write(path, EMPTY);
  await run(path);

  const text = await Bun.file(path).text();
  expect(text).toStartWith(
    "# Name\n<!-- settings:begin -->\n| Setting | Default | Meaning |\n| --- | --- | --- |\n",
  );
  expect(text).toContain("\n| `timeouts.head` | `10s` | ");
  expect(text).toContain("\n| `listeners[].address` | required | ");
  expect(text).toContain("\n| `admin.token` | none | ");
  expect(text).toContain("\n| `log.query` | `true` | ");
  expect(text).toContain(
    " |\n<!-- settings:end -->\nbetween\n<!-- help-serve:begin -->\n```\nRun the proxy.",
  );
  expect(text).toEndWith("\n```\n<!-- help-serve:end -->\nafter\n");
});

// What is missing | the file's text | what is said.
const refusals = [
  [
    "a mark",
    "<!-- settings:begin --><!-- settings:end -->",
    "Cannot find <!-- help-serve:begin --> and its end in",
  ],
  ["an end", "<!-- settings:begin -->", "Cannot find <!-- settings:begin --> and its end in"],
  ["the file", undefined, "Cannot read"],
] as const;

test.each(refusals)("fails without %s", async (name, text, said) => {
  const path = join(folder, `${name}.md`);
  if (text !== undefined) await Bun.write(path, text);

  expect(await run(path)).toEqual({ code: 1, stderr: expect.stringContaining(said) });
});

async function run(...args: readonly string[]) {
  const child = Bun.spawn([process.execPath, SCRIPT, ...args], { stdin: "ignore", stderr: "pipe" });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { code, stderr };
}
