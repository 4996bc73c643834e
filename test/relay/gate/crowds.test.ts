import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const OWN = head("OPTIONS * HTTP/1.1", HOST);
const CONNECT = head("CONNECT a.example:80 HTTP/1.1", "Host: a.example:80");

type Relay = Parameters<Parameters<typeof transcript>[1]>[0];

const SLOW = { minRate: "100B/s", minRateGrace: "2s" };

describe("a head that comes too slowly", () => {
  transcript("is given up before its time, and told", (relay) => {
    relay.configure({ limits: SLOW });
    const client = relay.client();
    client.says(GET.slice(0, 10));
    relay.pass(2_000);
    expect(client.received).toBe("");
    relay.pass(500);

    expect(statuses(client)).toEqual([408]);
    expect(relay.read(cells.limitReached.min_rate)).toBe(1);
    expect(relay.read(cells.limitReached.timeout_head)).toBe(0);
  });

  transcript("may go on while it keeps the rate", (relay) => {
    relay.configure({ limits: SLOW });
    const client = relay.client();
    client.says(`${GET.slice(0, -2)}X: ${"x".repeat(200)}\r\n`);
    relay.pass(4_000);
    client.says(`Y: ${"x".repeat(100)}\r\n`);
    relay.pass(1_000);
    client.says("\r\n");

    expect(relay.dials).toBe(1);
  });

  transcript("has no longer than any other by being fast at first", (relay) => {
    relay.configure({ limits: SLOW, timeouts: { head: "3s" } });
    const client = relay.client();
    client.says(`${GET.slice(0, -2)}X: ${"x".repeat(2_000)}\r\n`);
    relay.pass(3_300);

    expect(statuses(client)).toEqual([408]);
    expect(relay.read(cells.limitReached.timeout_head)).toBe(1);
  });

  transcript("is nobody's fault who was silent before it", (relay) => {
    relay.configure({ limits: SLOW });
    const client = relay.client();
    client.says(OWN);
    relay.pass(20_000);
    client.says(GET.slice(0, 10));
    relay.pass(1_900);
    client.says(GET.slice(10));

    expect(relay.dials).toBe(1);
  });

  transcript("of one that only counts from its first byte on a new connection, too", (relay) => {
    relay.configure({ limits: SLOW });
    const client = relay.client();
    relay.pass(5_000);
    client.says(GET.slice(0, 10));
    relay.pass(1_900);
    client.says(GET.slice(10));

    expect(relay.dials).toBe(1);
  });
});

describe("a body that comes too slowly", () => {
  const POST = head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 9000");

  transcript("is given up before its time, and told", (relay) => {
    relay.configure({ limits: SLOW });
    const { client, upstream } = relay.exchange(POST);
    for (let second = 0; second < 3 && !client.isClosed && client.received === ""; second++) {
      client.says("x");
      relay.pass(1_000);
    }

    expect(statuses(client)).toEqual([408]);
    expect(upstream.isClosed).toBe(true);
  });

  transcript("is no fault of the client's when its upstream does not take it", (relay) => {
    relay.configure({ limits: SLOW });
    const { client, upstream } = relay.exchange(POST);
    upstream.full = true;
    client.says("x".repeat(100));
    relay.pass(20_000);
    expect(client.received).toBe("");
    upstream.drains();
    relay.pass(1_900);
    client.says("x".repeat(100));

    expect(client.received).toBe("");
  });
});

describe("who does wrong too often is banned: cut as it comes, and with its next request", () => {
  const BANS = { slow: 2, connections: 2, errors: 2, credentials: 2 };
  const CLIENT = "192.0.2.99";

  // Each row: the cause | what is done twice.
  const rows: readonly (readonly ["slow" | "connections" | "errors", (relay: Relay) => void])[] = [
    [
      "slow",
      (relay) => {
        relay.client([], CLIENT).says("GET");
        relay.pass(2_500);
      },
    ],
    [
      "connections",
      (relay) => {
        relay.admits = "connections_per_client";
        relay.client([], CLIENT);
        relay.admits = "admitted";
      },
    ],
    ["errors", (relay) => relay.client([], CLIENT).says("nonsense\r\n\r\n")],
  ];

  for (const [cause, happens] of rows) {
    transcript(cause, (relay) => {
      relay.configure({ bans: BANS, limits: SLOW });
      const early = relay.client([], CLIENT);
      early.says(OWN);
      happens(relay);
      expect(relay.read(cells.bans[cause])).toBe(0);
      relay.told();
      happens(relay);
      expect(relay.read(cells.bans[cause])).toBe(1);
      // The one that was too many is not told.
      expect(relay.told().filter((line) => line.endsWith("destroy")).length).toBe(1);

      expect(relay.client([], CLIENT).isClosed).toBe(true);
      expect(relay.read(cells.connectionsRefused.banned)).toBe(1);
      early.says(GET);
      expect(early.isClosed).toBe(true);
      expect(statuses(early)).toEqual([200]);
      expect(relay.records.at(-1)).toMatchObject({ status: 0, reason: "banned" });
      expect(relay.read(cells.refusals.banned)).toBeGreaterThan(0);
      expect(relay.client([], "192.0.2.1").isClosed).toBe(false);
      relay.pass(601_000);
      expect(relay.client([], CLIENT).isClosed).toBe(false);
    });
  }

  const innocent: readonly (readonly [string, (relay: Relay) => void])[] = [
    ["there are too many connections in all", (relay) => void (relay.admits = "connections")],
    ["they come too fast in all", (relay) => relay.configure(ONE_A_MINUTE_OF_ALL)],
  ];
  const ONE_A_MINUTE_OF_ALL = {
    bans: BANS,
    policy: { limits: [{ name: "all", by: "all", connections: "1/m" }] },
  };

  for (const [what, happens] of innocent) {
    transcript(`not who is turned away because ${what}`, (relay) => {
      relay.configure({ bans: BANS });
      happens(relay);
      relay.client([], "198.51.100.1");
      for (let count = 0; count < 5; count++) relay.client([], CLIENT);
      expect(relay.read(cells.bans.connections)).toBe(0);
      relay.admits = "admitted";
      relay.configure({ bans: BANS });

      expect(relay.client([], CLIENT).isClosed).toBe(false);
    });
  }

  transcript("who has too many of its own by a limit", (relay) => {
    relay.configure({ bans: BANS, policy: { limits: [{ name: "own", open: 1 }] } });
    for (let count = 0; count < 3; count++) relay.client([], CLIENT);

    expect(relay.read(cells.bans.connections)).toBe(1);
  });

  transcript("its network, when that has too many connections", (relay) => {
    relay.configure({ bans: BANS });
    relay.admits = "connections_per_prefix";
    relay.client([], "192.0.2.1");
    relay.client([], "192.0.2.2");
    relay.admits = "admitted";

    expect(relay.client([], "192.0.2.3").isClosed).toBe(true);
    expect(relay.client([], "192.0.3.3").isClosed).toBe(false);
  });

  transcript("a tunnel that stands is left alone", (relay) => {
    relay.configure({ bans: BANS });
    const tunnel = relay.client([], CLIENT);
    tunnel.says(CONNECT);
    const upstream = relay.upstream();
    for (let count = 0; count < 2; count++) relay.client([], CLIENT).says("nonsense\r\n\r\n");
    tunnel.says("on");

    expect(upstream.received).toBe("on");
  });

  transcript("who is exempt never is", (relay) => {
    relay.configure({ bans: { ...BANS, exempt: ["192.0.2.0/24"] } });
    for (let count = 0; count < 5; count++) relay.client([], CLIENT).says("nonsense\r\n\r\n");

    expect(relay.client([], CLIENT).isClosed).toBe(false);
  });
});

describe("while the event loop lags new clients wait for their turn", () => {
  transcript("in their order, unread, and are then served", (relay) => {
    relay.lags(1);
    const [first, second, third] = [relay.client(), relay.client(), relay.client()];
    expect([first, second, third].map(({ isHeld }) => isHeld)).toEqual([false, true, true]);
    expect(relay.context.acceptQueue.size).toBe(2);
    expect(relay.read(cells.connections)).toBe(1);
    relay.lags(1);
    expect([second.isHeld, third.isHeld]).toEqual([false, true]);
    relay.pass(100);
    expect(third.isHeld).toBe(false);

    third.says(OWN);
    expect(statuses(third)).toEqual([200]);
    expect(relay.read(cells.connections)).toBe(3);
  });

  transcript("who comes when there is room again waits behind those who came before", (relay) => {
    relay.lags(0);
    const first = relay.client();
    relay.lags(1);
    expect(first.isHeld).toBe(false);
    expect(relay.client().isHeld).toBe(true);
  });

  transcript("who leaves meanwhile is forgotten", (relay) => {
    relay.lags(0);
    const [first, second] = [relay.client(), relay.client()];
    first.resets();
    expect(relay.context.acceptQueue.size).toBe(1);
    relay.lags(1);

    expect(second.isHeld).toBe(false);
    expect(relay.records).toEqual([]);
  });

  transcript("who finds the queue full is reset", (relay) => {
    relay.lags(0);
    const clients = Array.from({ length: 1_025 }, () => relay.client());

    expect(clients.map(({ isClosed }) => isClosed).indexOf(true)).toBe(1_024);
    expect(relay.read(cells.connectionsRefused.pace)).toBe(1);
  });

  transcript("who has waited for as long as a head may take is reset", (relay) => {
    relay.configure({ timeouts: { head: "2s" } });
    relay.lags(0);
    const client = relay.client();
    for (let tick = 0; tick < 20; tick++) relay.lags(0);
    expect(client.isClosed).toBe(false);
    relay.lags(0);

    expect(client.isClosed).toBe(true);
    expect(relay.context.acceptQueue.size).toBe(0);
    expect(relay.read(cells.connectionsRefused.pace)).toBe(1);
  });

  transcript("who is banned by then is reset", (relay) => {
    relay.configure({ bans: { errors: 1 } });
    const early = relay.client([], "192.0.2.99");
    relay.lags(0);
    const late = relay.client([], "192.0.2.99");
    early.says("nonsense\r\n\r\n");
    relay.lags(1);

    expect(late.isClosed).toBe(true);
    expect(relay.read(cells.connectionsRefused.banned)).toBe(1);
  });

  transcript("who is over a limit by then is told", (relay) => {
    relay.lags(0);
    const client = relay.client();
    relay.admits = "connections";
    relay.pass(100);

    expect(statuses(client)).toEqual([503]);
    expect(client.isHeld).toBe(false);
  });
});
