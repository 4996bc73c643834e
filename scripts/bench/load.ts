/** One measured round: load against a peer, and what the peer spent on it. Throws when anything went wrong. */
import { join } from "node:path";
import { cpuSeconds, rssBytes } from "./cpu.ts";
import type { Peer, UpstreamPorts } from "./peers.ts";

/** Figures of one round, by the name that the table shows. */
export type Sample = Readonly<Record<string, number>>;

/** What `get.lua` sends. */
export type GetKind = "same" | "log-in" | "varied" | "unique" | "twice";

const CLIENTS = 50;
const IDLE_TUNNELS = 5_000;
const GIB = 2 ** 30;

/** Lets counters, pools and garbage of the last step come to rest before RSS is read. */
const SETTLE_MS = 1_000;

/** While the others had their turn, an engine that compiles as it runs has thrown away what it did not use. */
const WARM_UP_SECONDS = 3;

/** `target`: a URL for a proxy, a path for what stands before an upstream. */
export async function measureGet(
  peer: Peer,
  target: string,
  kind: GetKind,
  seconds: number,
): Promise<Sample> {
  // Connections, pools and compiled code are there before the clock starts.
  await wrk(peer, target, kind, Math.min(WARM_UP_SECONDS, seconds));

  const before = cpuSeconds(peer.pid);
  const result = await wrk(peer, target, kind, seconds);
  const spent = cpuSeconds(peer.pid) - before;
  return {
    "CPU µs/request": (spent / result.requests) * 1e6,
    "requests/s": result.requests / result.seconds,
    "p50 ms": result.p50Ms,
    "p99 ms": result.p99Ms,
  };
}

export async function measureBytes(
  peer: Peer,
  upstream: UpstreamPorts,
  direction: "down" | "up",
  bytes: number,
): Promise<Sample> {
  const before = cpuSeconds(peer.pid);
  const { seconds } = await tunnels(peer, upstream, direction, bytes);
  const spent = cpuSeconds(peer.pid) - before;
  return { "CPU s/GiB": (spent * GIB) / bytes, "GiB/s": bytes / GIB / seconds };
}

export async function measureSetUp(peer: Peer, upstream: UpstreamPorts, seconds: number): Promise<Sample> {
  await tunnels(peer, upstream, "setup", Math.min(1, seconds));

  const before = cpuSeconds(peer.pid);
  const result = await tunnels(peer, upstream, "setup", seconds);
  const spent = cpuSeconds(peer.pid) - before;
  return {
    "CPU µs/tunnel": (spent / result.tunnels) * 1e6,
    "tunnels/s": result.tunnels / result.seconds,
  };
}

export async function measureIdle(peer: Peer, upstream: UpstreamPorts): Promise<Sample> {
  await tunnels(peer, upstream, "setup", 0.2);
  await Bun.sleep(SETTLE_MS);
  const before = rssBytes(peer.pid);

  const child = spawnTunnels(peer, upstream, "idle", IDLE_TUNNELS);
  try {
    parseResult(await firstLine(child.stdout));
    await Bun.sleep(SETTLE_MS);
    return { "KB/tunnel": (rssBytes(peer.pid) - before) / IDLE_TUNNELS / 1000 };
  } finally {
    child.stdin.end();
    await child.exited;
  }
}

interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Connections that ended; with tinyproxy, that is every request. */
  readonly cut: number;
  readonly failed: number;
  readonly refused: number;
}

/** No two runs of unique targets have one in common, in whatever process. */
export function newRun(): string {
  return Bun.randomUUIDv7().slice(0, 18);
}

/** `run`: for targets that are unique. */
export async function wrk(
  peer: Peer,
  target: string,
  kind: GetKind,
  seconds: number,
  run = newRun(),
): Promise<WrkResult> {
  const script = join(import.meta.dir, "get.lua");
  const options = [
    ...["--threads=1", `--connections=${CLIENTS}`, `--duration=${Math.ceil(seconds)}s`, "--timeout=10s"],
    ...["--latency", "--script", script, `http://127.0.0.1:${peer.port}/`, "--", target, kind, run],
  ];
  const child = Bun.spawn(["wrk", ...options], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  const result = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as WrkResult;
  const failures = result.failed + result.refused + (peer.keepsConnections ? result.cut : 0);
  if (failures > 0 || result.requests === 0) {
    throw new Error(`Cannot measure ${peer.name}: ${JSON.stringify(result)}`);
  }
  return result;
}

async function tunnels(peer: Peer, upstream: UpstreamPorts, mode: string, amount: number) {
  const child = spawnTunnels(peer, upstream, mode, amount);
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot measure ${peer.name}: the load failed`);
  return parseResult(text);
}

function spawnTunnels(peer: Peer, upstream: UpstreamPorts, mode: string, amount: number) {
  const form = peer.hasConnect ? "connect" : "direct";
  const script = join(import.meta.dir, "tunnel-load.ts");
  const args = [mode, peer.port, upstream.tunnel, form, amount].map(String);
  return Bun.spawn([process.execPath, script, ...args], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
}

function parseResult(text: string): { tunnels: number; seconds: number } {
  return JSON.parse(text);
}

export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text.trim();
}
