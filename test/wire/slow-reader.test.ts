/**
 * A peer that does not read pauses the one that sends, and nothing grows
 * meanwhile: 200 MiB wait at their sender, not in the proxy's memory.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, get, post } from "../support/http.ts";
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
