/** Nothing from outside: what is stored answers, stale or not, and what is not stored is told and listed. */
import { describe, expect, test } from "bun:test";
import { connect } from "../support/http.ts";
import { askEach, connectAll, HttpClient } from "../support/http-client.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";
import { until } from "../support/until.ts";

interface Offline {
  readonly offline: boolean;
  readonly missing: readonly { readonly url: string; readonly count: number }[];
}

const CLIENTS = 12;

describe("switched on by POST /cache/offline", () => {
  test("all workers serve what is stored, stale too, and nothing is asked for outside", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path }) =>
      fresh(
        checkedBody(path, 1),
        path === "/old" ? { "cache-control": "max-age=1", age: "100", etag: '"1"' } : {},
      ),
    );
    using clients = await connectAll(proxy.port, CLIENTS);
    using client = await HttpClient.connect(proxy.port);
    for (const path of ["/new", "/old"]) await client.get(origin.authority, path);
    const before = origin.askedInAll();

    expect(await switchTo(proxy, true)).toEqual({ offline: true, missing: [] });

    for (const path of ["/new", "/old"]) {
      for (const answer of await askEach(clients.all, origin.authority, path)) {
        expect(answer.status).toBe(200);
        expect(readChecked(answer.body)).toEqual({ path, version: 1 });
        expect(answer.field("cache-status")).toStartWith("headgate; hit");
      }
    }
    expect(origin.askedInAll()).toBe(before);
    expect(await proxy.metric("headgate_cache_offline")).toBe(1);
  });

  test("what is not stored gets 504 and is listed, the most wanted first", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
    using clients = await connectAll(proxy.port, CLIENTS);
    await switchTo(proxy, true);

    for (const answer of await askEach(clients.all, origin.authority, "/wanted")) {
      expect(answer.status).toBe(504);
      expect(answer.field("cache-status")).toBe("headgate; detail=offline");
      expect(answer.field("cache-control")).toBe("no-store");
    }
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/seldom?x=1");
    await client.get(origin.authority, "/head", { method: "HEAD" });
    const post = await client.get(origin.authority, "/post", {
      method: "POST",
      fields: "Content-Length: 0\r\n",
    });
    expect(post.status).toBe(504);
    expect(origin.askedInAll()).toBe(0);

    const { missing } = await until("they are listed", async () => {
      const report = await offlineOf(proxy);
      return report.missing.reduce((sum, { count }) => sum + count, 0) === CLIENTS + 3 && report;
    });
    expect(missing[0]).toEqual({ url: `http://${origin.authority}/wanted`, count: CLIENTS });
    expect(
      missing
        .slice(1)
        .map(({ url }) => url)
        .toSorted(),
    ).toEqual([
      `POST http://${origin.authority}/post`,
      `http://${origin.authority}/head`,
      `http://${origin.authority}/seldom?x=1`,
    ]);
    expect(await proxy.metric('headgate_cache_requests_total{result="missing"}')).toBe(CLIENTS + 3);
  });

  test("a tunnel is refused, and listed as what it was for", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using origin = startOrigin(() => fresh("x"));
    await switchTo(proxy, true);
    using client = await HttpClient.connect(proxy.port);

    const answer = await client.ask(connect(origin.authority));

    expect(answer.status).toBe(504);
    expect(answer.field("cache-status")).toBe("headgate; detail=offline");
    await until("it is listed", async () => (await offlineOf(proxy)).missing.length > 0);
    expect((await offlineOf(proxy)).missing).toEqual([{ url: origin.authority, count: 1 }]);
  });

  test("switched off again, the same connections reach the origin, and the list begins anew with the next time", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
    using clients = await connectAll(proxy.port, CLIENTS);
    await switchTo(proxy, true);
    await askEach(clients.all, origin.authority, "/wanted");
    await until("it is listed", async () => (await offlineOf(proxy)).missing.length > 0);

    expect((await switchTo(proxy, false)).offline).toBe(false);
    for (const answer of await askEach(clients.all, origin.authority, "/wanted")) {
      expect(answer.status).toBe(200);
    }
    expect(origin.asked("/wanted")).toBe(1);
    expect((await offlineOf(proxy)).missing.length).toBe(1);

    expect(await switchTo(proxy, true)).toEqual({ offline: true, missing: [] });
  });

  test("a question that is wrong changes nothing", async () => {
    await using proxy = await startProxy({ workers: 1 });

    for (const body of ["", "{}", '{"offline":"yes"}', '{"offline":true,"more":1}']) {
      const answer = await fetch(`${proxy.admin}/cache/offline`, { method: "POST", body, proxy: false });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    expect((await offlineOf(proxy)).offline).toBe(false);
  });
});

test("by its config a proxy starts offline, and a reload takes it back", async () => {
  await using proxy = await startProxy({ workers: 2, cache: { offline: true } });
  using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
  using client = await HttpClient.connect(proxy.port);
  expect((await client.get(origin.authority, "/a")).status).toBe(504);

  await proxy.rewriteConfig({ workers: 2, cache: { offline: false } });
  expect((await fetch(`${proxy.admin}/reload`, { method: "POST", proxy: false })).status).toBe(200);

  expect((await client.get(origin.authority, "/a")).status).toBe(200);
  expect((await offlineOf(proxy)).offline).toBe(false);
});

test("a reload of a config that says the same of it leaves the switch where it is", async () => {
  await using proxy = await startProxy({ workers: 1 });
  await switchTo(proxy, true);

  await proxy.rewriteConfig({ workers: 1, via: { pseudonym: "renamed" } });
  expect((await fetch(`${proxy.admin}/reload`, { method: "POST", proxy: false })).status).toBe(200);

  expect((await offlineOf(proxy)).offline).toBe(true);
});

describe("only-if-cached (RFC 9111 §5.2.1.7)", () => {
  const only = { fields: "Cache-Control: only-if-cached\r\n" };

  test("has what is stored and fresh, and 504 otherwise, without the origin and without the list", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path }) =>
      fresh(
        checkedBody(path, 1),
        path === "/old" ? { "cache-control": "max-age=1", age: "100", etag: '"1"' } : {},
      ),
    );
    using client = await HttpClient.connect(proxy.port);
    for (const path of ["/new", "/old"]) await client.get(origin.authority, path);

    expect((await client.get(origin.authority, "/new", only)).status).toBe(200);
    for (const path of ["/old", "/never"]) {
      const answer = await client.get(origin.authority, path, only);
      expect(answer.status).toBe(504);
      expect(answer.field("cache-status")).toBe("headgate; detail=only-if-cached");
    }
    expect(origin.askedInAll()).toBe(2);
    expect((await offlineOf(proxy)).missing).toEqual([]);
  });
});

async function switchTo(proxy: RunningProxy, offline: boolean): Promise<Offline> {
  const answer = await fetch(`${proxy.admin}/cache/offline`, {
    method: "POST",
    body: JSON.stringify({ offline }),
    proxy: false,
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Offline;
}

async function offlineOf(proxy: RunningProxy): Promise<Offline> {
  return (await (await fetch(`${proxy.admin}/cache/offline`, { proxy: false })).json()) as Offline;
}
