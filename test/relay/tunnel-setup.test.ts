import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");
const ESTABLISHED = head("HTTP/1.1 200 Connection established");

transcript("a tunnel stands once its upstream is connected, and not before", (relay) => {
  const client = relay.client();
  client.says(CONNECT);
  expect(relay.told()).toEqual(["dial 1.0.2.1 port 443"]);

  relay.upstream();
  expect(relay.told()).toEqual([`client < ${ESTABLISHED}`]);
  expect(relay.read(cells.tunnelsOpen)).toBe(1);
});

transcript(
  "what the client says with its CONNECT, and before the tunnel stands, belongs to the tunnel",
  (relay) => {
    const client = relay.client();
    client.says(`${CONNECT}hel`);
    expect(client.isPaused).toBe(true);
    const upstream = relay.upstream();

    expect(client.isPaused).toBe(false);
    client.says("lo");
    expect(upstream.received).toBe("hello");
    client.closes();
    upstream.closes();
    expect(relay.records.map(({ bytesIn, upstream }) => [bytesIn, upstream])).toEqual([
      [CONNECT.length + 5, "1.0.2.1:443"],
    ]);
  },
);

transcript("early bytes that the upstream has no room for pause the client", (relay) => {
  const client = relay.client();
  client.says(`${CONNECT}hello`);
  const upstream = relay.upstream((link) => {
    link.full = true;
  });
  expect(client.isPaused).toBe(true);

  upstream.drains();
  expect(client.isPaused).toBe(false);
});

transcript("a client that has half-closed before the tunnel stands still gets one", (relay) => {
  const client = relay.client();
  client.says(CONNECT);
  client.ends();
  const upstream = relay.upstream();
  upstream.says("banner");

  expect(relay.told().slice(1)).toEqual([`client < ${ESTABLISHED}`, "upstream end", "client < banner"]);
});

describe("a CONNECT that can't be served gets an answer", () => {
  transcript("and a close, and what comes later for the tunnel is never read as a request", (relay) => {
    const client = relay.client();
    client.says(CONNECT);
    relay.dialFails("ECONNREFUSED");

    expect(statuses(client)).toEqual([502]);
    expect(client.received).toContain("error=connection_refused;");
    expect(client.received).toContain("Connection: close\r\n");
    client.says(head("OPTIONS * HTTP/1.1", "Host: a"));
    expect(statuses(client)).toEqual([502]);
  });

  transcript("and a close when more has come already", (relay) => {
    const client = relay.client();
    client.says(`${CONNECT}${head("OPTIONS * HTTP/1.1", "Host: a")}`);
    relay.dialFails("ECONNREFUSED");

    expect(statuses(client)).toEqual([502]);
    expect(client.received).toContain("Connection: close\r\n");
    expect(client.isPaused).toBe(false);
  });

  transcript("also when it comes to nothing in time", (relay) => {
    relay.configure({ timeouts: { connect: "5s" } });
    const client = relay.client();
    client.says(CONNECT);
    relay.pass(5_200);

    expect(statuses(client)).toEqual([504]);
    expect(relay.log).toContain("dial cancelled");
    expect(relay.read(cells.limitReached.timeout_connect)).toBe(1);
  });
});

for (const how of ["closes", "resets"] as const) {
  transcript(`a client that ${how} before its tunnel stands is on record once`, (relay) => {
    const client = relay.client();
    client.says(CONNECT);
    client[how]();

    expect(relay.told().at(-1)).toBe("dial cancelled");
    expect(relay.records.map(({ kind, status }) => [kind, status])).toEqual([["tunnel", 0]]);
  });
}
