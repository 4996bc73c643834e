/** Attacks from other loopback addresses: whoever makes them is shut out, and a client that behaves never notices. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, askAnew, basic } from "../support/ask.ts";
import { Flood, loopbackAddresses } from "../support/flood.ts";
import { answerEach, connect, get } from "../support/http.ts";
import { Load } from "../support/load.ts";
import { nothingIsLeft, untilMetric } from "../support/metrics.ts";
import { order } from "../support/orders.ts";
import { startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const GOOD = "127.0.0.99";
const FIELDS = basic("good", "behaves well");

const resources = new AsyncDisposableStack();
let upstream: RawServer;
/** For attackers: it never answers, and so never ends what they are at. */
let silent: RawServer;

beforeAll(() => {
  upstream = resources.use(startRawServer((peer) => answerEach(peer)));
  silent = resources.use(startRawServer(() => {}));
});

afterAll(() => resources.disposeAsync());

describe("a client that behaves is served, and who floods is banned until that is lifted:", () => {
  const few = loopbackAddresses(9, 4);
  const prefix = "127.0.9.0/24";
  // The flood | from where | the addresses | over so many lanes | the cause | who is banned.
  const rows = [
    ["slow heads", "from a few addresses", few, 40, "slow", few],
    ["slow bodies", "from a few addresses", few, 40, "slow", few],
    ["idle connections", "from one address", few.slice(0, 1), 60, "connections", few.slice(0, 1)],
    ["idle connections", "from one network", loopbackAddresses(9, 90), 90, "connections", [prefix]],
    ["requests that are no HTTP", "from a few addresses", few, 20, "errors", few],
    ["guessed passwords", "from a few addresses", few, 20, "credentials", few],
  ] as const;

  test.each(rows)("%s, %s", async (attack, _, addresses, lanes, cause, banned) => {
    await using proxy = await startProxy({
      workers: 2,
      log: { access: "off" },
      authentication: { users: await users(), mode: "optional", delay: "0s" },
      bans: { exempt: [], slow: 5, connections: 10, errors: 20, credentials: 5 },
      limits: { connectionsPerClient: 40, connectionsPerPrefix: 60, minRateGrace: "300ms" },
    });
    const { port } = proxy;
    const { authority } = upstream;
    await using load = new Load({ port, authority, kept: 3, anew: 2, from: GOOD, fields: FIELDS });
    await using flood = new Flood({
      port,
      authority: silent.authority,
      attack,
      addresses,
      lanes,
      pauseMs: 20,
    });

    const bans = await until("they are banned", async () => {
      const { list } = (await proxy.status()).bans;
      return banned.every((client) => list.some((ban) => ban.client === client)) && list;
    });
    const [answered, visits] = [load.answered, flood.connections];
    await until("both go on", () => load.answered > answered + 200 && flood.connections > visits + 100);
    expect(await askAnew(port, get(authority, "/", FIELDS), addresses[0])).toBe(0);
    await Promise.all([load.stop(), flood.stop()]);

    expect(load.failures).toEqual([]);
    expect(load.refused).toBe(0);
    expect(bans.map((ban) => [ban.client, ban.cause]).sort()).toEqual(
      banned.map((client) => [client, cause]),
    );
    expect(await proxy.metric('headgate_connections_refused_total{limit="banned"}')).toBeGreaterThan(90);
    for (const client of banned) {
      expect((await order(proxy, "DELETE", `/bans/${encodeURIComponent(client)}`)).status).toBe(204);
    }
    expect((await proxy.status()).bans.active).toBe(0);
    expect(await askAnew(port, get(authority, "/", FIELDS), addresses[0])).toBe(200);
    await nothingIsLeft(proxy);
  });
});

test("at the ceiling of memory new clients go first, then requests, the newest first, and tunnels stay", async () => {
  await using proxy = await startProxy({
    workers: 2,
    log: { access: "off" },
    limits: { memory: "192MiB", connectionsPerClient: 1_000, headBytes: "1MiB" },
  });
  const { port } = proxy;
  const { authority } = upstream;
  using tunnel = await RawPeer.connect(port);
  tunnel.say(connect(authority));
  await tunnel.hearUntil("\r\n\r\n");
  using idle = await RawPeer.connect(port);
  const askers = await Promise.all(Array.from({ length: 260 }, () => RawPeer.connect(port)));

  // Heads that do not end have to be held.
  const [first, ...others] = askers as [RawPeer, ...RawPeer[]];
  const endless = `${get(authority).slice(0, -2)}X: ${"x".repeat(900_000)}`;
  first.say(endless);
  await untilMetric(proxy, "headgate_exchanges_in_flight", 2);
  for (const asker of others) asker.say(endless);
  await until("it is too much", () => proxy.stderr().includes("level 3 of 3 (the ceiling is 192 MiB)"));
  await using newcomers = new Load({
    port,
    authority,
    kept: 0,
    anew: 1,
    isRight: ({ status }) => status === 503,
  });
  await until("they are turned away", () => newcomers.answered > 0);
  await newcomers.stop();

  expect(await idle.hearOut()).toBe("ended");
  await until("that was enough", () => /level 3 .*(level [12]|in order)/s.test(proxy.stderr()), 15_000);
  expect(others.some(({ fate }) => fate === "reset")).toBe(true);
  tunnel.say(get(authority));
  await tunnel.hearUntil("hello");
  for (const asker of others) asker.reset();
  await until("both workers have room", async () => {
    const newcomers = Array.from({ length: 12 }, () => askAnew(port, get(authority)));
    return (await Promise.all(newcomers)).every((status) => status === 200);
  });
  expect((await ask(first, "\r\n\r\n")).status).toBe(200);
  first.reset();
  tunnel.reset();
  await nothingIsLeft(proxy);
});

async function users() {
  const hash = await Bun.password.hash("unguessed", { algorithm: "bcrypt", cost: 8 });
  return [
    { name: "good", password: "behaves well" },
    { name: "ada", hash },
  ];
}
