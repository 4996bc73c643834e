/**
 * Peers that break off: a half body is never presented as a whole one, the
 * other side is told, and nothing of an exchange is left behind.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, bodyOf, connect, get, HELLO, post } from "../support/http.ts";
import { unusedPort } from "../support/port.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";

let proxy: RunningProxy;
beforeAll(async () => {
  proxy = await startProxy({ workers: 1 });
});
afterEach(async () => {
  const gauges = [
    "headgate_exchanges_in_flight",
    'headgate_connections_open{listener="0"}',
    "headgate_tunnels_open",
  ];
  for (const gauge of gauges) await until(`${gauge} is 0`, async () => (await proxy.metric(gauge)) === 0);
  expect(await proxy.metric("headgate_handler_errors_total")).toBe(0);
});
afterAll(() => proxy.stop());

describe("an upstream that resets within its answer cuts the client's connection", () => {
  // How the answer is framed | the part of it that comes.
  const answers = [
    ["by length", `${HEAD}Content-Length: 1000\r\n\r\nhalf`],
    ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ["until the end", `${HEAD}\r\nhalf`],
  ] as const;

  test.each(answers)("%s", async (_, beginning) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(beginning);
      await Bun.sleep(50);
      peer.reset();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));

    expect(await client.hearOut()).toBe("reset");
    expect(client.heard).toContain("half");
    expect(client.heard).not.toContain("\r\n0\r\n");
  });

  test("and a client of HTTP/1.0, whose body the end would end", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`);
      await Bun.sleep(50);
      peer.finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(`GET http://${upstream.authority}/ HTTP/1.0\r\n\r\n`);

    expect(await client.hearOut()).toBe("reset");
  });
});

describe("an upstream that ends before its answer is whole cuts the client's connection", () => {
  const answers = [
    ["by length", `${HEAD}Content-Length: 1000\r\n\r\nhalf`],
    ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ["in chunks, within the last line", `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n`],
  ] as const;

  test.each(answers)("%s", async (_, beginning) => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(beginning).finish();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));

    expect(await client.hearOut()).toBe("reset");
    expect(client.heard).not.toContain("\r\n0\r\n\r\n");
  });
});

describe("an upstream that says nothing", () => {
  test("and closes is a 502, and the client asks on", async () => {
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.finish();
    });
    using client = await RawPeer.connect(proxy.port);

    for (let round = 0; round < 2; round++) {
      client.say(get(upstream.authority));
      await client.hearUntil("answered");
      expect(client.takeHeard()).toMatch(/^HTTP\/1\.1 502 .*error=connection_terminated/s);
    }

    expect(upstream.peers.length).toBe(2);
  });

  test("on a used connection is asked again on a new one, once, when the method allows", async () => {
    const seen: string[] = [];
    using upstream = startRawServer(async (peer) => {
      await peer.hearUntil("\r\n\r\n");
      peer.say(HELLO);
      peer.takeHeard();
      await peer.hearUntil("\r\n\r\n");
      seen.push(peer.takeHeard().slice(0, 4));
      peer.reset();
    });
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
    client.say(get(upstream.authority));
    await client.hearUntil("hello");
    client.takeHeard();
    client.say(post(upstream.authority, "Content-Length: 0\r\n"));

    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 502 ");
    expect(seen).toEqual(["GET ", "POST"]);
    expect(upstream.peers.length).toBe(2);
  });
});

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

describe("a CONNECT that can't be served", () => {
  test("is told why, and the client may try another on the same connection", async () => {
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);

    client.say(connect(`127.0.0.1:${unusedPort()}`));
    await client.hearUntil("refused the connection");
    expect(client.takeHeard()).toMatch(/^HTTP\/1\.1 502 .*error=connection_refused/s);
    client.say(connect(upstream.authority));

    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 200 ");
  });

  test("is told why before the close, though it has spoken for the tunnel already", async () => {
    using client = await RawPeer.connect(proxy.port);

    client.say(`${connect(`127.0.0.1:${unusedPort()}`)}${get("127.0.0.1:1")}`);

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toMatch(/^HTTP\/1\.1 502 .*\r\nConnection: close\r\n/s);
    expect(client.heard.match(/HTTP\/1\.1 /g)?.length).toBe(1);
  });
});
