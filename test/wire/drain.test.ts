/** The end of a proxy under load: told by a signal or the status port, no request fails, and the exit code is 0. */
import { describe, expect, test } from "bun:test";
import { answerEach, connect, echo, get, HELLO } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const orders = {
  SIGTERM: (proxy: RunningProxy) => proxy.signal("SIGTERM"),
  SIGINT: (proxy: RunningProxy) => proxy.signal("SIGINT"),
  "POST /drain": async (proxy: RunningProxy) => {
    const { status } = await fetch(`${proxy.admin}/drain`, { method: "POST", proxy: false });
    expect(status).toBe(202);
  },
};

test.each(Object.entries(orders))("%s under load: no request fails", async (_, order) => {
  await using proxy = await startProxy({ workers: 2, log: { access: "off" } });
  using upstream = startRawServer((peer) => answerEach(peer));
  await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 20, anew: 20 });
  await until("the load is on", () => load.answered > 3_000 || load.failures.length > 0);

  await order(proxy);
  const code = await proxy.exited;
  await load.stop();

  expect(load.failures).toEqual([]);
  expect(code).toBe(0);
  // Each kept connection was told that its answer was the last; some came once more.
  expect(load.farewells).toBeGreaterThanOrEqual(20);
  expect(proxy.stderr()).not.toMatch(/error|lost/i);
});

describe("while it drains", () => {
  test("/ready is 503 and /health 200, what is under way ends whole, and then it is gone", async () => {
    await using proxy = await startProxy({ workers: 2 });
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
      await peer.hearUntil("end now");
    });
    using client = await RawPeer.connect(proxy.port);
    client.say(get(upstream.authority));
    await client.hearUntil("hello");

    proxy.signal("SIGTERM");
    await until("/ready is 503", async () => (await statusOf(proxy, "/ready")) === 503);
    expect(await statusOf(proxy, "/health")).toBe(200);
    upstream.peers[0]?.say("hello");

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toEndWith("hellohello");
    client.finish();
    expect(await proxy.exited).toBe(0);
  });

  test("a tunnel may go on until it ends", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer(echo);
    using client = await openTunnel(proxy, upstream.authority);

    proxy.signal("SIGTERM");
    await until("it drains", () => proxy.stderr().includes("draining"));
    client.say("still there?");
    await client.hearUntil("still there?");
    client.finish();

    expect(await client.hearOut()).toBe("ended");
    expect(await proxy.exited).toBe(0);
  });

  test("a client that is between two requests may ask once more", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);
    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();

    proxy.signal("SIGTERM");
    await until("it drains", () => proxy.stderr().includes("draining"));
    client.say(get(upstream.authority));

    expect(await client.hearUntil("hello")).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
    expect(await client.hearOut()).toBe("ended");
    client.finish();
  });

  test("an idle client is closed without a word", async () => {
    await using proxy = await startProxy({ workers: 1 });
    using client = await RawPeer.connect(proxy.port);
    await until(
      "it is accepted",
      async () => (await proxy.metric('headgate_connections_open{listener="0"}')) === 1,
    );

    proxy.signal("SIGTERM");

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toBe("");
    client.finish();
    expect(await proxy.exited).toBe(0);
  });

  test("what goes on beyond timeouts.drain is cut, and the exit code is 0 all the same", async () => {
    await using proxy = await startProxy({ workers: 2, timeouts: { drain: "300ms" } });
    using upstream = startRawServer(() => {});
    using tunnel = await openTunnel(proxy, upstream.authority);
    using client = await RawPeer.connect(proxy.port);
    client.say(get(upstream.authority));
    await until("both are under way", () => upstream.peers.length === 2);
    const startedAt = Date.now();

    proxy.signal("SIGTERM");

    expect(await tunnel.hearOut()).toBe("reset");
    expect(await client.hearOut()).toBe("reset");
    expect(await proxy.exited).toBe(0);
    expect(Date.now() - startedAt).toBeWithin(300, 1_500);
    const cut = proxy.accessLog().filter(({ status }) => status === 200 || status === 0);
    expect(cut.length).toBe(2);
  });
});

test("a first signal after POST /drain does not cut what is under way", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using upstream = startRawServer(echo);
  using client = await openTunnel(proxy, upstream.authority);

  await orders["POST /drain"](proxy);
  await until("it says so", () => proxy.stderr().includes("POST /drain: draining"));
  proxy.signal("SIGTERM");
  await until("it heard the signal", () => proxy.stderr().includes("SIGTERM: draining"));
  client.say("still there?");
  await client.hearUntil("still there?");
  client.finish();

  expect(await client.hearOut()).toBe("ended");
  expect(await proxy.exited).toBe(0);
});

test("a second signal exits at once", async () => {
  await using proxy = await startProxy({ workers: 1 });
  using upstream = startRawServer(() => {});
  using _tunnel = await openTunnel(proxy, upstream.authority);

  proxy.signal("SIGTERM");
  await until("it drains", () => proxy.stderr().includes("draining"));
  const startedAt = Date.now();
  proxy.signal("SIGINT");

  expect(await proxy.exited).toBe(1);
  expect(Date.now() - startedAt).toBeLessThan(500);
});

test("the access log is written to its last line before the exit", async () => {
  await using proxy = await startProxy({ workers: 2 });
  using upstream = startRawServer((peer) => answerEach(peer, HELLO));
  await using load = new Load({ port: proxy.port, authority: upstream.authority, kept: 10, anew: 0 });
  await until("the load is on", () => load.answered > 1_000 || load.failures.length > 0);

  proxy.signal("SIGTERM");
  expect(await proxy.exited).toBe(0);
  await load.stop();

  await until("all lines are read", () => proxy.accessLog().length >= load.answered);
  expect(proxy.accessLog().length).toBe(load.answered);
});

async function statusOf(proxy: RunningProxy, path: string): Promise<number> {
  return (await fetch(`${proxy.admin}${path}`, { proxy: false })).status;
}

async function openTunnel(proxy: RunningProxy, authority: string): Promise<RawPeer> {
  const client = await RawPeer.connect(proxy.port);
  client.say(connect(authority));
  await client.hearUntil("\r\n\r\n");
  return client;
}
