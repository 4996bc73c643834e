import { describe, expect } from "bun:test";
import { cells } from "../../../src/observe/cells.ts";
import type { FakeLink } from "../../support/fake-link.ts";
import { type FakeRelay, head, statuses, transcript } from "../../support/relay.ts";

const HOST = "Host: a.example";
const GET = head("GET http://a.example/ HTTP/1.1", HOST);
const POST = `${head("POST http://a.example/ HTTP/1.1", HOST, "Content-Length: 3")}abc`;
const PUT = head("PUT http://a.example/ HTTP/1.1", HOST, "Content-Length: 0");
const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");
const WEBSOCKET = head("GET http://a.example/ HTTP/1.1", HOST, "Connection: Upgrade", "Upgrade: websocket");
const SWITCH = head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket");
const OK = head("HTTP/1.1 200 OK", "Content-Length: 0");
const HALF = `${head("HTTP/1.1 200 OK", "Content-Length: 9")}half`;

function breaksOff(relay: FakeRelay): void {
  const upstream = relay.upstream();
  upstream.says(HALF);
  upstream.resets();
}

function limits(...given: readonly object[]): { policy: object } {
  return { policy: { limits: given } };
}

describe("a rate of requests", () => {
  const TWO = limits({ name: "two", requests: "2/m", burst: 2 });

  transcript("that is used up gets 429, with the fields that say when to come again", (relay) => {
    relay.configure(TWO);
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(GET);
    upstream.says(OK);
    client.says(GET);

    expect(statuses(client)).toEqual([200, 200, 429]);
    expect(client.received).toContain(
      '\r\nRetry-After: 30\r\nRateLimit-Policy: "two";q=2;w=60\r\nRateLimit: "two";r=0;t=30\r\n',
    );
    expect(client.received).toContain('Limit "two" (requests by client) is reached, retry in 30 s');
    expect(client.received).not.toContain("Do not retry");
    expect(relay.records.at(-1)).toMatchObject({ status: 429, rule: "two", reason: "limit" });
    expect(relay.read(cells.decisions.limited)).toBe(1);
    expect(relay.read(cells.limitRefusals)).toBe(1);
    expect(relay.read(cells.refusals.limit)).toBe(1);
    expect(relay.log).not.toContain("client end");
  });

  transcript("comes back with time", (relay) => {
    relay.configure(TWO);
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(GET);
    upstream.says(OK);
    relay.pass(30_000);
    client.says(GET + GET);
    upstream.says(OK);

    expect(statuses(client)).toEqual([200, 200, 200, 429]);
  });

  transcript("is a client's own", (relay) => {
    relay.configure(limits({ name: "one", requests: "1/m" }));
    relay.client([], "192.0.2.1").says(GET);
    relay.client([], "192.0.2.2").says(GET);
    const late = relay.client([], "192.0.2.1");
    late.says(GET);

    expect(relay.dials).toBe(2);
    expect(statuses(late)).toEqual([429]);
  });

  transcript("that a rule puts on some requests leaves the others alone", (relay) => {
    relay.configure({
      policy: {
        limits: [{ name: "one", requests: "1/m" }],
        rules: [{ name: "posts", action: "limit", limit: "one", methods: ["POST"] }],
      },
    });
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(GET);
    upstream.says(OK);
    client.says(POST);
    upstream.says(OK);
    client.says(POST);

    expect(statuses(client)).toEqual([200, 200, 200, 429]);
    expect(relay.told().at(-1)).toBe("client end");
  });

  transcript("is told by an audit, and lets pass", (relay) => {
    relay.configure({ policy: { mode: "audit", limits: [{ name: "one", requests: "1/m" }] } });
    const client = relay.client();
    client.says(GET);
    const upstream = relay.upstream();
    upstream.says(OK);
    client.says(GET);
    upstream.says(OK);

    expect(statuses(client)).toEqual([200, 200]);
    expect(relay.records.map(({ rule, wouldDeny }) => [rule, wouldDeny])).toEqual([
      [undefined, false],
      ["one", true],
    ]);
    expect(relay.read(cells.decisions.limited)).toBe(1);
    expect(relay.read(cells.refusals.limit)).toBe(1);
  });

  transcript("closes a refused CONNECT", (relay) => {
    relay.configure(limits({ name: "one", requests: "1/m" }));
    relay.client().says(CONNECT);
    const client = relay.client();
    client.says(CONNECT);

    expect(statuses(client)).toEqual([429]);
    expect(relay.told().at(-1)).toBe("client 2 end");
  });
});

describe("a place among the exchanges at once is given back", () => {
  // Each row: how the exchange ends | what the client asks | what happens then.
  const rows: readonly (readonly [string, string, (relay: FakeRelay, client: FakeLink) => void])[] = [
    ["with its answer", GET, (relay) => relay.upstream().says(OK)],
    [
      "with the answer of an upstream that closes",
      GET,
      (relay) => {
        const upstream = relay.upstream();
        upstream.says(`${head("HTTP/1.1 200 OK")}all`);
        upstream.ends();
      },
    ],
    ["when no connection is made", GET, (relay) => relay.dialFails("ECONNREFUSED")],
    ["when the client leaves before there is one", GET, (_, client) => client.resets()],
    ["when its time for that is over", GET, (relay) => relay.pass(5_300)],
    [
      "when the client leaves within the answer",
      GET,
      (relay, client) => {
        relay.upstream().says(HALF);
        client.resets();
      },
    ],
    ["when the upstream breaks off", GET, breaksOff],
    ["when it can't be understood", GET, (relay) => relay.upstream().says("nonsense\r\n\r\n")],
    ["when a tunnel can't be made", CONNECT, (relay) => relay.dialFails("ECONNREFUSED")],
    [
      "when a tunnel has ended both ways",
      CONNECT,
      (relay, client) => {
        const upstream = relay.upstream();
        client.ends();
        upstream.ends();
      },
    ],
    [
      "when a tunnel's client resets",
      CONNECT,
      (relay, client) => {
        relay.upstream();
        client.resets();
      },
    ],
    ["when a tunnel's upstream resets", CONNECT, (relay) => relay.upstream().resets()],
    [
      "when a tunnel was idle too long",
      CONNECT,
      (relay) => {
        relay.upstream();
        relay.pass(605_000);
      },
    ],
    [
      "when an upgraded connection ends",
      WEBSOCKET,
      (relay, client) => {
        const upstream = relay.upstream();
        upstream.says(SWITCH);
        client.says("hi");
        upstream.ends();
        client.ends();
      },
    ],
    ["when it was refused by another limit", PUT, () => {}],
    ["when its body is too large", POST.replace(": 3", ": 9"), () => {}],
    [
      "when its answer is too large",
      GET,
      (relay) => relay.upstream().says(head("HTTP/1.1 200 OK", "Content-Length: 99")),
    ],
    ["when its host may not be dialled", GET.replace("a.example", "[::]"), () => {}],
    ["when its name can't be resolved", GET.replace("a.example", "nowhere.example"), () => {}],
    [
      "when a drain cuts it",
      GET,
      (relay) => {
        relay.upstream();
        relay.cut();
      },
    ],
  ];

  for (const [name, request, happens] of rows) {
    transcript(name, (relay) => {
      relay.names.set("nowhere.example", { ok: false, failure: "dns_error", detail: "none" });
      relay.configure({
        policy: {
          limits: [
            { name: "one", exchanges: 1 },
            { name: "no-puts", by: "all", requests: "1/h" },
          ],
          rules: [
            { name: "puts", action: "limit", limit: "no-puts", methods: ["PUT"] },
            {
              name: "small",
              action: "content",
              content: { requestBytes: "8B", answerBytes: "8B" },
              ports: [80],
            },
          ],
        },
      });
      // The one PUT that there may be.
      relay.client().says(PUT);
      const before = relay.upstream();
      before.says(OK);
      before.ends();
      const client = relay.client();
      client.says(request);
      happens(relay, client);

      const later = relay.client();
      later.says(GET);
      expect(later.received).toBe("");
    });
  }

  transcript("and not before", (relay) => {
    relay.configure(limits({ name: "one", exchanges: 1 }));
    relay.client().says(CONNECT);
    relay.upstream();
    const client = relay.client();
    client.says(GET);

    expect(statuses(client)).toEqual([429]);
    expect(client.received).toContain(
      '\r\nRetry-After: 1\r\nRateLimit-Policy: "one";q=1;qu="concurrent-requests"\r\n',
    );
  });
});
