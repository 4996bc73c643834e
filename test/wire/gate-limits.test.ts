/** Limits on requests, connections and exchanges, over two workers: what passes, what a refusal tells, and whose use is counted together. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, askAnew, basic, fieldOf } from "../support/ask.ts";
import { answerEach, connect, get, HELLO } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { nothingIsLeft } from "../support/metrics.ts";
import { startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const resources = new AsyncDisposableStack();
let upstream: RawServer;

beforeAll(() => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
});

afterAll(() => resources.disposeAsync());

test("so many requests pass as the burst and the time allow, whichever worker they meet", async () => {
  const [burst, perSecond] = [20, 50];
  const limits = [{ name: "rate", by: "client", requests: `${perSecond}/s`, burst }];
  await using proxy = await startProxy({ workers: 2, log: { access: "off" }, policy: { limits } });

  const startedAt = performance.now();
  await using load = new Load({
    port: proxy.port,
    authority: upstream.authority,
    kept: 8,
    anew: 2,
    isRight: ({ status }) => status === 200 || status === 429,
  });
  await until(
    "there are enough",
    () => load.answersWith(200) >= burst + perSecond || load.failures.length > 0,
  );
  await load.stop();
  const seconds = (performance.now() - startedAt) / 1_000;

  expect(load.failures).toEqual([]);
  expect(load.answersWith(200)).toBeLessThanOrEqual(burst + perSecond * seconds + 1);
  const { policy, workers } = await proxy.status();
  expect(workers.every(({ exchanges }) => exchanges > 0)).toBe(true);
  expect(policy.limits).toMatchObject([{ name: "rate", by: "client", refusals: load.answersWith(429) }]);
});

test("a refusal tells when to come again, and the connection can be used then", async () => {
  const limits = [{ name: "slow", requests: "1/s" }];
  await using proxy = await startProxy({ workers: 2, policy: { limits } });
  using client = await RawPeer.connect(proxy.port);
  expect((await ask(client, get(upstream.authority))).status).toBe(200);

  const refused = await ask(client, get(upstream.authority, "/", "Accept: application/json\r\n"));

  expect(refused.status).toBe(429);
  expect(fieldOf(refused.head, "retry-after")).toBe("1");
  expect(fieldOf(refused.head, "ratelimit-policy")).toBe('"slow";q=1;w=1');
  expect(fieldOf(refused.head, "ratelimit")).toBe('"slow";r=0;t=1');
  expect(fieldOf(refused.head, "proxy-status")).toContain("error=http_request_denied");
  expect(JSON.parse(refused.body)).toMatchObject({ status: 429, rule: "slow", reason: "limit", retry: true });
  await until("it may again", async () => (await ask(client, get(upstream.authority))).status === 200);
});

describe("counted together are the requests", () => {
  const users = ["ada", "eve"].map((name) => ({ name, password: "secret" }));
  const rules = [
    { name: "here", action: "limit", hosts: ["127.0.0.1"], limit: "once" },
    { name: "there", action: "limit", hosts: ["localhost"], limit: "once" },
  ];
  // By what | what one who has asked 127.0.0.1 as ada from .7 must share to be refused, and what he may share.
  const rows = [
    ["of a client", "client", ["127.0.0.7", "eve", "localhost"], ["127.0.0.8", "ada", "127.0.0.1"]],
    ["of a user", "user", ["127.0.0.8", "ada", "localhost"], ["127.0.0.7", "eve", "127.0.0.1"]],
    ["to a host", "host", ["127.0.0.8", "eve", "127.0.0.1"], ["127.0.0.7", "ada", "localhost"]],
    ["that a rule names", "rule", ["127.0.0.8", "eve", "127.0.0.1"], ["127.0.0.7", "ada", "localhost"]],
    ["of all", "all", ["127.0.0.8", "eve", "localhost"], undefined],
  ] as const;

  test.each(rows)("%s", async (_, by, same, other) => {
    const limits = [{ name: "once", by, requests: "1/h" }];
    const policy = { limits, rules: by === "rule" ? rules : [] };
    await using proxy = await startProxy({ workers: 2, authentication: { users }, policy });
    const visit = ([from, user, host]: readonly [string, string, string]) =>
      askAnew(proxy.port, get(`${host}:${upstream.port}`, "/", basic(user, "secret")), from);

    expect(await visit(["127.0.0.7", "ada", "127.0.0.1"])).toBe(200);
    expect(await visit(same)).toBe(429);
    if (other !== undefined) expect(await visit(other)).toBe(200);
  });
});

describe("over a limit of", () => {
  // What | the limit | what is counted.
  const rows = [
    ["new connections", { connections: "2/h", burst: 2 }, "connection_rate"],
    ["connections at once", { open: 2 }, "open_per_client"],
  ] as const;

  test.each(rows)(
    "%s a client gets 429 and a close, unread, and others are served",
    async (_, limit, word) => {
      const limits = [{ name: "few", by: "client", ...limit }];
      await using proxy = await startProxy({ workers: 2, policy: { limits } });
      const accepted = await Promise.all(
        [1, 2].map(() => RawPeer.connect(proxy.port, "127.0.0.1", "127.0.0.7")),
      );
      for (const client of accepted) expect((await ask(client, get(upstream.authority))).status).toBe(200);

      using newcomer = await RawPeer.connect(proxy.port, "127.0.0.1", "127.0.0.7");
      expect(await newcomer.hearOut()).toBe("ended");
      expect(newcomer.heard).toMatch(
        /^HTTP\/1\.1 429 .*\r\nRetry-After: \d+\r\n.*\r\nConnection: close\r\n/s,
      );
      expect(await proxy.metric(`headgate_connections_refused_total{limit="${word}"}`)).toBe(1);
      expect(await askAnew(proxy.port, get(upstream.authority), "127.0.0.8")).toBe(200);

      for (const client of accepted) client.reset();
      if (word === "connection_rate") return;
      await until("there is room", async () => {
        return (await askAnew(proxy.port, get(upstream.authority), "127.0.0.7")) === 200;
      });
    },
  );

  test("connections of a user at once, the next one's requests get 429, and another user's do not", async () => {
    const users = ["ada", "eve"].map((name) => ({ name, password: "secret" }));
    const limits = [{ name: "one", by: "user", open: 1 }];
    await using proxy = await startProxy({ workers: 2, authentication: { users }, policy: { limits } });
    const request = (user: string) => get(upstream.authority, "/", basic(user, "secret"));
    using first = await RawPeer.connect(proxy.port);
    expect((await ask(first, request("ada"))).status).toBe(200);

    expect(await askAnew(proxy.port, request("ada"))).toBe(429);
    expect(await askAnew(proxy.port, request("eve"))).toBe(200);
    await until("eve's is gone", async () => (await ask(first, request("eve"))).status === 200);
    expect(await askAnew(proxy.port, request("ada"))).toBe(200);
    expect(await askAnew(proxy.port, request("eve"))).toBe(429);
  });

  test("connections to a host at once, requests wait for none and get 429; tunnels count", async () => {
    const limits = [{ name: "one", by: "host", open: 1 }];
    await using proxy = await startProxy({ workers: 2, pool: { perEndpoint: 0 }, policy: { limits } });
    using tunnel = await RawPeer.connect(proxy.port);
    tunnel.say(connect(upstream.authority));
    await tunnel.hearUntil("\r\n\r\n");

    expect(await askAnew(proxy.port, get(upstream.authority))).toBe(429);
    expect(await askAnew(proxy.port, connect(upstream.authority))).toBe(429);
    expect(await askAnew(proxy.port, get(`localhost:${upstream.port}`))).toBe(200);
    tunnel.reset();
    await until(
      "its place is free",
      async () => (await askAnew(proxy.port, get(upstream.authority))) === 200,
    );
  });

  test("exchanges at once, the next gets 429 until one has ended; tunnels count", async () => {
    const limits = [{ name: "two", by: "client", exchanges: 2 }];
    await using proxy = await startProxy({ workers: 2, policy: { limits } });
    using silent = startRawServer(() => {});
    const clients = await Promise.all([1, 2, 3].map(() => RawPeer.connect(proxy.port)));
    const [asking, tunnelling, third] = clients as [RawPeer, RawPeer, RawPeer];
    asking.say(get(silent.authority));
    await until("it is asked", () => silent.peers.length === 1);
    tunnelling.say(connect(silent.authority));
    await tunnelling.hearUntil("\r\n\r\n");

    expect((await ask(third, get(upstream.authority))).status).toBe(429);
    expect(await askAnew(proxy.port, get(upstream.authority), "127.0.0.7")).toBe(200);
    silent.peers[0]?.say(HELLO);
    await asking.hearUntil("hello");
    expect((await ask(third, get(upstream.authority))).status).toBe(200);
    tunnelling.reset();
    for (const client of clients) client.reset();
    await nothingIsLeft(proxy);
  });
});
