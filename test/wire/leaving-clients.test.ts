/** Clients that go in the middle: the upstream is told, half a request never passes for a whole one, and nothing is left behind. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { bodyOf, get, post } from "../support/http.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterEach(() => nothingIsLeft(proxy));
afterAll(() => proxy.stop());

describe("a client that goes", () => {
  test("in mid-upload takes the upstream's connection with it", async () => {
    using upstream = startRawServer(() => {});
    const client = await RawPeer.connect(proxy.port);

    client.say(`${post(upstream.authority, "Content-Length: 1000000\r\n")}${"b".repeat(100_000)}`);
    await until("the upload has begun", () => upstream.heardBytes() > 100_000);
    client.reset();

    await until("the upstream is told", () => upstream.peers[0]?.fate !== "open");
  });

  test("after half a chunk never lets the rest pass for whole", async () => {
    using upstream = startRawServer(() => {});
    using client = await RawPeer.connect(proxy.port);

    client.say(`${post(upstream.authority, "Transfer-Encoding: chunked\r\n")}4\r\nhalf\r\n`);
    await until("the chunk is there", () => upstream.peers[0]?.heard.includes("half"));
    client.finish();

    await until("the upstream is told", () => upstream.peers[0]?.fate !== "open");
    expect(upstream.peers[0]?.heard).not.toContain("0\r\n\r\n");
  });

  test("in mid-download frees the upstream's connection", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(`${HEAD}Content-Length: 100000000\r\n\r\n`).say(new Uint8Array(100_000_000));
    });
    const client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));
    await client.hearUntil("\r\n\r\n");
    client.reset();

    await until("the upstream is told", () => upstream.peers[0]?.fate !== "open");
  });

  test("while the upstream thinks frees its connection", async () => {
    using upstream = startRawServer(() => {});
    const client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));
    await until("the upstream is asked", () => upstream.heardBytes() > 0);
    client.reset();

    await until("the upstream is told", () => upstream.peers[0]?.fate !== "open");
  });
});

test("an early 413 is read by a client in the middle of a large upload", async () => {
  using upstream = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    peer
      .say("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large")
      .finish();
  });
  using client = await RawPeer.connect(proxy.port);

  client.say(post(upstream.authority, "Content-Length: 50000000\r\n")).say(new Uint8Array(50_000_000));

  expect(await client.hearOut()).toBe("ended");
  expect(bodyOf(client.heard)).toBe("too large");
});
