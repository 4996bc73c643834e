/**
 * A peer that does not read pauses the one that sends, and nothing grows
 * meanwhile: 200 MiB wait at their sender, not in the proxy's memory.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { answerEach, connect, get, post } from "../support/http.ts";
import { startProxy } from "../support/proxy.ts";
import { RawPeer, type RawServer, startRawServer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const MIB = 1 << 20;
const BODY_BYTES = 200 * MIB;
const PIECE = new Uint8Array(MIB);

/** What two kernels' socket buffers and our outbox take before the sender stands still. */
const ON_THE_WAY_BYTES_MAX = 32 * MIB;

const GROWTH_BYTES_WAITING = 16 * MIB;
/** At full speed every read is garbage a moment later, and the collector takes its time. */
const GROWTH_BYTES_FLOWING = 64 * MIB;

/** So long without a byte taken means that the sender is paused. */
const STILL_MS = 400;

/** Who reads slowly | who sends | how the client begins. */
const transfers = [
  ["a slow upstream of a request's body", "client", sendPost],
  ["a slow upstream in a tunnel", "client", openTunnel],
  ["a slow client of an answer", "upstream", sendGet],
  ["a slow client in a tunnel", "upstream", openTunnel],
] as const;

// Only Linux tells the resident memory of another process in a file.
test.skipIf(process.platform !== "linux").each(transfers)(
  "%s pauses the %s, and loses nothing",
  async (_, side, begin) => {
    await using proxy = await startProxy({ workers: 1 });
    using server = startRawServer(() => {});
    using client = await RawPeer.connect(proxy.port);
    await begin(client, server);
    const upstream = await until("the upstream is there", () => server.peers[0]);
    const [sender, reader] = side === "client" ? [client, upstream] : [upstream, client];
    if (side === "upstream") upstream.say(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
    const rssBefore = rssBytes(proxy.pid);

    reader.pause();
    for (let piece = 0; piece < BODY_BYTES / MIB; piece++) sender.say(PIECE);
    await standingStill(sender);
    expect(sender.saidBytes).toBeLessThan(ON_THE_WAY_BYTES_MAX);
    expect(rssBytes(proxy.pid) - rssBefore).toBeLessThan(GROWTH_BYTES_WAITING);

    reader.resume();
    await until("all is heard", () => bodyBytesOf(reader) >= BODY_BYTES);
    expect(bodyBytesOf(reader)).toBe(BODY_BYTES);
    expect(rssBytes(proxy.pid) - rssBefore).toBeLessThan(GROWTH_BYTES_FLOWING);
  },
);

describe("a client that asks and asks and reads nothing", () => {
  const BODY = "x".repeat(100_000);
  const ASKED = 500;

  // What it asks for | the request.
  const requests = [
    ["answers of an upstream", (authority: string) => get(authority)],
    ["answers of ours", (authority: string) => trace(authority)],
  ] as const;

  test.skipIf(process.platform !== "linux").each(requests)("is kept waiting: %s", async (_, request) => {
    await using proxy = await startProxy({ workers: 1 });
    using server = startRawServer((peer) =>
      answerEach(peer, `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`),
    );
    using client = await RawPeer.connect(proxy.port);
    client.pause();
    const rssBefore = rssBytes(proxy.pid);

    // One by one, so that they are not taken for too many ahead of their answers.
    await client.sayInPieces(Array.from({ length: ASKED }, () => request(server.authority)));

    expect(rssBytes(proxy.pid) - rssBefore).toBeLessThan(GROWTH_BYTES_WAITING);
    expect(await proxy.metric("headgate_exchange_seconds_count")).toBeLessThan(ASKED / 2);
  });
});

test.skipIf(process.platform !== "linux")("interim answers without end wait like any other", async () => {
  await using proxy = await startProxy({ workers: 1 });
  const piece = Buffer.from("HTTP/1.1 102 Processing\r\n\r\n".repeat(MIB / 32));
  using server = startRawServer(async (peer) => {
    await peer.hearUntil("\r\n\r\n");
    for (let count = 0; count < 200; count++) peer.say(piece);
  });
  using client = await RawPeer.connect(proxy.port);
  const rssBefore = rssBytes(proxy.pid);

  client.say(get(server.authority)).pause();
  await standingStill(await until("the upstream is there", () => server.peers[0]));

  expect(server.peers[0]?.saidBytes).toBeLessThan(ON_THE_WAY_BYTES_MAX);
  // Each of them is a head, and garbage a moment later.
  expect(rssBytes(proxy.pid) - rssBefore).toBeLessThan(GROWTH_BYTES_FLOWING);
});

/** Answered by the proxy itself with all that was asked (RFC 9110 §9.3.8). */
function trace(authority: string): string {
  return `TRACE http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nMax-Forwards: 0\r\nX: ${"x".repeat(30_000)}\r\n\r\n`;
}

function sendGet(client: RawPeer, server: RawServer): void {
  client.say(get(server.authority));
}

function sendPost(client: RawPeer, server: RawServer): void {
  client.say(post(server.authority, `Content-Length: ${BODY_BYTES}\r\n`));
}

async function openTunnel(client: RawPeer, server: RawServer): Promise<void> {
  client.say(connect(server.authority));
  await client.hearUntil("\r\n\r\n");
}

async function standingStill(sender: RawPeer): Promise<void> {
  let saidBytes = -1;
  let since = Date.now();
  await until("the sender is paused", () => {
    if (sender.saidBytes !== saidBytes) since = Date.now();
    saidBytes = sender.saidBytes;
    return Date.now() - since >= STILL_MS;
  });
}

/** All after the last head, if there was one: the body is zeros. */
function bodyBytesOf({ heard, heardBytes }: RawPeer): number {
  const headEnd = heard.lastIndexOf("\r\n\r\n");
  return heardBytes - (headEnd < 0 ? 0 : headEnd + 4);
}

function rssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
