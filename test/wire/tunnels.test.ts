/** CONNECT through the built executable: no byte is lost, and how one side ends is how the other is told. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { bodyOf, connect, echo } from "../support/http.ts";
import { nothingIsLeft, untilMetric } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterEach(async () => {
  await nothingIsLeft(proxy);
  await untilMetric(proxy, "headgate_upstream_connections_open", 0);
});
afterAll(() => proxy.stop());

test("bytes that come with the head of a CONNECT belong to the tunnel", async () => {
  using upstream = startRawServer(echo);
  using client = await RawPeer.connect(proxy.port);

  client.say(`${connect(upstream.authority)}GET / HTTP/1.1\r\n\r\n`);

  expect(await client.hearUntil("GET / HTTP/1.1\r\n\r\n")).toBe(`${ESTABLISHED}GET / HTTP/1.1\r\n\r\n`);
  expect(upstream.heardBytes()).toBe(18);
});

test("an upstream that speaks first is heard", async () => {
  using upstream = startRawServer((peer) => void peer.say("220 welcome\r\n"));
  using client = await RawPeer.connect(proxy.port);

  client.say(connect(upstream.authority));

  expect(await client.hearUntil("welcome\r\n")).toBe(`${ESTABLISHED}220 welcome\r\n`);
});

describe("a half-close", () => {
  test("of the client reaches the upstream, which is heard to its end", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearOut();
      peer.say(`you said ${peer.heard}`).finish();
    });
    using client = await open(upstream.authority);

    client.say("all").finish();

    expect(await client.hearOut()).toBe("ended");
    expect(bodyOf(client.heard)).toBe("you said all");
  });

  test("that comes with the head of the CONNECT reaches the upstream too", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearOut();
      peer.say(`you said ${peer.heard}`).finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(`${connect(`localhost:${upstream.port}`)}all`).finish();

    expect(await client.hearOut()).toBe("ended");
    expect(bodyOf(client.heard)).toBe("you said all");
  });

  test("of the upstream reaches the client, which is heard to its end", async () => {
    using upstream = startRawServer((peer) => peer.say("nothing more").finish());
    using client = await open(upstream.authority);

    await client.hearOut();
    expect(bodyOf(client.heard)).toBe("nothing more");
    client.say("but from me").finish();

    await until("the client is heard", () => upstream.peers[0]?.fate === "ended");
    expect(upstream.peers[0]?.heard).toBe("but from me");
  });

  test("loses no byte of what is still on its way, either way", async () => {
    using upstream = startRawServer((peer) => peer.say(new Uint8Array(20_000_000)).finish());
    using client = await open(upstream.authority);

    client.say(new Uint8Array(20_000_000)).finish();
    await client.hearOut();
    await upstream.peers[0]?.hearOut();

    expect(client.heardBytes).toBe(ESTABLISHED.length + 20_000_000);
    expect(upstream.heardBytes()).toBe(20_000_000);
  });
});

describe("a reset", () => {
  test("of the upstream resets the client", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("now");
      peer.reset();
    });
    using client = await open(upstream.authority);

    client.say("now");

    expect(await client.hearOut()).toBe("reset");
  });

  test("of the client resets the upstream", async () => {
    using upstream = startRawServer((peer) => void peer.say("hello"));
    using client = await open(upstream.authority);

    await client.hearUntil("hello");
    client.reset();

    await until("the upstream is reset", () => upstream.peers[0]?.fate === "reset");
  });

  test("of the client while it is being dialled for leaves nothing behind", async () => {
    using upstream = startRawServer(() => {});
    const client = await RawPeer.connect(proxy.port);

    client.say(connect(upstream.authority)).reset();

    await untilMetric(proxy, "headgate_exchanges_in_flight", 0);
  });
});

test("a tunnel's line in the access log comes at its end and counts its bytes", async () => {
  using upstream = startRawServer(echo);
  using client = await open(upstream.authority);

  client.say("x".repeat(1_000));
  await client.hearUntil((peer) => bodyOf(peer.heard).length === 1_000, "all back");
  expect(proxy.accessLog().some(({ target }) => target === upstream.authority)).toBe(false);
  client.finish();

  const line = await until("the line is there", () =>
    proxy.accessLog().find(({ target }) => target === upstream.authority),
  );
  expect(line).toMatchObject({
    kind: "tunnel",
    method: "CONNECT",
    status: 200,
    bytesIn: 1_000 + connect(upstream.authority).length,
    bytesOut: 1_000 + ESTABLISHED.length,
    upstream: upstream.authority,
    reused: false,
  });
});

async function open(authority: string): Promise<RawPeer> {
  const client = await RawPeer.connect(proxy.port);
  client.say(connect(authority));
  await client.hearUntil(ESTABLISHED);
  return client;
}
