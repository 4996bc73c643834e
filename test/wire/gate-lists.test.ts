/** Lists of hosts and ranges, from files and URLs in every format: what they decide, and where that is counted. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { askAnew } from "../support/ask.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { listOf, policyWithList, statusOf } from "../support/lists.ts";
import { EXECUTABLE, startProxy } from "../support/proxy.ts";
import { type RawServer, startRawServer } from "../support/raw.ts";
import { startWebServer } from "../support/servers/web.ts";
import { type Folder, makeFolder, run } from "../support/tools.ts";
import { until } from "../support/until.ts";

const resources = new AsyncDisposableStack();
let folder: Folder;
let upstream: RawServer;

beforeAll(async () => {
  folder = resources.use(await makeFolder());
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
});

afterAll(() => resources.disposeAsync());

describe.each(["file", "url"] as const)("from a %s, told by its content,", (source) => {
  // The format | its text | hosts that it has | hosts that it has not.
  const rows = [
    [
      "plain names",
      "# ads\nAds.example.\r\n*.below.test ; them\n.both.test\n",
      ["ads.example", "x.below.test", "both.test", "a.both.test"],
      ["x.ads.example", "below.test", "example"],
    ],
    [
      "a hosts file",
      "127.0.0.1 localhost\n0.0.0.0 ads.example b.test # two\n::1 c.test\n",
      ["ads.example", "b.test", "c.test"],
      ["x.ads.example", "localhost.test"],
    ],
    [
      "AdBlock",
      "[Adblock Plus]\n! rules\n||ads.example^\n@@||good.ads.example^\nexample.com##.ad\n",
      ["ads.example", "a.b.ads.example"],
      ["good.ads.example", "x.good.ads.example", "example.com"],
    ],
    [
      "names beyond ASCII",
      "bücher.example\nxn--mnchen-3ya.test\n",
      ["xn--bcher-kva.example", "xn--mnchen-3ya.test"],
      ["bucher.example"],
    ],
  ] as const;

  test.each(rows)("%s are refused, and their neighbours are not", async (what, text, listed, others) => {
    using server = startWebServer(() => new Response(text));
    await Bun.write(`${folder.path}/${what}`, text);
    const where =
      source === "file" ? { file: `${folder.path}/${what}` } : { url: `${server.url}/list?key=secret` };
    await using proxy = await startProxy({ workers: 2, policy: policyWithList(where, upstream.authority) });

    for (const host of listed) expect([host, await statusOf(proxy, host)]).toEqual([host, 403]);
    for (const host of others) expect([host, await statusOf(proxy, host)]).toEqual([host, 200]);

    expect(await askAnew(proxy.port, connect(`${listed[0].toUpperCase()}.:443`))).toBe(403);
    const { policy } = await proxy.status();
    expect(policy.lists[0]).toMatchObject({ name: "ads", hits: listed.length + 1, ranges: 0 });
    expect(policy.rules[0]).toMatchObject({ name: "no-ads", matches: listed.length + 1 });
    await until("it is logged", () =>
      proxy.accessLog().some(({ list, rule }) => list === "ads" && rule === "no-ads"),
    );
    expect(JSON.stringify([await proxy.status(), proxy.stderr()])).not.toContain("key=secret");
  });
});

describe("a list with ranges judges what a host resolves to:", () => {
  // The list | the host | the status.
  const rows = [
    ["127.0.0.0/8\n::1\n", "localhost", 403],
    ["127.0.0.0/8\n", "127.0.0.1", 403],
    ["127.0.0.1-no-range.example\n10.0.0.0/8\n2001:db8::/32\n", "localhost", 200],
  ] as const;

  test.each(rows)("%j with %s gives %i", async (text, host, status) => {
    const file = `${folder.path}/ranges`;
    await Bun.write(file, text);
    const rules = [{ name: "no-ads", action: "deny", lists: ["ads"] }];
    await using proxy = await startProxy({ policy: { rules, lists: [{ name: "ads", file }] } });

    expect(await askAnew(proxy.port, get(`${host}:${upstream.port}`))).toBe(status);
    expect(await askAnew(proxy.port, connect(`${host}:${upstream.port}`))).toBe(status);
    expect((await listOf(proxy)).hits).toBe(status === 403 ? 2 : 0);
  });
});

test("a list that can't be loaded is a reason not to start, unless it is optional", async () => {
  const file = `${folder.path}/nowhere`;
  const config = {
    listeners: [{ address: "127.0.0.1:0" }],
    admin: { address: "off" },
    policy: policyWithList({ file }, upstream.authority),
  };
  await Bun.write(`${folder.path}/config.json`, JSON.stringify(config));

  const refused = await run([EXECUTABLE, "serve", "-c", `${folder.path}/config.json`]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/list "ads": Cannot read .*nowhere: no such file/i);

  await using proxy = await startProxy({
    policy: policyWithList({ file, optional: true }, upstream.authority),
  });
  expect(await statusOf(proxy, "ads.example")).toBe(200);
  expect((await listOf(proxy)).problem).toMatch(/no such file/i);
});
