import { expect, test } from "bun:test";
import { createAdminApp } from "../../src/admin/app.ts";
import type { Ban } from "../../src/limits/ban-table.ts";
import { cells } from "../../src/observe/cells.ts";
import { FakeDeps, listState } from "./fake-deps.ts";

const bans: Ban[] = [
  { client: "192.0.2.1", cause: "slow", untilMs: Date.UTC(2026, 0, 1, 12) },
  { client: "198.51.100.0/24", cause: "connections", untilMs: Date.UTC(2026, 0, 1, 11) },
  { client: "2001:db8::/64", cause: "credentials", untilMs: Date.UTC(2026, 0, 1, 10) },
];

test("bans say whom, why and until when", async () => {
  const { call, deps } = running();
  deps.banStates = bans;

  expect(await (await call("GET", "/bans")).json()).toEqual({
    bans: [
      { client: "192.0.2.1", cause: "slow", until: "2026-01-01T12:00:00.000Z" },
      { client: "198.51.100.0/24", cause: "connections", until: "2026-01-01T11:00:00.000Z" },
      { client: "2001:db8::/64", cause: "credentials", until: "2026-01-01T10:00:00.000Z" },
    ],
  });
});

// Each row: how the ban is written in the path | whose ban is lifted | the status.
const liftings: [string, string, number][] = [
  ["192.0.2.1", "192.0.2.1", 204],
  ["198.51.100.0/24", "198.51.100.0/24", 204],
  ["198.51.100.0%2F24", "198.51.100.0/24", 204],
  ["2001:db8::/64", "2001:db8::/64", 204],
  ["2001%3Adb8%3A%3A%2F64", "2001:db8::/64", 204],
  ["198.51.100.0", "198.51.100.0", 404],
  ["nonsense", "nonsense", 404],
];

test.each(liftings)("DELETE /bans/%s lifts %s: %d", async (path, client, status) => {
  const { call, deps } = running();
  deps.banStates = bans;

  const response = await call("DELETE", `/bans/${path}`);

  expect(response.status).toBe(status);
  expect(deps.log).toEqual([`lift ${client}`]);
  if (status === 404) {
    expect(await response.json()).toEqual({ error: `Cannot lift a ban of ${client}: there is none` });
  }
});

test("a question that can't be answered comes with all that is wrong with it", async () => {
  const { call, deps } = running();
  deps.explained = { ok: false, problems: ['url: Expected a URL, found "x"'] };

  const response = await call("POST", "/explain", '{"url":"x"}');

  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: "Cannot explain",
    problems: ['url: Expected a URL, found "x"'],
  });
});

test("an explanation is passed on as it is", async () => {
  const { call, deps } = running();
  deps.explained = { ok: true, explanation: { verdict: "deny", rule: "no-ads" } };

  expect(await (await call("POST", "/explain", "{}")).json()).toEqual({ verdict: "deny", rule: "no-ads" });
});

test("a question of more than 64 KiB is not read", async () => {
  const { call, deps } = running();

  const response = await call("POST", "/explain", JSON.stringify({ url: "x".repeat(64 * 1024) }));

  expect(response.status).toBe(413);
  expect(deps.log).toEqual([]);
});

test("lists say where they are from, how large, how fresh, and how often they hit", async () => {
  const { call, deps } = running();
  deps.placeNames = { ...deps.placeNames, lists: [undefined, "ads"] };
  deps.listStates = [listState("ads"), { ...listState("new"), loadedAt: undefined, problem: "no answer" }];
  deps.counters(0).add(cells.listHits + 1, 4);
  deps.counters(1).add(cells.listHits + 1, 3);

  const { lists } = (await (await call("GET", "/lists")).json()) as { lists: unknown[] };

  expect(lists).toEqual([
    {
      name: "ads",
      source: "/etc/ads.txt",
      entries: 100_000,
      ranges: 3,
      ignored: 2,
      invalid: 1,
      bytes: 2_000_000,
      hits: 7,
      loadedAt: "2026-01-01T00:00:00.000Z",
      checkedAt: "2026-01-02T00:00:00.000Z",
    },
    expect.objectContaining({ name: "new", hits: 0, problem: "no answer" }),
  ]);
});

test("a browser gets a script, of the type that it knows, for the name that it used", async () => {
  const { call } = running("correct-horse-battery");

  const response = await call("GET", "/proxy.pac");

  expect(response.headers.get("Content-Type")).toBe("application/x-ns-proxy-autoconfig");
  expect(await response.text()).toStartWith("// for 127.0.0.1:8889\nfunction FindProxyForURL");
});

test("nothing else of the gate is told without the token", async () => {
  const { call, deps } = running("correct-horse-battery");

  for (const [method, path] of [
    ["GET", "/bans"],
    ["DELETE", "/bans/192.0.2.1"],
    ["GET", "/lists"],
    ["GET", "/tokens"],
    ["POST", "/tokens"],
    ["DELETE", "/tokens/ci"],
    ["POST", "/explain"],
  ] as const) {
    expect([path, (await call(method, path)).status]).toEqual([path, 401]);
  }
  expect(deps.log).toEqual([]);
});

function running(token?: string) {
  const deps = new FakeDeps(token);
  const app = createAdminApp(deps);
  const call = (method: string, path: string, body?: string) =>
    app.request(path, {
      method,
      headers: { Host: "127.0.0.1:8889" },
      ...(body !== undefined && { body }),
    });
  return { deps, call };
}
