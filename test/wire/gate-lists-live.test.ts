/** Lists that change while the proxy runs: swapped under a load, broken, mended, and asked for again. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rename, rm } from "node:fs/promises";
import { answerEach } from "../support/http.ts";
import { leadTo, listOf, policyWithList, statusOf } from "../support/lists.ts";
import { Load } from "../support/load.ts";
import { startProxy } from "../support/proxy.ts";
import { type RawServer, startRawServer } from "../support/raw.ts";
import { type SeenRequest, startWebServer } from "../support/servers/web.ts";
import { type Folder, makeFolder } from "../support/tools.ts";
import { until } from "../support/until.ts";

const resources = new AsyncDisposableStack();
let folder: Folder;
let upstream: RawServer;

beforeAll(async () => {
  folder = resources.use(await makeFolder());
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
});

afterAll(() => resources.disposeAsync());

// They wait for looks at what changes, and need not do so one after the other.
test.concurrent("a file that is swapped under load fails no request, in no worker", async () => {
  const file = await writeList("swapped", "# nothing\n");
  await using proxy = await startProxy({
    workers: 2,
    log: { access: "off" },
    policy: policyWithList({ file }, upstream.authority),
  });
  await using load = new Load({
    port: proxy.port,
    authority: "swapped.test",
    kept: 4,
    anew: 2,
    isRight: ({ status, body }) =>
      (status === 200 && body === "hello") || (status === 403 && body.includes('"ads"')),
  });

  for (const [entries, text, status] of [
    [1, "swapped.test\n", 403],
    [2, "other.test\nanother.test\n", 200],
  ] as const) {
    await replace(file, text);
    await until("it is in force", async () => (await listOf(proxy)).entries === entries);
    await until("it is with one worker", async () => (await statusOf(proxy, "swapped.test")) === status);
    await until("and with all", async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => statusOf(proxy, "swapped.test")));
      return answers.every((each) => each === status);
    });
    const answered = load.answersWith(status);
    await until("the load hears of it", () => load.answersWith(status) > answered + 100);
  }

  await load.stop();
  await until("the host is told of", async () =>
    (await proxy.status()).policy.refusedHosts.some(({ host }) => host === "swapped.test"),
  );
  expect(load.failures).toEqual([]);
  expect(load.refused).toBe(0);
});

describe("what a list held stays in force when its file", () => {
  // What becomes of it | its new bytes | what /status says.
  const rows = [
    ["turns into a web page", "<!doctype html><html>not found</html>\n", "it is a web page, no list"],
    ["turns into noise", "\x00\x01\x02", "it is no text"],
    ["turns into prose", "Dear reader,\nthis is no list at all.\n", "it is no list: 2 lines can't be read"],
    ["vanishes", undefined, "no such file"],
  ] as const;

  test.concurrent.each(rows)(
    "%s, /status says so, and it is well again with the next good one",
    async (what, text, says) => {
      const file = await writeList(what, "ads.example\n");
      await using proxy = await startProxy({
        workers: 2,
        policy: policyWithList({ file }, upstream.authority),
      });
      const { loadedAt } = await listOf(proxy);

      if (text === undefined) await rm(file);
      else await replace(file, text);
      const unwell = await until("it is unwell", async () => {
        const list = await listOf(proxy);
        return list.problem !== undefined && list;
      });

      expect(unwell.problem).toContain(says);
      expect(unwell).toMatchObject({ entries: 1, loadedAt });
      expect(unwell.problemSince).toBeDefined();
      await until("it is told", () => proxy.stderr().includes("what it held before stays in force"));
      expect(await statusOf(proxy, "ads.example")).toBe(403);
      await replace(file, "b.test\n");
      await until("it is well", async () => (await listOf(proxy)).problem === undefined);
      expect([await statusOf(proxy, "ads.example"), await statusOf(proxy, "b.test")]).toEqual([200, 403]);
    },
  );
});

test.concurrent("URLs are asked again with what they said of themselves, and what fails leaves its list as it was", async () => {
  const seen = new Map<string, SeenRequest[]>();
  using server = startWebServer((request) => {
    const name = new URL(request.url).pathname.slice(1);
    const asked = seen.get(name) ?? [];
    seen.set(name, [...asked, { method: request.method, path: name, headers: request.headers }]);
    const headers = { etag: `"of-${name}"` };
    if (asked.length === 0) return new Response(`${name}.test\n`, { headers });
    switch (name) {
      case "unchanged":
        return new Response(null, { status: 304 });
      case "changed":
        return new Response("changed.test\nand-more.test\n");
      case "garbage":
        return new Response("<html>Sorry</html>");
      default:
        return new Response("down", { status: 500 });
    }
  });
  const names = ["unchanged", "changed", "garbage", "broken"];
  const lists = names.map((name) => ({ name, url: `${server.url}/${name}`, interval: "10s" }));
  const rules = [{ name: "no-ads", action: "deny", lists: names }, leadTo(upstream.authority)];
  await using proxy = await startProxy({ workers: 2, policy: { lists, rules } });

  await until("all are asked again", () => names.every((name) => (seen.get(name)?.length ?? 0) > 1), 15_000);
  await until("the change is in force", async () => (await statusOf(proxy, "and-more.test")) === 403);
  const state = new Map((await proxy.status()).policy.lists.map((list) => [list.name, list]));

  for (const name of names) {
    expect(seen.get(name)?.[1]?.headers.get("if-none-match")).toBe(`"of-${name}"`);
    expect(await statusOf(proxy, `${name}.test`)).toBe(403);
  }
  expect(state.get("unchanged")).toMatchObject({ entries: 1 });
  expect(state.get("unchanged")?.problem).toBeUndefined();
  expect(state.get("unchanged")?.checkedAt).not.toBe(state.get("unchanged")?.loadedAt);
  expect(state.get("changed")).toMatchObject({ entries: 2 });
  expect(state.get("garbage")?.problem).toContain("it is a web page, no list");
  expect(state.get("broken")?.problem).toContain("its server answered 500");
});

async function writeList(name: string, text: string): Promise<string> {
  await Bun.write(`${folder.path}/${name}`, text);
  return `${folder.path}/${name}`;
}

/** As a careful program does: at once, and whole. */
async function replace(path: string, text: string): Promise<void> {
  await Bun.write(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
