/** A new config while traffic runs: no request fails, and one that is wrong changes nothing. */
import { describe, expect, test } from "bun:test";
import type { StatusReport } from "../../src/admin/status-report.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const FIRST = { address: "127.0.0.1:0", mode: "forward" };

/** Puts a config in force, and resolves when it is. */
type Apply = (proxy: RunningProxy, config: Record<string, unknown>) => Promise<void>;

const ways: Record<string, Apply> = {
  SIGHUP: async (proxy, config) => {
    const before = await generationOf(proxy);
    await proxy.rewriteConfig(config);
    proxy.signal("SIGHUP");
    await until("it is in force", async () => (await generationOf(proxy)) > before);
  },
  "POST /reload": async (proxy, config) => {
    await proxy.rewriteConfig(config);
    expect((await send(proxy, "POST", "/reload")).status).toBe(200);
  },
  "PUT /config": async (proxy, config) => {
    const whole = { listeners: [FIRST], admin: { address: "127.0.0.1:0" }, ...config };
    expect((await send(proxy, "PUT", "/config", JSON.stringify(whole))).status).toBe(200);
  },
};

describe.each(Object.entries(ways))("%s under load", (_, apply) => {
  test("fails no request, while a listener is added and removed", async () => {
    await using proxy = await startProxy({ workers: 2, log: { access: "off" } });
    using upstream = startRawServer((peer) => answerEach(peer));
    await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 15, anew: 10 });
    await until("the load is on", () => load.answered > 500);

    await apply(proxy, {
      workers: 2,
      log: { access: "off" },
      listeners: [FIRST, { address: "127.0.0.1:0" }],
    });
    const ports = await portsOf(proxy);
    expect(ports.length).toBe(2);
    expect(ports[0]).toBe(proxy.port);
    const second = new Load({ port: ports[1] ?? 0, authority: upstream.authority, kept: 3, anew: 3 });
    await until("the second is used", () => second.answered > 100 || second.failures.length > 0);

    await apply(proxy, { workers: 2, log: { access: "off" } });
    expect(await portsOf(proxy)).toEqual([proxy.port]);
    await until("nobody can connect to it", () => second.refused > 0);
    await second.stop();
    expect(second.failures).toEqual([]);
    await load.stop();

    expect(load.failures).toEqual([]);
    expect(load.refused).toBe(0);
    expect(await generationOf(proxy)).toBe(3);
    expect(await proxy.metric('headgate_config_reloads_total{result="applied"}')).toBe(2);
    await until("it says so", () => proxy.stderr().includes("is in force (generation 3)"));
  });
});

test("a tunnel and a kept connection outlive the listener that they came by", async () => {
  await using proxy = await startProxy({ workers: 2, listeners: [FIRST, FIRST] });
  using upstream = startRawServer((peer) => answerEach(peer));
  const [, second = 0] = proxy.ports;
  using tunnel = await RawPeer.connect(second);
  tunnel.say(connect(upstream.authority));
  await tunnel.hearUntil("\r\n\r\n");
  using kept = await RawPeer.connect(second);
  kept.say(get(upstream.authority));
  await kept.hearUntil("hello");
  kept.takeHeard();

  await ways["POST /reload"]?.(proxy, { workers: 2 });

  tunnel.say("GET / HTTP/1.1\r\n\r\n");
  await tunnel.hearUntil("hello");
  kept.say(get(upstream.authority));
  expect(await kept.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
});

test("new settings hold for the next request, also of a kept connection", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);
  client.say(get(upstream.authority));
  await client.hearUntil("hello");
  client.takeHeard();

  await ways["POST /reload"]?.(proxy, {
    workers: 2,
    via: { pseudonym: "renamed" },
    limits: { uriBytes: "256B" },
  });

  client.say(get(upstream.authority));
  expect(await client.hearUntil("hello")).toContain("Via: 1.1 renamed\r\n");
  client.say(get(upstream.authority, `/${"x".repeat(300)}`));
  expect(await client.hearUntil("HTTP/1.1 414 ")).toContain("Proxy-Status: renamed;");
});

describe("refused, and the old config stays, is", () => {
  // What is wrong | the config | what the problem names.
  const configs = [
    ["an unknown setting", { timeuots: {} }, 'timeuots: Unknown setting, did you mean "timeouts"?'],
    ["an open proxy", { listeners: [{ address: "0.0.0.0:0" }] }, "listeners[0].clients"],
    [
      "an address that is not ours",
      { workers: 2, listeners: [FIRST, { address: "192.0.2.1:80", clients: ["10.0.0.0/8"] }] },
      "192.0.2.1:80: the address is not one of this machine",
    ],
    ["another number of workers", { workers: 3 }, "workers: Expected 2 as at the start, found 3"],
    ["another status port", { workers: 2, admin: { address: "off" } }, "admin.address"],
    [
      "an access log that can't be opened",
      { workers: 2, log: { access: "/nowhere/at/all.log" } },
      "/nowhere/at/all.log",
    ],
  ] as const;

  test.each(configs)("%s", async (_, wrong, problem) => {
    await using proxy = await startProxy({ workers: 2 });
    using upstream = startRawServer((peer) => answerEach(peer));
    await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 4, anew: 2 });
    await until("the load is on", () => load.answered > 50);

    await proxy.rewriteConfig(wrong);
    const reloaded = await send(proxy, "POST", "/reload");
    expect(reloaded.status).toBe(422);
    expect(JSON.stringify(await reloaded.json())).toContain(JSON.stringify(problem).slice(1, -1));
    proxy.signal("SIGHUP");
    await until("stderr tells it", () => proxy.stderr().includes("the old config stays"));
    await until("and why", () => proxy.stderr().includes(problem));

    const answered = load.answered;
    await until("the load goes on", () => load.answered > answered + 50);
    expect(load.failures).toEqual([]);
    expect(await generationOf(proxy)).toBe(1);
    expect(await proxy.metric('headgate_config_reloads_total{result="refused"}')).toBe(2);
    expect(proxy.stderr()).not.toContain("    at ");
  });
});

test("a listener on a port in use is refused, and the one that is there stays", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using other = startRawServer(() => {});
  using upstream = startRawServer((peer) => answerEach(peer));

  await proxy.rewriteConfig({ workers: 2, listeners: [FIRST, { address: other.authority }] });
  const { status } = await send(proxy, "POST", "/reload");

  expect(status).toBe(422);
  expect(await portsOf(proxy)).toEqual([proxy.port]);
  using client = await RawPeer.connect(proxy.port);
  client.say(get(upstream.authority));
  expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
});

test("a config file that went away is refused, in one line", async () => {
  await using proxy = await startProxy({ workers: 1 });

  await proxy.rewriteConfig("{ not json");
  expect((await send(proxy, "POST", "/reload")).status).toBe(422);

  expect(proxy.stderr()).toContain("Cannot read JSON");
  expect(proxy.stderr()).not.toContain("    at ");
});

test("without a config file there is nothing to reload", async () => {
  await using proxy = await startProxy(["--workers", "1"]);

  expect((await send(proxy, "POST", "/reload")).status).toBe(409);
  proxy.signal("SIGHUP");

  await until("stderr tells it", () => proxy.stderr().includes("Nothing to reload"));
});

function send(proxy: RunningProxy, method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${proxy.admin}${path}`, { method, proxy: false, ...(body !== undefined && { body }) });
}

function generationOf(proxy: RunningProxy): Promise<number> {
  return proxy.metric("headgate_config_generation");
}

async function portsOf(proxy: RunningProxy): Promise<number[]> {
  const { listeners } = (await proxy.status()) as StatusReport;
  return listeners.map(({ address }) => Number(address.split(":").at(-1)));
}
