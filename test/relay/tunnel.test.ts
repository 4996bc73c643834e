import { describe, expect } from "bun:test";
import { cells } from "../../src/observe/cells.ts";
import type { FakeLink } from "../support/fake-link.ts";
import { type FakeRelay, head, transcript } from "../support/relay.ts";

const CONNECT = head("CONNECT a.example:443 HTTP/1.1", "Host: a.example:443");

/** A tunnel that stands; what was logged until then is forgotten. */
function tunnel(relay: FakeRelay): { client: FakeLink; upstream: FakeLink } {
  return relay.exchange(CONNECT);
}

transcript("bytes go both ways as they come, and are counted", (relay) => {
  const { client, upstream } = tunnel(relay);
  client.says("\x16\x03\x01");
  upstream.says("\0\xff");
  client.closes();
  upstream.closes();

  expect(relay.told()).toEqual(["upstream < \x16\x03\x01", "client < \0\xff", "upstream end"]);
  expect(
    relay.records.map(({ kind, status, bytesIn, bytesOut }) => [kind, status, bytesIn, bytesOut]),
  ).toEqual([["tunnel", 200, CONNECT.length + 3, client.received.length]]);
  expect(relay.read(cells.bytesToUpstreams)).toBe(3);
  expect(relay.read(cells.bytesFromUpstreams)).toBe(2);
});

describe("half-close", () => {
  transcript("a client that has said all still hears the answer", (relay) => {
    const { client, upstream } = tunnel(relay);
    client.ends();
    upstream.says("answer");
    upstream.ends();

    expect(relay.told()).toEqual(["upstream end", "client < answer", "client end"]);
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.length).toBe(1);
  });

  transcript("an upstream that has said all still hears the client", (relay) => {
    const { client, upstream } = tunnel(relay);
    upstream.ends();
    client.says("more");
    client.ends();

    expect(relay.told()).toEqual(["client end", "upstream < more", "upstream end"]);
    expect(client.isClosed && upstream.isClosed).toBe(true);
  });

  transcript("what waits for a slow reader reaches it before the end", (relay) => {
    const { client, upstream } = tunnel(relay);
    upstream.full = true;
    client.says("a lot");
    upstream.drains();
    client.ends();
    upstream.full = true;
    expect(upstream.isClosed).toBe(false);
    upstream.ends();

    expect(upstream.isClosed).toBe(true);
    expect(upstream.received).toBe("a lot");
  });
});

describe("a reset", () => {
  transcript("of the client resets the upstream", (relay) => {
    const { client, upstream } = tunnel(relay);
    client.resets();

    expect(relay.told()).toEqual(["upstream destroy"]);
    expect(upstream.isClosed).toBe(true);
    expect(relay.records.map(({ failure }) => failure)).toEqual([undefined]);
  });

  transcript("of the upstream resets the client, and is on record", (relay) => {
    const { client, upstream } = tunnel(relay);
    upstream.resets();

    expect(relay.told()).toEqual(["client destroy"]);
    expect(client.isClosed).toBe(true);
    expect(relay.records.map(({ failure }) => failure)).toEqual(["connection_terminated"]);
  });

  transcript("after a half-close is carried too", (relay) => {
    const { client, upstream } = tunnel(relay);
    upstream.ends();
    client.resets();

    expect(relay.told()).toEqual(["client end", "upstream destroy"]);
    expect(relay.records.length).toBe(1);
  });
});

describe("back-pressure", () => {
  transcript("a slow upstream pauses the client, and only until it drains", (relay) => {
    const { client, upstream } = tunnel(relay);
    upstream.full = true;
    client.says("a lot");
    upstream.drains();

    expect(relay.told()).toEqual(["upstream < a lot", "client pause", "client resume"]);
  });

  transcript("a slow client pauses the upstream, and not itself", (relay) => {
    const { client, upstream } = tunnel(relay);
    client.full = true;
    upstream.says("a lot");
    client.says("on");
    client.drains();

    expect(relay.told()).toEqual(["client < a lot", "upstream pause", "upstream < on", "upstream resume"]);
  });
});

describe("idleness", () => {
  const IDLE = { timeouts: { tunnelIdle: "60s" } };

  transcript("closes a tunnel in which nothing moves, either way", (relay) => {
    relay.configure(IDLE);
    const { client, upstream } = tunnel(relay);
    relay.pass(59_000);
    client.says("a");
    relay.pass(59_000);
    upstream.says("b");
    relay.pass(59_000);
    expect(client.isClosed).toBe(false);
    relay.told();
    relay.pass(1_200);

    expect(relay.told()).toEqual(["client close", "upstream end", "upstream close"]);
    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.read(cells.limitReached.timeout_tunnel_idle)).toBe(1);
    expect(relay.records.length).toBe(1);
  });

  transcript("resets a peer that does not even read its last bytes", (relay) => {
    relay.configure(IDLE);
    const { client, upstream } = tunnel(relay);
    client.full = true;
    upstream.says("a lot");
    relay.pass(60_200);
    expect(client.isClosed).toBe(false);
    relay.pass(2_200);

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.length).toBe(1);
  });

  transcript("is not put off by a side that talks on to nobody", (relay) => {
    relay.configure(IDLE);
    const { client, upstream } = tunnel(relay);
    client.full = true;
    client.closes();
    relay.pass(40_000);
    if (!upstream.isClosed) upstream.says("still here");
    relay.pass(24_000);

    expect(client.isClosed && upstream.isClosed).toBe(true);
    expect(relay.records.length).toBe(1);
  });

  transcript("half a tunnel has the same deadline", (relay) => {
    relay.configure(IDLE);
    const { client, upstream } = tunnel(relay);
    client.ends();
    relay.pass(60_200);
    relay.pass(2_200);

    expect(client.isClosed && upstream.isClosed).toBe(true);
  });
});

transcript("a drain leaves a tunnel alone until its time is over", (relay) => {
  const { client, upstream } = tunnel(relay);
  relay.drain();
  client.says("still");
  expect(upstream.received).toBe("still");

  relay.cut();
  expect(client.isClosed && upstream.isClosed).toBe(true);
  expect(relay.records.map(({ status }) => status)).toEqual([200]);
});
