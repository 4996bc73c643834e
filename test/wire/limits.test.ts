/** Every limit of the config, reached over raw sockets: what the client is told, and where it is counted. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerEach, connect, get } from "../support/http.ts";
import { counting, limitSeries, untilMetric } from "../support/metrics.ts";
import { type RunningProxy, startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { startSilentServer } from "../support/silent.ts";

describe("at the limit of connections", () => {
  // The limit | its counter.
  const rows = [
    ["connections", { connections: 3 }, "connections"],
    ["connections of one client", { connectionsPerClient: 3 }, "connections_per_client"],
  ] as const;

  test.each(rows)(
    "in all workers, of %s, a newcomer gets 503 and a close at once",
    async (_, limits, word) => {
      await using proxy = await startProxy({ workers: 2, limits });
      using upstream = startRawServer((peer) => answerEach(peer));
      const accepted = await Promise.all([1, 2, 3].map(() => RawPeer.connect(proxy.port)));
      await openConnections(proxy, 3);

      using newcomer = await RawPeer.connect(proxy.port);
      newcomer.say(get(upstream.authority));
      expect(await newcomer.hearOut()).toBe("ended");
      expect(newcomer.heard).toMatch(
        /^HTTP\/1\.1 503 .*error=connection_limit_reached.*\r\nConnection: close\r\n/s,
      );
      expect(upstream.peers.length).toBe(0);
      expect(await proxy.metric(`headgate_connections_refused_total{limit="${word}"}`)).toBe(1);

      for (const client of accepted) {
        client.say(get(upstream.authority));
        expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
      }
      accepted[0]?.reset();
      await openConnections(proxy, 2);
      using next = await RawPeer.connect(proxy.port);
      next.say(get(upstream.authority));
      expect(await next.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
      for (const client of accepted) client.reset();
    },
  );

  test("tunnels count, until they end", async () => {
    await using proxy = await startProxy({ workers: 2, limits: { connections: 1 } });
    using upstream = startRawServer(() => {});
    const client = await RawPeer.connect(proxy.port);
    client.say(connect(upstream.authority));
    await client.hearUntil("\r\n\r\n");

    using newcomer = await RawPeer.connect(proxy.port);
    expect(await newcomer.hearOut()).toBe("ended");
    expect(newcomer.heard).toStartWith("HTTP/1.1 503 ");
    client.reset();

    await openConnections(proxy, 0);
    using next = await RawPeer.connect(proxy.port);
    next.say(connect(upstream.authority));
    expect(await next.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 200 ");
  });

  test("a flood of newcomers costs neither memory nor those who were there", async () => {
    await using proxy = await startProxy({ workers: 1, limits: { connections: 1 } });
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);
    await openConnections(proxy, 1);

    const flood = await Promise.all(Array.from({ length: 400 }, () => RawPeer.connect(proxy.port)));
    client.say(get(upstream.authority));
    expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
    for (const newcomer of flood) newcomer.reset();

    expect(await proxy.metric('headgate_connections_refused_total{limit="connections"}')).toBe(400);
    expect(await proxy.metric('headgate_connections_open{listener="0"}')).toBe(1);
  });
});

test("a client outside a listener's ranges is cut off, and counted", async () => {
  const listeners = [{ address: "127.0.0.1:0", clients: ["127.0.0.2/32"] }];
  await using proxy = await startProxy({ workers: 1, listeners });

  using client = await RawPeer.connect(proxy.port);
  client.say(get("127.0.0.1:1"));

  expect(await client.hearOut()).toBe("reset");
  expect(client.heard).toBe("");
  expect(await proxy.metric('headgate_connections_refused_total{limit="client_range"}')).toBe(1);
});

describe("a request over the limit of", () => {
  const limits = { headBytes: "2KiB", uriBytes: "512B", headerCount: 10, pipelined: 3 };
  // Of what | the status | the counter | the request.
  const rows = [
    ["head bytes", 431, "head_bytes", get("127.0.0.1:1", "/", `X: ${"x".repeat(2_048)}\r\n`)],
    [
      "head bytes, which never end",
      431,
      "head_bytes",
      `${get("127.0.0.1:1").slice(0, -2)}X: ${"x".repeat(4_096)}`,
    ],
    ["URI bytes", 414, "uri_bytes", get("127.0.0.1:1", `/${"x".repeat(512)}`)],
    ["URI bytes, which never end", 414, "uri_bytes", `GET http://127.0.0.1/${"x".repeat(1_024)}`],
    ["header fields", 431, "header_count", get("127.0.0.1:1", "/", "X: y\r\n".repeat(10))],
  ] as const;

  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await startProxy({ workers: 1, limits });
  });
  afterAll(() => proxy.stop());

  test.each(rows)("%s is refused with %i", async (_, status, word, request) => {
    const counted = await counting(proxy, limitSeries(word));
    using client = await RawPeer.connect(proxy.port);

    client.say(request);

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard).toStartWith(`HTTP/1.1 ${status} `);
    expect(await counted()).toBe(1);
  });

  test("requests ahead of their answers is refused in its turn, after the answers before it", async () => {
    using upstream = startRawServer((peer) => answerEach(peer));
    using client = await RawPeer.connect(proxy.port);

    client.say(get(upstream.authority).repeat(20));

    expect(await client.hearOut()).toBe("ended");
    expect(client.heard.match(/(?<=HTTP\/1\.1 )\d+/g)?.join(" ")).toBe("200 200 200 200 429");
    expect(await proxy.metric(limitSeries("pipelined"))).toBe(1);
  });
});

test("an answer's head over the limit is a 502", async () => {
  await using proxy = await startProxy({ workers: 1, limits: { headBytes: "2KiB", headerCount: 10 } });
  const heads = [
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(2_048)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(11)}\r\n`,
  ];

  for (const head of heads) {
    using upstream = startRawServer((peer) => answerEach(peer, head));
    using client = await RawPeer.connect(proxy.port);
    client.say(get(upstream.authority));
    expect(await client.hearUntil("\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 502 .*http_response_header_section_size/s,
    );
  }

  expect(await proxy.metric('headgate_failures_total{error="http_response_header_section_size"}')).toBe(2);
});

test.skipIf(process.platform !== "linux")(
  "a dial beyond the limit of dials is a 503, others go on",
  async () => {
    await using proxy = await startProxy({
      workers: 1,
      limits: { dials: 2 },
      timeouts: { connect: "500ms" },
    });
    using silent = startSilentServer();
    const clients = await Promise.all([1, 2, 3].map(() => RawPeer.connect(proxy.port)));

    for (const client of clients) client.say(connect(silent.authority));
    const heard = await Promise.all(clients.map((client) => client.hearUntil("\r\n\r\n")));

    expect(heard.map((answer) => answer.slice(9, 12)).sort()).toEqual(["503", "504", "504"]);
    expect(await proxy.metric(limitSeries("dials"))).toBe(1);
    for (const client of clients) client.reset();
  },
);

async function openConnections(proxy: RunningProxy, count: number): Promise<void> {
  await untilMetric(proxy, 'headgate_connections_open{listener="0"}', count);
}
