/** The cache as a config has it: off, with rules, and what a reload may change of it. */
import { describe, expect, test } from "bun:test";
import { HttpClient } from "../support/http-client.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { checkedBody, fresh, readChecked, startOrigin } from "../support/servers/origin.ts";

describe("without a cache", () => {
  const ways = [
    ["by --cache off", ["--workers", "1", "--cache", "off"]],
    ["by cache.memory: off", { workers: 1, cache: { memory: "off" } }],
  ] as const;

  test.each(ways)(
    "%s: every request is the origin's, and no word of a cache is said",
    async (_, settings) => {
      await using proxy = await startProxy(settings);
      using origin = startOrigin(({ path, count }) =>
        fresh(checkedBody(path, count), { "cache-status": "origin; hit" }),
      );
      using client = await HttpClient.connect(proxy.port);

      for (const version of [1, 2]) {
        const answer = await client.get(origin.authority, "/a");
        expect(readChecked(answer.body).version).toBe(version);
        expect(answer.field("cache-status")).toBe("origin; hit");
        expect(answer.field("age")).toBeUndefined();
      }
      const only = await client.get(origin.authority, "/a", { fields: "Cache-Control: only-if-cached\r\n" });
      expect(only.status).toBe(200);
      const purged = await client.get(origin.authority, "/a", { method: "PURGE" });
      expect(purged.status).toBe(200);

      expect(origin.heard).toEqual(["GET /a", "GET /a", "GET /a", "PURGE /a"]);
      expect(proxy.stdout()).not.toContain('"cache"');
      const report = await (await fetch(`${proxy.admin}/cache`, { proxy: false })).json();
      expect(report).toMatchObject({ enabled: false, memory: null, disk: null });
      for (const path of ["/cache/purge", "/cache/offline"]) {
        const refused = await fetch(`${proxy.admin}${path}`, { method: "POST", body: "{}", proxy: false });
        expect([path, refused.status]).toEqual([path, 409]);
      }
    },
  );

  test("--cache SIZE is what the arena takes", async () => {
    await using proxy = await startProxy(["--workers", "1", "--cache", "8MiB"]);

    expect(await proxy.metric('headgate_cache_capacity_bytes{tier="memory"}')).toBeWithin(
      7 * 2 ** 20,
      8 * 2 ** 20 + 1,
    );
  });
});

describe("a rule", () => {
  const heuristic = { "cache-control": "" };

  test("gives a time to live where the origin says nothing, to its host, path and type alone, and says so", async () => {
    const rules = [{ hosts: ["127.0.0.1"], paths: ["/packages/*"], types: ["text/*"], ttl: "1h" }];
    await using proxy = await startProxy({ workers: 1, cache: { rules } });
    using origin = startOrigin(({ path }) => {
      const type = path.endsWith(".bin") ? "application/octet-stream" : "text/plain";
      return fresh(checkedBody(path, 1), { ...heuristic, "content-type": type });
    });
    using client = await HttpClient.connect(proxy.port);
    const again = async (path: string) => {
      await client.get(origin.authority, path);
      return (await client.get(origin.authority, path)).field("cache-status");
    };

    expect(await again("/packages/a.txt")).toMatch(/^headgate; hit; ttl=3[56]\d\d; detail=ruled$/);
    expect(await again("/packages/a.bin")).toStartWith("headgate; fwd=");
    expect(await again("/other/a.txt")).toStartWith("headgate; fwd=");
  });

  test("leaves query parameters out of what an answer is stored by, and the origin gets them all the same", async () => {
    const rules = [{ paths: ["/*"], ignoreQuery: ["utm_*", "token"] }];
    await using proxy = await startProxy({ workers: 1, cache: { rules } });
    using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
    using client = await HttpClient.connect(proxy.port);

    await client.get(origin.authority, "/a?utm_source=x&page=1&token=1");
    const other = await client.get(origin.authority, "/a?page=1&utm_medium=y&token=2");
    const page = await client.get(origin.authority, "/a?page=2");

    expect(other.field("cache-status")).toStartWith("headgate; hit");
    expect(page.field("cache-status")).toStartWith("headgate; fwd=uri-miss");
    expect(origin.heard).toEqual(["GET /a?utm_source=x&page=1&token=1", "GET /a?page=2"]);

    const purged = await client.get(origin.authority, "/a?utm_source=z&page=1", { method: "PURGE" });
    expect(purged.status).toBe(200);
    const after = await client.get(origin.authority, "/a?page=1");
    expect(after.field("cache-status")).toStartWith("headgate; fwd=uri-miss");
    const put = { method: "PUT", fields: "Content-Length: 0\r\n" };
    await client.get(origin.authority, "/a?page=1&token=3", put);
    const changed = await client.get(origin.authority, "/a?page=1");
    expect(changed.field("cache-status")).toStartWith("headgate; fwd=uri-miss");
  });

  test("of the gate that leads elsewhere, or changes fields, leads purges and unsafe methods there too", async () => {
    using origin = startOrigin(({ path, count }) => fresh(checkedBody(path, count)));
    const rules = [
      {
        name: "elsewhere",
        action: "rewrite",
        hosts: ["old.test"],
        rewrite: { host: origin.authority, pathPrefix: { from: "/old", to: "/new" } },
      },
      {
        name: "fields",
        action: "headers",
        paths: ["/new/*"],
        request: { set: [{ name: "X-A", value: "1" }] },
      },
    ];
    await using proxy = await startProxy({ workers: 1, policy: { rules } });
    using client = await HttpClient.connect(proxy.port);
    const ask = async () => (await client.get("old.test", "/old/a")).field("cache-status");

    for (const method of ["PURGE", "PUT", "PURGE"]) {
      expect([method, await ask()]).toEqual([method, expect.stringMatching(/^headgate; fwd=uri-miss/)]);
      expect(await ask()).toStartWith("headgate; hit");
      const fields = method === "PUT" ? "Content-Length: 0\r\n" : "";
      expect((await client.get("old.test", "/old/a", { method, fields })).status).toBe(200);
    }
    expect(origin.heard).toEqual(["GET /new/a", "GET /new/a", "PUT /new/a", "GET /new/a"]);
  });

  test("by a reload it holds for the next request of every connection", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using origin = startOrigin(({ path, count }) => fresh(checkedBody(path, count)));
    const clients = await Promise.all(Array.from({ length: 12 }, () => HttpClient.connect(proxy.port)));
    for (const client of clients) await client.get(origin.authority, "/private/a");
    expect(origin.asked("/private/a")).toBe(1);

    const never = { workers: 2, cache: { rules: [{ paths: ["/private/*"], never: true }] } };
    expect(await reload(proxy, never)).toBe(200);
    for (const client of clients) {
      const answer = await client.get(origin.authority, "/private/a");
      expect(answer.field("cache-status")).toBe("headgate; fwd=bypass");
    }
    expect(origin.asked("/private/a")).toBe(1 + clients.length);

    expect(await reload(proxy, { workers: 2 })).toBe(200);
    for (const client of clients) {
      const answer = await client.get(origin.authority, "/private/a");
      expect(answer.field("cache-status")).toStartWith("headgate; hit");
      client[Symbol.dispose]();
    }
  });
});

describe("a reload that changes what needs a restart is refused, and what is stored stays:", () => {
  const changes = [
    ["cache.memory", { memory: "32MiB" }, "cache.memory: Expected 64MiB as at the start, found 32MiB"],
    ["cache.memory, to off", { memory: "off" }, "cache.memory: Expected 64MiB as at the start, found off"],
    ["cache.disk", { disk: { path: "disk", size: "64MiB" } }, "cache.disk: Expected none as at the start"],
  ] as const;

  test.each(changes)("%s", async (_, cache, problem) => {
    await using proxy = await startProxy({ workers: 1 });
    using origin = startOrigin(({ path }) => fresh(checkedBody(path, 1)));
    using client = await HttpClient.connect(proxy.port);
    await client.get(origin.authority, "/a");

    await proxy.rewriteConfig({ workers: 1, cache });
    const answer = await fetch(`${proxy.admin}/reload`, { method: "POST", proxy: false });

    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain(problem);
    expect((await client.get(origin.authority, "/a")).field("cache-status")).toStartWith("headgate; hit");
  });
});

async function reload(proxy: RunningProxy, config: Record<string, unknown>): Promise<number> {
  await proxy.rewriteConfig(config);
  return (await fetch(`${proxy.admin}/reload`, { method: "POST", proxy: false })).status;
}
