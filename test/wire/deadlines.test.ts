/** Every deadline but that of bodies, run into over raw sockets: what each side is told, and where it is counted. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, connect, get } from "../support/http.ts";
import { counting, limitSeries, nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { startSilentServer } from "../support/silent.ts";
import { until } from "../support/until.ts";

const LIMIT_MS = 300;
/** A tick of the clock that deadlines are swept by, twice, and a busy machine. */
const LATE_MS_MAX = 700;

const testOnLinux = test.skipIf(process.platform !== "linux");
const WAIT = `${LIMIT_MS}ms`;

let proxy: RunningProxy;
beforeAll(async () => {
  const timeouts = { head: WAIT, connect: WAIT, firstByte: WAIT, idle: WAIT, body: WAIT, tunnelIdle: WAIT };
  proxy = await startProxy({ workers: 1, timeouts });
});
afterEach(() => nothingIsLeft(proxy));
afterAll(() => proxy.stop());

describe("a head", () => {
  test("that comes one byte at a time is a 408 when its time is over, not later", async () => {
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_head"));
    const startedAt = Date.now();

    let at = 0;
    const dripping = setInterval(
      () => client.say(get("127.0.0.1:1", "/", "X: y\r\n".repeat(100))[at++] ?? ""),
      20,
    );
    const fate = await client.hearOut();
    clearInterval(dripping);

    expect(fate).toBe("ended");
    expectInTime(startedAt);
    expect(client.heard).toMatch(/^HTTP\/1\.1 408 .*Connection: close/s);
    expect(await counted()).toBe(1);
  });

  test("that is late as the second of a connection is a 408 too", async () => {
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);
    client.say(`${get(upstream.authority)}GET http://`);
    await client.hearUntil("hello");
    client.takeHeard();

    await client.hearOut();

    expect(client.heard).toStartWith("HTTP/1.1 408 ");
  });

  test("that never begins ends a new connection", async () => {
    using client = await RawPeer.connect(proxy.port);
    const startedAt = Date.now();

    expect(await client.hearOut()).toBe("ended");
    expectInTime(startedAt);
  });
});

test("a kept-alive connection that stays idle is closed without a word", async () => {
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);
  const counted = await counting(proxy, limitSeries("timeout_idle"));
  client.say(get(upstream.authority));
  await client.hearUntil("hello");
  client.takeHeard();
  const startedAt = Date.now();

  expect(await client.hearOut()).toBe("ended");
  expectInTime(startedAt);
  expect(client.heard).toBe("");
  expect(await counted()).toBe(1);
});

describe("an address that never answers", () => {
  testOnLinux("is a 504, and the client may go on; but after a CONNECT it is closed", async () => {
    using silent = startSilentServer();
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_connect"));

    for (const request of [get(silent.authority), connect(silent.authority)]) {
      const startedAt = Date.now();
      client.say(request);
      await client.hearUntil("in time");
      expectInTime(startedAt);
      expect(client.takeHeard()).toMatch(/^HTTP\/1\.1 504 .*error=connection_timeout/s);
    }

    expect(await counted()).toBe(2);
    expect(await client.hearOut()).toBe("ended");
  });
});

test("an upstream that does not answer is a 504, and its connection is not used again", async () => {
  using upstream = startRawServer(() => {});
  using client = await RawPeer.connect(proxy.port);
  const counted = await counting(proxy, limitSeries("timeout_first_byte"));
  const startedAt = Date.now();

  client.say(get(upstream.authority));
  await client.hearUntil("in time");

  expectInTime(startedAt);
  expect(client.heard).toMatch(/^HTTP\/1\.1 504 .*error=http_response_timeout/s);
  expect(await counted()).toBe(1);
  await until("the upstream is told", () => upstream.peers[0]?.fate !== "open");
});

test("an idle tunnel is ended on both sides", async () => {
  using upstream = startRawServer(() => {});
  using client = await RawPeer.connect(proxy.port);
  const counted = await counting(proxy, limitSeries("timeout_tunnel_idle"));
  client.say(connect(upstream.authority));
  await client.hearUntil("\r\n\r\n");
  const startedAt = Date.now();

  expect(await client.hearOut()).toBe("ended");
  expectInTime(startedAt);
  await until("the upstream is told", () => upstream.peers[0]?.fate === "ended");
  expect(await counted()).toBe(1);
});

function expectInTime(startedAt: number): void {
  const tookMs = Date.now() - startedAt;
  expect(tookMs).toBeGreaterThanOrEqual(LIMIT_MS - 1);
  expect(tookMs).toBeLessThan(LIMIT_MS + LATE_MS_MAX);
}
