/** A body that stands still, whoever's fault it is: told, cut and counted when its time is over, not before. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, get, post } from "../support/http.ts";
import { counting, limitSeries, nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const LIMIT_MS = 300;
/** A tick of the clock that deadlines are swept by, twice, and a busy machine. */
const LATE_MS_MAX = 700;

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1, timeouts: { body: `${LIMIT_MS}ms` } });
});
afterEach(() => nothingIsLeft(proxy));
afterAll(() => proxy.stop());

describe("a body that stands still", () => {
  test("at the client is a 408", async () => {
    using upstream = startRawServer(() => {});
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_body"));
    const startedAt = Date.now();

    client.say(`${post(upstream.authority, "Content-Length: 100\r\n")}some`);

    expect(await client.hearOut()).toBe("ended");
    expectInTime(startedAt);
    expect(client.heard).toStartWith("HTTP/1.1 408 ");
    expect(await counted()).toBe(1);
  });

  test("at an upstream that takes no more of it is a 504", async () => {
    using upstream = startRawServer((peer) => peer.pause());
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_body"));

    client.say(post(upstream.authority, "Content-Length: 50000000\r\n")).say(new Uint8Array(50_000_000));

    await client.hearOut();
    expect(client.heard).toMatch(/^HTTP\/1\.1 504 .*error=connection_write_timeout/s);
    expect(await counted()).toBe(1);
  });

  test("at the upstream, in its answer, cuts the client's connection", async () => {
    using upstream = startRawServer((peer) =>
      answerEach(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome"),
    );
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_body"));

    client.say(get(upstream.authority));

    expect(await client.hearOut()).toBe("reset");
    expect(client.heard).toEndWith("some");
    expect(await counted()).toBe(1);
    expect(await proxy.metric('headgate_failures_total{error="connection_read_timeout"}')).toBe(1);
  });

  test("at a client that does not read its answer cuts its connection", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n").say(new Uint8Array(50_000_000));
    });
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_body"));

    client.say(get(upstream.authority)).pause();

    await until(
      "the upstream is told",
      () => upstream.peers[0] !== undefined && upstream.peers[0].fate !== "open",
    );
    expect(await counted()).toBe(1);
  });

  test("is not one that moves, however slowly", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("0123456789");
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
      for (const byte of "9876543210") {
        await Bun.sleep(LIMIT_MS / 5);
        peer.say(byte);
      }
    });
    using client = await RawPeer.connect(proxy.port);
    const counted = await counting(proxy, limitSeries("timeout_body"));

    client.say(post(upstream.authority, "Content-Length: 10\r\n"));
    for (const byte of "0123456789") {
      await Bun.sleep(LIMIT_MS / 5);
      client.say(byte);
    }

    expect(await client.hearUntil("9876543210")).toStartWith("HTTP/1.1 200 ");
    expect(await counted()).toBe(0);
  });
});

function expectInTime(startedAt: number): void {
  const tookMs = Date.now() - startedAt;
  expect(tookMs).toBeGreaterThanOrEqual(LIMIT_MS - 1);
  expect(tookMs).toBeLessThan(LIMIT_MS + LATE_MS_MAX);
}
