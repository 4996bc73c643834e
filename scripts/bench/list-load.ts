/**
 * Loads one list as the main thread does and looks hosts up as a worker does, in
 * a process of its own, so that memory is the list's. A folder from `lists.ts`
 * comes as argument; one line of JSON goes to stdout.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ListKeeper } from "../../src/lists/keeper.ts";
import { ListTable } from "../../src/policy/list/table.ts";
import { rssBytes } from "./cpu.ts";

const LOOK_UPS = 2_000_000;

/** What is longer than this between two turns of the event loop would be felt on the status port. */
const BEAT_MS = 1;

const folder = process.argv[2] ?? "";
const probes: { hits: string[]; misses: string[] } = await Bun.file(join(folder, "probes.json")).json();
const keeper = new ListKeeper(console.error, () => {});

// Once on a small list, so that what is measured is the list and not the engine's start.
await load("warm-up.txt");
Bun.gc(true);
const rssBefore = rssBytes(process.pid);

let longestHoldMs = 0;
let lastBeat = performance.now();
const beat = setInterval(() => {
  longestHoldMs = Math.max(longestHoldMs, performance.now() - lastBeat - BEAT_MS);
  lastBeat = performance.now();
}, BEAT_MS);
const startedAt = performance.now();
const buffer = await load("list.txt");
const loadSeconds = (performance.now() - startedAt) / 1_000;
clearInterval(beat);

const table = new ListTable(buffer);
const hitNs = lookUpNs(probes.hits, true);
const missNs = lookUpNs(probes.misses, false);
Bun.gc(true);
await Bun.sleep(500);
Bun.gc(true);
const result = {
  "load s": loadSeconds,
  "bytes/domain": table.size.bytes / table.size.entries,
  "RSS bytes/domain": (rssBytes(process.pid) - rssBefore) / table.size.entries,
  "peak MB": peakBytes() / 1e6,
  "longest hold ms": longestHoldMs,
  "hit ns": hitNs,
  "miss ns": missNs,
};
keeper.close();
console.log(JSON.stringify(result));

async function load(name: string): Promise<SharedArrayBuffer> {
  const spec = { name, file: join(folder, name), url: undefined, interval: 3_600_000, optional: false };
  const prepared = await keeper.prepare([spec]);
  if (!prepared.ok) throw new Error(prepared.problems.join("\n"));
  prepared.commit();
  return prepared.tables.get(name) as SharedArrayBuffer;
}

function lookUpNs(hosts: readonly string[], isListed: boolean): number {
  for (const host of hosts) {
    if (table.hasHost(host) !== isListed) throw new Error(`Cannot believe the list: ${host}`);
  }
  const from = Bun.nanoseconds();
  for (let asked = 0; asked < LOOK_UPS; asked++) table.hasHost(hosts[asked % hosts.length] ?? "");
  return (Bun.nanoseconds() - from) / LOOK_UPS;
}

function peakBytes(): number {
  const status = readFileSync("/proc/self/status", "latin1");
  return 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}
