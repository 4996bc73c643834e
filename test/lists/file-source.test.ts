import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFile, mkdtemp, rename, rm, truncate, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSource } from "../../src/lists/file-source.ts";
import { ListTable } from "../../src/policy/list/table.ts";

const EMPTIED = "Cannot read PATH: it is empty now; a list that is meant to be empty has a comment line";

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-lists-"));
  path = join(folder, "list.txt");
});

afterEach(() => rm(folder, { recursive: true }));

test("a file is read at the first look, and then not until it changes", async () => {
  await writeFile(path, "a.example\n");
  const look = lookAt(path);

  expect(await look()).toBe("1 entries");
  expect(await look()).toBe("unchanged");
});

test("a file that was replaced waits for a second look that finds it the same", async () => {
  await writeFile(path, "a.example\n");
  const look = lookAt(path);
  await look();

  await writeFile(`${path}.new`, "b.example\n");
  await rename(`${path}.new`, path);

  expect(await look()).toBe("unsettled");
  expect(await look()).toBe("1 entries");
  expect(await look()).toBe("unchanged");
});

test("a file that is written over is read when it is whole", async () => {
  await writeFile(path, "a.example\n");
  const look = lookAt(path);
  await look();

  await truncate(path);
  expect(await look()).toBe("unsettled");
  await writeFile(path, "a.example\nb.exa");
  expect(await look()).toBe("unsettled");
  await appendFile(path, "mple\nc.example\n");
  expect(await look()).toBe("unsettled");
  expect(await look()).toBe("3 entries");
});

test("a change of the same size and time is found", async () => {
  await writeFile(path, "a.example\n");
  const then = new Date(1_000_000_000_000);
  await utimes(path, then, then);
  const look = lookAt(path);
  await look();

  await writeFile(`${path}.new`, "b.example\n");
  await utimes(`${path}.new`, then, then);
  await rename(`${path}.new`, path);

  expect(await look()).toBe("unsettled");
  expect(await look()).toBe("1 entries");
});

test("a file that is no list fails the same at every look, and is read when it is one", async () => {
  await writeFile(path, "<html>");
  const look = lookAt(path);
  const problem = `Cannot read ${path}: it is a web page, no list`;

  expect(await look()).toBe(problem);
  expect(await look()).toBe(problem);

  await writeFile(path, "a.example\n");
  await look();
  expect(await look()).toBe("1 entries");
});

test("a file that goes and comes back as it was is as good as before", async () => {
  await writeFile(path, "a.example\n");
  const look = lookAt(path);
  await look();

  await rename(path, `${path}.away`);
  expect(await look()).toBe(`Cannot read ${path}: no such file`);
  await rename(`${path}.away`, path);
  expect(["unsettled", "unchanged"]).toContain(await look());
  expect(["1 entries", "unchanged"]).toContain(await look());
});

test("a folder and a pipe are no lists, and nobody waits for the pipe", async () => {
  const pipe = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);

  expect(await lookAt(folder)()).toBe(`Cannot read ${folder}: it is no regular file`);
  expect(await lookAt(pipe)()).toBe(`Cannot read ${pipe}: it is no regular file`);
});

// What a file becomes that had entries | what is made of it.
const emptied = [
  ["nothing at all", "", EMPTIED],
  ["blank lines", "\n \r\n\t\n", EMPTIED],
  ["a comment alone", "\n# none\n", "0 entries"],
  ["a heading alone", "[Adblock Plus]", "0 entries"],
] as const;

test.each(emptied)("a file with entries that becomes %s", async (_, text, expected) => {
  await writeFile(path, "a.example\n");
  const look = lookAt(path);
  await look();

  await writeFile(path, text);
  await look();

  expect(await look()).toBe(expected.replace("PATH", path));
  expect(await look()).toBe(expected === EMPTIED ? EMPTIED.replace("PATH", path) : "unchanged");
});

test("a file that was emptied is well again with a line", async () => {
  await writeFile(path, "10.0.0.1\n");
  const look = lookAt(path);
  await look();
  await truncate(path);
  await look();
  await look();

  await writeFile(path, "b.example\n");
  await look();

  expect(await look()).toBe("1 entries");
});

test.each([
  ["at the first look", undefined],
  ["after comments alone", "# none\n"],
])("a file may be empty %s", async (_, before) => {
  const look = lookAt(path);
  await writeFile(path, before ?? "");
  await look();
  await writeFile(path, "\n");
  await look();

  expect(await look()).toBe("0 entries");
});

test("a file beyond the limit is refused unread", async () => {
  await writeFile(path, "");
  await truncate(path, 256 * 1024 * 1024 + 1);

  expect(await lookAt(path)()).toBe(`Cannot read ${path}: larger than 256 MiB`);
});

test("a missing file is named in the problem", async () => {
  await writeFile(path, "");
  await unlink(path);

  expect(await lookAt(path)()).toBe(`Cannot read ${path}: no such file`);
});

/** Each call is a look, and tells what became of it. */
function lookAt(path: string): () => Promise<string> {
  const source = new FileSource(path);
  const { signal } = new AbortController();
  return async () => {
    const delivery = await source.deliver(signal);
    if (delivery.result === "failed") return delivery.problem;
    if (delivery.result !== "loaded") return delivery.result;
    return `${new ListTable(delivery.list.table).size.entries} entries`;
  };
}
