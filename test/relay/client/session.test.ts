import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import { head, statuses, transcript } from "../../support/relay.ts";

const GET = head("GET http://a.example/ HTTP/1.1", "Host: a.example");
const OWN = head("OPTIONS * HTTP/1.1", "Host: a.example");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 2");
const SENT = head("GET / HTTP/1.1", "Host: a.example", "Via: 1.1 headgate");
const ANSWERED = `${head("HTTP/1.1 200 OK", "Content-Length: 2", "Via: 1.1 headgate")}hi`;

transcript("two requests, one after the other, use one connection on both sides", (relay) => {
  const client = relay.client();
  client.says(GET);
  const upstream = relay.upstream();
  upstream.says(`${OK}hi`);
  client.says(GET);
  upstream.says(`${OK}hi`);

  expect(relay.told()).toEqual([
    "dial 1.0.2.1 port 80",
    `upstream < ${SENT}`,
    `client < ${ANSWERED}`,
    `upstream < ${SENT}`,
    `client < ${ANSWERED}`,
  ]);
  expect(relay.records.map(({ reused }) => reused)).toEqual([false, true]);
});

transcript("a request that comes byte by byte is one request", (relay) => {
  const client = relay.client();
  for (const byte of GET) client.says(byte);
  relay.upstream().says(`${OK}hi`);

  expect(relay.told()).toEqual(["dial 1.0.2.1 port 80", `upstream < ${SENT}`, `client < ${ANSWERED}`]);
  expect(relay.records[0]?.bytesIn).toBe(GET.length);
});

transcript("pipelined requests are answered in their order, one at a time", (relay) => {
  const client = relay.client();
  client.says(`${GET}${OWN}${GET}`);
  expect(client.isPaused).toBe(true);

  const upstream = relay.upstream();
  upstream.says(`${head("HTTP/1.1 201 Created", "Content-Length: 0")}`);
  expect(client.isPaused).toBe(false);
  upstream.says(`${head("HTTP/1.1 202 Accepted", "Content-Length: 0")}`);

  expect(statuses(client)).toEqual([201, 200, 202]);
});

transcript(
  "a client that talks ahead of its answer is not listened to, and what it said is kept",
  (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.says(GET.slice(0, 10));
    expect(relay.told()).toEqual(["client pause"]);

    upstream.says(`${OK}hi`);
    expect(relay.told()).toEqual([`client < ${ANSWERED}`, "client resume"]);
    client.says(GET.slice(10));
    expect(relay.told()).toEqual([`upstream < ${SENT}`]);
  },
);

transcript("more requests ahead of their answers than the limit are refused", (relay) => {
  relay.configure({ limits: { pipelined: 2 } });
  const client = relay.client();
  client.says(OWN.repeat(4));

  expect(statuses(client)).toEqual([200, 200, 200, 429]);
  expect(relay.told().at(-1)).toBe("client end");
  expect(relay.read(cells.limitReached.pipelined)).toBe(1);
});

describe("a client that asks and does not read", () => {
  for (const [who, ask] of [
    ["us", OWN],
    ["an upstream", GET],
  ] as const) {
    transcript(`is not served further by ${who} until it has read`, (relay) => {
      const { client, upstream } = relay.exchange(GET);
      upstream.says(`${OK}hi`);
      client.full = true;
      client.says(ask);
      if (ask === GET) upstream.says(`${OK}hi`);
      client.says(ask);

      expect(statuses(client)).toEqual([200, 200]);
      expect(client.isPaused).toBe(true);

      client.drains();
      if (ask === GET) upstream.says(`${OK}hi`);
      expect(statuses(client)).toEqual([200, 200, 200]);
      expect(client.isPaused).toBe(false);
    });
  }
});

describe("whether the connection persists", () => {
  // Each row: what it shows | the request | what the answer says of it | whether it does.
  const rows = [
    ["HTTP/1.1 persists", GET, undefined, true],
    [
      "HTTP/1.1 with close does not",
      head("GET http://a.example/ HTTP/1.1", "Host: a", "Connection: close"),
      "close",
      false,
    ],
    ["HTTP/1.0 does not", head("GET http://a.example/ HTTP/1.0"), "close", false],
    [
      "HTTP/1.0 that asks for it does",
      head("GET http://a.example/ HTTP/1.0", "Connection: keep-alive"),
      "keep-alive",
      true,
    ],
    [
      "the old field for proxies counts too",
      head("GET http://a.example/ HTTP/1.0", "Proxy-Connection: Keep-Alive"),
      "keep-alive",
      true,
    ],
  ] as const;

  for (const [name, request, told, stays] of rows) {
    transcript(name, (relay) => {
      const { client, upstream } = relay.exchange(request);
      upstream.says(`${OK}hi`);

      expect(/^Connection: (.*)\r$/m.exec(client.received)?.[1]).toBe(told);
      expect(relay.told().includes("client end")).toBe(!stays);
    });
  }
});

describe("a client that has half-closed", () => {
  transcript("still gets its answer, and then a close", (relay) => {
    const { client, upstream } = relay.exchange(GET);
    client.ends();
    upstream.says(`${OK}hi`);

    expect(relay.told()).toEqual([`client < ${ANSWERED}`, "client close"]);
  });

  transcript("within a request's head is let go, and that is on record", (relay) => {
    const client = relay.client();
    client.says(`${GET}${OWN}${GET.slice(0, 9)}`);
    relay.upstream().says(`${OK}hi`);
    client.ends();

    expect(statuses(client)).toEqual([200, 200]);
    expect(client.isClosed).toBe(true);
    expect(relay.records.map(({ status }) => status)).toEqual([200, 200, 0]);
  });

  transcript("before it has asked anything is let go", (relay) => {
    const client = relay.client();
    client.ends();

    expect(relay.told()).toEqual(["client close"]);
    expect(relay.records).toEqual([]);
  });

  const POST = head("POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 3");

  transcript("when its whole body waits for a connection is served", (relay) => {
    const client = relay.client();
    client.says(`${GET}${POST}abc`);
    const upstream = relay.upstream();
    // Its end is read with the last bytes, before the pause.
    client.isPaused = false;
    client.ends();
    upstream.says(`${OK}hi`);

    expect(upstream.received).toEndWith("abc");
    upstream.says(`${OK}hi`);
    expect(statuses(client)).toEqual([200, 200]);
    expect(client.isClosed).toBe(true);
  });

  transcript("when half its body waits behind another request is cut after that", (relay) => {
    const client = relay.client();
    client.says(`${GET}${POST}ab`);
    const upstream = relay.upstream();
    client.isPaused = false;
    client.ends();
    upstream.says(`${OK}hi`);

    expect(statuses(client)).toEqual([200]);
    expect(client.isClosed && upstream.isClosed).toBe(true);
  });

  transcript("within a body is cut, since half a request stays half", (relay) => {
    const client = relay.client();
    client.says(`${head("POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 3")}ab`);
    const upstream = relay.upstream();
    client.ends();

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.map(({ status }) => status)).toEqual([0]);
  });
});
