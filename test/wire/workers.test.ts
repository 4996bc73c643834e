/** A worker that ends under load: the others do not notice, it is counted and replaced, and no count is left behind. */
import { expect, test } from "bun:test";
import type { StatusReport } from "../../src/admin/status-report.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const CLIENTS = 24;

test("the connections of the others go on, and those it had are cut", async () => {
  await using proxy = await startProxy({ workers: 2, log: { access: "off" } });
  using upstream = startRawServer((peer) => answerEach(peer));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawPeer.connect(proxy.port)));
  for (const client of clients) {
    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
  }
  const before = await statusOf(proxy);

  await restart(proxy, 0);
  await until("it is replaced", async () => (await statusOf(proxy)).workers[0]?.restarts === 1);
  await until(
    "its clients are cut",
    () => clients.filter(({ fate }) => fate !== "open").length === before.workers[0]?.connectionsOpen,
  );

  const survivors = clients.filter(({ fate }) => fate === "open");
  expect(survivors.length).toBe(before.workers[1]?.connectionsOpen ?? -1);
  for (const client of survivors) {
    client.say(get(upstream.authority));
    expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
  }
  expect(await proxy.metric('headgate_connections_open{listener="0"}')).toBe(survivors.length);
  expect(await proxy.metric("headgate_worker_restarts_total")).toBe(1);
  for (const client of clients) client.reset();
});

test("under load all goes on, and every gauge is right afterwards", async () => {
  await using proxy = await startProxy({ workers: 2, log: { access: "off" } });
  using upstream = startRawServer((peer) => answerEach(peer));
  const load = new Load({ port: proxy.port, authority: upstream.authority, kept: CLIENTS, anew: 8 });
  await until("the load is on", () => load.answered > 1_000);

  for (const round of [1, 2, 3]) {
    await restart(proxy, round % 2);
    await until(
      "it is replaced",
      async () => (await proxy.metric("headgate_worker_restarts_total")) === round,
    );
    await until("both are running", async () =>
      (await statusOf(proxy)).workers.every(({ state }) => state === "running"),
    );
    const answered = load.answered;
    await until("the load is on", () => load.answered > answered + 500);
  }
  await load.stop();

  // Only what was in the hands of a worker when it ended: its share of the clients, three times.
  expect(load.failures.length).toBeLessThanOrEqual(3 * (CLIENTS + 8));
  expect(load.refused).toBe(0);
  await nothingIsLeft(proxy);
  await until("as many upstream connections as the upstream has", async () => {
    const open = upstream.peers.filter(({ fate }) => fate === "open").length;
    return (await proxy.metric("headgate_upstream_connections_open")) === open;
  });
});

test("the new one takes its share of the connections, with the limits that were", async () => {
  await using proxy = await startProxy({ workers: 2, limits: { connections: CLIENTS } });
  using upstream = startRawServer(() => {});
  const tunnels = await Promise.all(
    Array.from({ length: CLIENTS }, () => openTunnel(proxy, upstream.authority)),
  );
  const before = await statusOf(proxy);

  await restart(proxy, 0);
  await until("it is replaced", async () => (await statusOf(proxy)).workers[0]?.restarts === 1);
  await until("both are running", async () =>
    (await statusOf(proxy)).workers.every(({ state }) => state === "running"),
  );
  await until(
    "its tunnels are cut",
    () => tunnels.filter(({ fate }) => fate !== "open").length === before.workers[0]?.connectionsOpen,
  );

  const more = await Promise.all(
    Array.from({ length: before.workers[0]?.connectionsOpen ?? 0 }, () =>
      openTunnel(proxy, upstream.authority),
    ),
  );
  expect((await statusOf(proxy)).workers[0]?.connectionsOpen).toBeGreaterThan(0);
  expect((await statusOf(proxy)).totals.tunnelsOpen).toBe(CLIENTS);
  using newcomer = await RawPeer.connect(proxy.port);
  await newcomer.hearOut();
  expect(newcomer.heard).toStartWith("HTTP/1.1 503 ");
  for (const client of [...tunnels, ...more]) client.reset();
});

test("a worker that there is not can't be restarted", async () => {
  await using proxy = await startProxy({ workers: 1 });

  expect((await restart(proxy, 1)).status).toBe(404);
  expect((await restart(proxy, 0)).status).toBe(202);
});

function restart(proxy: RunningProxy, index: number): Promise<Response> {
  return fetch(`${proxy.admin}/workers/${index}/restart`, { method: "POST", proxy: false });
}

async function statusOf(proxy: RunningProxy): Promise<StatusReport> {
  return (await proxy.status()) as StatusReport;
}

async function openTunnel(proxy: RunningProxy, authority: string): Promise<RawPeer> {
  const client = await RawPeer.connect(proxy.port);
  client.say(connect(authority));
  await client.hearUntil("\r\n\r\n");
  return client;
}
