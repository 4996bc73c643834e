import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import { head, statuses, transcript } from "../support/relay.ts";

const HOST = "Host: a.example";
const ASK = head("GET http://a.example/ws HTTP/1.1", HOST, "Connection: Upgrade", "Upgrade: websocket");
const SWITCH = head(
  "HTTP/1.1 101 Switching Protocols",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "X-Kept: 1",
);

transcript("after a 101 both sides talk freely, and what came early is not lost", (relay) => {
  const client = relay.client();
  client.says(`${ASK}early`);
  const upstream = relay.upstream();
  relay.told();
  upstream.says(`${SWITCH}hello`);
  client.says("more");
  upstream.says("bye");

  expect(upstream.received).toStartWith(
    head("GET /ws HTTP/1.1", HOST, "Connection: upgrade", "Upgrade: websocket", "Via: 1.1 headgate"),
  );
  expect(relay.told()).toEqual([
    `client < ${head("HTTP/1.1 101 Switching Protocols", "X-Kept: 1", "Connection: upgrade", "Upgrade: websocket", "Via: 1.1 headgate")}`,
    "client resume",
    "upstream < early",
    "client < hello",
    "upstream < more",
    "client < bye",
  ]);
  expect(relay.read(cells.tunnelsOpen)).toBe(1);

  upstream.ends();
  client.ends();
  expect(client.isClosed && upstream.isClosed).toBe(true);
  expect(
    relay.records.map(({ kind, status, bytesIn, bytesOut }) => [kind, status, bytesIn, bytesOut]),
  ).toEqual([["upgrade", 101, ASK.length + "earlymore".length, client.received.length]]);
});

transcript("an upstream that declines answers as usual", (relay) => {
  const { client, upstream } = relay.exchange(ASK);
  upstream.says(
    head("HTTP/1.1 426 Upgrade Required", "Content-Length: 0", "Connection: Upgrade", "Upgrade: x"),
  );

  expect(statuses(client)).toEqual([426]);
  expect(relay.pooled).toBe(1);
});

describe("a switch that nobody asked the upstream for is a 502", () => {
  // Each row: what it shows | the request.
  const rows = [
    ["a plain request", head("GET http://a.example/ HTTP/1.1", HOST)],
    [
      "Upgrade that Connection does not name",
      head("GET http://a.example/ HTTP/1.1", HOST, "Upgrade: websocket"),
    ],
    [
      "HTTP/1.0, which knows none",
      head("GET http://a.example/ HTTP/1.0", HOST, "Connection: upgrade", "Upgrade: websocket"),
    ],
    [
      "h2c, which we do not let through",
      head("GET http://a.example/ HTTP/1.1", HOST, "Connection: upgrade", "Upgrade: h2c"),
    ],
    [
      "a request whose body is not through",
      head(
        "POST http://a.example/ HTTP/1.1",
        HOST,
        "Connection: upgrade",
        "Upgrade: websocket",
        "Content-Length: 1",
      ),
    ],
  ] as const;

  for (const [name, request] of rows) {
    transcript(name, (relay) => {
      const { client, upstream } = relay.exchange(request);
      upstream.says(`${SWITCH}hello`);

      expect(statuses(client)).toEqual([502]);
      expect(client.received).toContain("error=http_upgrade_failed;");
      expect(client.received).not.toContain("hello");
      expect(upstream.isClosed).toBe(true);
    });
  }

  transcript("nor is one to what it names no protocol for", (relay) => {
    const { client, upstream } = relay.exchange(ASK);
    upstream.says(head("HTTP/1.1 101 Switching Protocols"));

    expect(statuses(client)).toEqual([502]);
    expect(upstream.isClosed).toBe(true);
  });
});

transcript("a client that did not read what came before the switch is not read over", (relay) => {
  const { client, upstream } = relay.exchange(ASK);
  client.full = true;
  upstream.says(`${head("HTTP/1.1 103 Early Hints")}${SWITCH}`);
  expect(upstream.isPaused).toBe(true);
  client.drains();
  upstream.says("hello");

  expect(client.received).toEndWith("hello");
});
