/** The same over IPv6, and over IPv4 through a socket that listens for both. Skipped on a machine without IPv6. */
import { expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { answerEach, connect, get } from "../support/http.ts";
import { startProxy } from "../support/proxy.ts";
import { RawPeer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);
const testOverIpv6 = test.skipIf(!hasIpv6);

testOverIpv6("a client and an upstream of IPv6 are forwarded, and named without their brackets", async () => {
  await using proxy = await startProxy({ workers: 1, listeners: [{ address: "[::1]:0" }] });
  using upstream = startRawServer((peer) => answerEach(peer), "::1");
  const authority = `[::1]:${upstream.port}`;
  using client = await RawPeer.connect(proxy.port, "::1");

  client.say(get(authority));
  await client.hearUntil("hello");

  expect(upstream.peers[0]?.heard).toStartWith(`GET / HTTP/1.1\r\nHost: ${authority}\r\n`);
  const line = await until("the line is there", () => proxy.accessLog()[0]);
  expect(line).toMatchObject({ client: "::1", upstream: authority, target: `http://${authority}/` });
});

testOverIpv6("a client of IPv4 at a socket for both is known by its IPv4 address", async () => {
  const listeners = [{ address: "[::]:0", clients: ["127.0.0.0/8"] }];
  // What others can reach leads to no loopback address unless a rule opens it.
  const policy = { rules: [{ name: "here", action: "allow", addresses: ["127.0.0.1"] }] };
  await using proxy = await startProxy({ workers: 1, listeners, policy });
  using upstream = startRawServer((peer) => answerEach(peer));
  using client = await RawPeer.connect(proxy.port);
  using stranger = await RawPeer.connect(proxy.port, "::1");

  client.say(get(upstream.authority));

  expect(await client.hearUntil("hello")).toStartWith("HTTP/1.1 200 ");
  expect(await stranger.hearOut()).toBe("reset");
  const line = await until("the line is there", () => proxy.accessLog()[0]);
  expect(line["client"]).toBe("127.0.0.1");
});

testOverIpv6("our own listener is a loop by each of its addresses", async () => {
  await using proxy = await startProxy({
    workers: 1,
    listeners: [{ address: "[::]:0", clients: ["::1/128"] }],
  });

  for (const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]) {
    using client = await RawPeer.connect(proxy.port, "::1");
    client.say(connect(`${host}:${proxy.port}`));
    expect(await client.hearUntil("\r\n\r\n")).toStartWith("HTTP/1.1 508 ");
  }
});
