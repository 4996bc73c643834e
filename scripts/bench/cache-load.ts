/** One measured round of a cache. Each throws when an answer that should have come from the cache did not. */
import { join } from "node:path";
import { ask, fromCache, prime, requestsDuring, targetOf } from "./cache-check.ts";
import { cpuSeconds, rssBytes } from "./cpu.ts";
import { type FileName, writeFile } from "./files.ts";
import { measureGet, newRun, type Sample, wrk } from "./load.ts";
import type { Peer } from "./peers.ts";
import type { Scale } from "./rows.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Three times what an arena of 64 MiB holds of 10 KB each, and so also of what is used twice. */
const FILL_OBJECTS = 20_000;
const FILL_RUNS_MAX = 30;

/** Lets counters, pools and garbage of the last step come to rest before RSS is read. */
const SETTLE_MS = 2_000;

/** One answer over and over. */
export async function measureHits(peer: Peer, scale: Scale, file: FileName): Promise<Sample> {
  const path = `/stored/${file}`;
  await prime(peer, scale.upstream, path, file);
  const target = targetOf(peer, scale.upstream, path);
  const sample = await fromCache(peer, scale.upstream, () => measureGet(peer, target, "same", scale.seconds));
  await prime(peer, scale.upstream, path, file);
  return sample;
}

/** One file over and over that memory does not hold. */
export async function measureDisk(
  peer: Peer,
  scale: Scale,
  file: FileName,
  connections: number,
): Promise<Sample> {
  await writeFile(scale.files, file);
  const path = `/stored/${file}`;
  await prime(peer, scale.upstream, path, file);
  return fromCache(peer, scale.upstream, async () => {
    await download(peer, path, connections, Math.min(1, scale.seconds));
    const before = cpuSeconds(peer.pid);
    const { bytes, seconds } = await download(peer, path, connections, scale.seconds);
    const spent = cpuSeconds(peer.pid) - before;
    return { "GiB/s": bytes / GIB / seconds, "CPU s/GiB": (spent * GIB) / bytes };
  });
}

/** Targets that nobody has asked for, of answers that may be stored and of ones that may not. */
export async function measureMisses(peer: Peer, scale: Scale): Promise<Sample> {
  const sample: Record<string, number> = {};
  for (const [file, size] of [
    ["66", "66 B"],
    ["10k", "10 KB"],
  ] as const) {
    const stored = await missCost(peer, scale, `/stored/${file}`);
    const unstored = await missCost(peer, scale, `/unstored/${file}`);
    sample[`${size}, ratio`] = stored / unstored;
    sample[`${size}, stored µs`] = stored;
    sample[`${size}, not µs`] = unstored;
  }
  return sample;
}

/** CPU µs per request. */
async function missCost(peer: Peer, scale: Scale, path: string): Promise<number> {
  const target = targetOf(peer, scale.upstream, path);
  await wrk(peer, target, "unique", Math.min(2, scale.seconds));
  let cost = 0;
  let sent = 0;
  const reached = await requestsDuring(scale.upstream, async () => {
    const before = cpuSeconds(peer.pid);
    const result = await wrk(peer, target, "unique", scale.seconds);
    sent = result.requests;
    cost = ((cpuSeconds(peer.pid) - before) / sent) * 1e6;
  });
  if (reached < sent)
    throw new Error(`Cannot measure ${peer.name}: ${sent - reached} of ${sent} were no misses`);
  return cost;
}

/**
 * What a full arena adds, past what the same load adds with an empty one. Every
 * object is asked for twice, so that what keeps only what is used keeps it too.
 */
export async function measureArena(peer: Peer, scale: Scale): Promise<Sample> {
  await Bun.sleep(SETTLE_MS);
  const atStart = rssBytes(peer.pid);
  await fill(peer, scale, "/unstored/10k");
  await Bun.sleep(SETTLE_MS);
  const empty = rssBytes(peer.pid);
  const { first, last } = await fill(peer, scale, "/stored/10k");
  await Bun.sleep(SETTLE_MS);
  const full = rssBytes(peer.pid);

  const storedOnly = { "Cache-Control": "only-if-cached" };
  const oldest = await ask(peer, scale.upstream, first, storedOnly);
  const newest = await ask(peer, scale.upstream, last, storedOnly);
  if (oldest.status !== 504 || newest.status !== 200) {
    throw new Error(
      `Cannot tell that the arena is full: ${oldest.status} for the first, ${newest.status} for the last`,
    );
  }
  return {
    "full − empty MiB": (full - empty) / MIB,
    "full − at start MiB": (full - atStart) / MIB,
    "at start MiB": atStart / MIB,
  };
}

/** The paths of an object among the first and of one among the last that were asked for. */
async function fill(peer: Peer, scale: Scale, path: string): Promise<{ first: string; last: string }> {
  const target = targetOf(peer, scale.upstream, path);
  let [objects, first, last] = [0, "", ""];
  for (let runs = 0; runs < FILL_RUNS_MAX && objects < FILL_OBJECTS; runs++) {
    const run = newRun();
    const { requests } = await wrk(peer, target, "twice", 1, run);
    objects += requests / 2;
    first ||= `${path}?${run}-200`;
    last = `${path}?${run}-${Math.max(1, Math.floor(requests / 2) - 300)}`;
  }
  if (objects < FILL_OBJECTS)
    throw new Error(`Cannot fill the arena of ${peer.name}: only ${objects} objects came`);
  return { first, last };
}

async function download(peer: Peer, path: string, connections: number, seconds: number) {
  const script = join(import.meta.dir, "download-load.ts");
  const args = [peer.port, path, connections, seconds, peer.caching?.hit?.source ?? ""].map(String);
  const child = Bun.spawn([process.execPath, script, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot measure ${peer.name}: the load failed`);
  return JSON.parse(text) as { bytes: number; seconds: number };
}
