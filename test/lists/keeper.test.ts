import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { mkdtemp, rename, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListKeeper, type ListTables } from "../../src/lists/keeper.ts";
import { ListTable } from "../../src/policy/list/table.ts";
import type { ListSpec } from "../../src/policy/spec.ts";
import { until } from "../support/until.ts";

const TIMING = { lookMs: 5, retryMs: 5, patience: { silenceMs: 1_000, wholeMs: 2_000 } };

let folder = "";
let path = "";
let server: Bun.Server<undefined>;
/** What the server answers, and how often it was asked. */
let answer: () => Response;
let asked = 0;
let keeper: ListKeeper;
let reports: string[] = [];
let changes: ListTables[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-lists-"));
  path = join(folder, "list.txt");
  await writeFile(path, "a.example\n");
  answer = () => new Response("a.example\n");
  asked = 0;
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      asked++;
      return answer();
    },
  });
  reports = [];
  changes = [];
  keeper = new ListKeeper(
    (message) => reports.push(message),
    (tables) => changes.push(tables),
    TIMING,
  );
});

afterEach(async () => {
  keeper.close();
  await server.stop(true);
  await rm(folder, { recursive: true });
});

describe("a list in a file", () => {
  test("is there when it is prepared, and known when it is in force", async () => {
    const tables = await putInForce([file()]);

    expect(holds(tables, "ads", "a.example")).toBe(true);
    expect(keeper.states()).toEqual([
      {
        name: "ads",
        source: path,
        entries: 1,
        ranges: 0,
        bytes: tables.get("ads")?.byteLength ?? 0,
        ignored: 0,
        invalid: 0,
        examples: [],
        loadedAt: expect.any(Number),
        checkedAt: expect.any(Number),
        problem: undefined,
        problemSince: undefined,
      },
    ]);
  });

  test("is swapped whole when it changes, and nobody is bothered with that", async () => {
    await putInForce([file()]);

    await replace("b.example\n");
    const tables = await until("the swap", () => changes.at(-1));

    expect(holds(tables, "ads", "a.example")).toBe(false);
    expect(holds(tables, "ads", "b.example")).toBe(true);
    expect(reports).toEqual([]);
  });

  test("keeps what was good when it goes, and tells of it once, and of its return", async () => {
    await putInForce([file()]);

    await unlink(path);
    const since = await until("the problem", () => state()?.problemSince);
    await untilLookedAgain(3);
    expect(state()).toMatchObject({ entries: 1, problemSince: since });

    await writeFile(path, "b.example\n");
    await until("the swap", () => changes.length > 0);
    expect(reports).toEqual([
      `list "ads": Cannot read ${path}: no such file; what it held before stays in force`,
      'list "ads": well again, with 1 hosts and 0 ranges',
    ]);
    expect(state()).toMatchObject({ problem: undefined, problemSince: undefined });
  });

  test("that never comes to rest is told, and read when it does", async () => {
    await putInForce([file()]);

    const writing = setInterval(() => appendFileSync(path, "b.example\n"), 1);
    await until("the problem", () => state()?.problem);
    clearInterval(writing);
    await until("the swap", () => changes.length > 0);

    expect(reports).toEqual([
      `list "ads": Cannot read ${path}: it keeps changing; what it held before stays in force`,
      'list "ads": well again, with 2 hosts and 0 ranges',
    ]);
  });

  test("keeps what was good when it is no list any more", async () => {
    await putInForce([file()]);

    await replace("<html>Not Found</html>\n");
    await until("the report", () => reports.length > 0);

    expect(state()).toMatchObject({ entries: 1, problem: `Cannot read ${path}: it is a web page, no list` });
    expect(changes).toEqual([]);
  });

  test("keeps what was good when it becomes empty, and is emptied by a comment", async () => {
    await putInForce([file()]);

    await replace("");
    await until("the report", () => reports.length > 0);
    expect(state()).toMatchObject({ entries: 1 });
    expect(changes).toEqual([]);

    await replace("# none\n");
    await until("the swap", () => changes.length > 0);
    expect(state()).toMatchObject({ entries: 0, problem: undefined });
    expect(reports).toEqual([
      `list "ads": Cannot read ${path}: it is empty now; a list that is meant to be empty has a comment line; what it held before stays in force`,
      'list "ads": well again, with 0 hosts and 0 ranges',
    ]);
  });
});

describe("a list behind a URL", () => {
  test("is asked for at its interval", async () => {
    await putInForce([url({ interval: 5 })]);

    answer = () => new Response("b.example\n");
    const tables = await until("the swap", () => changes.at(-1));

    expect(holds(tables, "ads", "b.example")).toBe(true);
  });

  test("is left alone until then", async () => {
    await putInForce([url(), { ...file(), name: "own" }]);
    await untilLookedAgain(5, 1);

    expect(asked).toBe(1);
  });

  test("is asked for again soon after a failure, whose reason is kept up to date and told once", async () => {
    await putInForce([url({ interval: 20 })]);

    answer = () => new Response("", { status: 500 });
    await until("a problem", () => state()?.problem?.includes("500"));
    answer = () => new Response("", { status: 502 });
    await until("another", () => state()?.problem?.includes("502"));
    answer = () => new Response("b.example\n");
    await until("the swap", () => changes.length > 0);

    const where = `${server.url.origin}/list`;
    expect(reports).toEqual([
      `list "ads": Cannot fetch ${where}: its server answered 500; what it held before stays in force`,
      'list "ads": well again, with 1 hosts and 0 ranges',
    ]);
  });
});

describe("to prepare", () => {
  test("tells all that can't be loaded, and changes nothing", async () => {
    const before = await putInForce([file()]);
    answer = () => new Response("", { status: 404 });

    const prepared = await keeper.prepare([{ ...file(), name: "gone", file: `${path}.gone` }, url()]);

    expect(prepared).toEqual({
      ok: false,
      problems: [
        `list "gone": Cannot read ${path}.gone: no such file`,
        `list "ads": Cannot fetch ${server.url.origin}/list: its server answered 404`,
      ],
    });
    expect(keeper.states().map(({ name }) => name)).toEqual(["ads"]);
    expect(holds(before, "ads", "a.example")).toBe(true);
    expect(reports).toEqual([]);
  });

  test("takes an optional list as empty, tells why, and has it when it comes", async () => {
    await unlink(path);
    const tables = await putInForce([{ ...file(), optional: true }]);

    expect(holds(tables, "ads", "a.example")).toBe(false);
    expect(reports).toEqual([
      `list "ads": Cannot read ${path}: no such file; it is empty until that succeeds`,
    ]);

    await writeFile(path, "a.example\n");
    expect(holds(await until("the list", () => changes.at(-1)), "ads", "a.example")).toBe(true);
  });

  test("does not load again what is in force from the same source", async () => {
    const before = await putInForce([url()]);
    const after = await putInForce([url({ interval: 7_200_000 }), { ...file(), name: "own" }]);

    expect(asked).toBe(1);
    expect(after.get("ads")).toBe(before.get("ads") as SharedArrayBuffer);
  });

  test("loads what moved to another source, and the old one is left alone", async () => {
    await putInForce([url({ interval: 5 })]);
    await writeFile(path, "b.example\n");
    const tables = await putInForce([file()]);

    const before = asked;
    await untilLookedAgain(5);
    expect(holds(tables, "ads", "b.example")).toBe(true);
    // One question may have been on its way.
    expect(asked - before).toBeLessThanOrEqual(1);
  });

  test("without a commit changes nothing", async () => {
    await putInForce([file()]);
    await keeper.prepare([]);
    await keeper.prepare([{ ...file(), file: `${path}.other`, optional: true }]);

    expect(state()).toMatchObject({ source: path, entries: 1 });
    await replace("b.example\n");
    await until("the swap", () => changes.length > 0);
  });

  test("a list that changed meanwhile is told at the commit", async () => {
    await putInForce([file()]);
    const prepared = await keeper.prepare([file()]);
    await replace("b.example\n");
    await until("the swap", () => changes.length === 1);

    if (!prepared.ok) throw new Error(prepared.problems.join());
    prepared.commit();

    expect(changes).toHaveLength(2);
    expect(holds(changes[1] as ListTables, "ads", "b.example")).toBe(true);
  });

  test("can be renewed, and then has what a list has become", async () => {
    await putInForce([file()]);
    const prepared = await keeper.prepare([file()]);
    await replace("b.example\n");
    await until("the swap", () => changes.length === 1);

    const renewed = prepared.ok ? prepared.renew() : prepared;
    if (!renewed.ok) throw new Error(renewed.problems.join());
    expect(holds(renewed.tables, "ads", "b.example")).toBe(true);
    renewed.commit();

    expect(changes).toHaveLength(1);
  });

  test("ends at once when the keeper is closed", async () => {
    answer = () => new Response(new ReadableStream({ start() {} }));
    const preparing = keeper.prepare([url()]);
    await until("the question", () => asked > 0);
    keeper.close();

    expect(await preparing).toMatchObject({ ok: false });
  });
});

test("a closed keeper looks no more", async () => {
  const specs = [url({ interval: 1 })];
  await putInForce(specs);
  await until("some questions", () => asked > 3);
  keeper.close();
  const before = asked;

  const other = new ListKeeper(
    () => {},
    () => {},
    TIMING,
  );
  await other.prepare(specs);
  other.close();

  // The other keeper's question, and one that may have been on its way.
  expect(asked - before).toBeLessThanOrEqual(2);
});

async function putInForce(specs: readonly ListSpec[]): Promise<ListTables> {
  const prepared = await keeper.prepare(specs);
  if (!prepared.ok) throw new Error(prepared.problems.join());
  prepared.commit();
  return prepared.tables;
}

function file(): ListSpec {
  return { name: "ads", file: path, url: undefined, interval: 3_600_000, optional: false };
}

function url(changes: Partial<ListSpec> = {}): ListSpec {
  const source = { file: undefined, url: `${server.url.origin}/list` };
  return { name: "ads", ...source, interval: 3_600_000, optional: false, ...changes };
}

function state(index = 0) {
  return keeper.states()[index];
}

async function untilLookedAgain(times: number, index = 0): Promise<void> {
  for (let look = 0; look < times; look++) {
    const last = state(index)?.checkedAt ?? 0;
    await until("another look", () => (state(index)?.checkedAt ?? 0) > last);
  }
}

async function replace(text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function holds(tables: ListTables, name: string, host: string): boolean {
  const buffer = tables.get(name);
  if (buffer === undefined) throw new Error(`no list ${name}`);
  return new ListTable(buffer).hasHost(host);
}
