/**
 * Minutes of mixed load with faults on both sides, and then: does everything
 * return to where it was? The proxy is warmed up with the same load first, so
 * that compiled code and pools are part of where it was. Its deadlines are short,
 * so that what only a deadline ends has ended when the second reading is taken. Its
 * cache is small, so that both stores are full and turn things out all the time.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unusedPort } from "../test/support/port.ts";
import { type RunningProxy, startProxy } from "../test/support/proxy.ts";
import { openDescriptors, rssBytes } from "./bench/cpu.ts";
import { briskCacheVisits, idleCacheVisits } from "./soak/cache-clients.ts";
import { briskVisits, idleVisits, type Ports, type Visit } from "./soak/clients.ts";
import { startFaultyUpstream } from "./soak/upstream.ts";

const USAGE = `Usage: bun scripts/soak.ts [OPTIONS]     (builds nothing: run npm run build first)

  --minutes N    length of the load (5)
  --lanes N      visits at once (32)
  --workers N    of the proxy (2)
  --help         print this
`;

const CONFIG = {
  timeouts: {
    head: "1s",
    connect: "1s",
    firstByte: "2s",
    idle: "2s",
    body: "2s",
    tunnelIdle: "2s",
    drain: "2s",
  },
  pool: { idle: "2s" },
  log: { access: "off" },
};

const CACHE = { memory: "4MiB", purge: ["127.0.0.0/8"] };
const DISK_SIZE = "64MiB";

/** Longer than the longest deadline above and the pool's, one after the other. */
const SETTLE_MS = 8_000;
const REPORT_MS = 10_000;

/** The heap is collected when it likes; a leak of a kilobyte a visit is more than this in a minute. */
const RSS_GROWTH_BYTES_MAX = 16 * 2 ** 20;

/** The status connection that reads them, and a listener's at the moment of reading. */
const DESCRIPTOR_GROWTH_MAX = 2;

interface Reading {
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly connectionsOpen: number;
  readonly inFlight: number;
  readonly tunnelsOpen: number;
  readonly upstreamOpen: number;
  readonly upstreamIdle: number;
  readonly exchanges: number;
  readonly handlerErrors: number;
  readonly workerRestarts: number;
  /** Bytes stored above what there may be. */
  readonly memoryExcess: number;
  readonly diskExcess: number;
  /** Files that something is being written to. */
  readonly drafts: number;
}

interface Tally {
  done: number;
  failed: number;
  firstFailure: string;
}

const options = parseOptions();
const upstream = startFaultyUpstream();
const unsteady = startFaultyUpstream();
const disk = await mkdtemp(join(tmpdir(), "headgate-soak-"));
const cache = { ...CACHE, disk: { path: disk, size: DISK_SIZE } };
const proxy = await startProxy({ ...CONFIG, cache, workers: options.workers });
const ports = {
  proxy: proxy.port,
  upstream: upstream.port,
  unsteady: unsteady.port,
  nobody: unusedPort(),
  admin: proxy.admin ?? "",
};
const allBrisk = { ...briskVisits, ...briskCacheVisits };
const allIdle = { ...idleVisits, ...idleCacheVisits };
const tallies = new Map<string, Tally>(
  Object.keys({ ...allBrisk, ...allIdle }).map((name) => [name, { done: 0, failed: 0, firstFailure: "" }]),
);

try {
  await load(ports, Math.min(30_000, options.minutes * 30_000));
  await Bun.sleep(SETTLE_MS);
  const before = await read(proxy);

  const reports = setInterval(() => void reportAndReload(), REPORT_MS);
  await load(ports, options.minutes * 60_000);
  clearInterval(reports);

  await Bun.sleep(SETTLE_MS);
  const after = await read(proxy);
  const verdicts = [printVisits(), printReadings(before, after), await printCache(proxy)];
  process.exitCode = verdicts.includes(false) ? 1 : 0;
} finally {
  await proxy.stop();
  upstream.stop();
  unsteady.stop();
  await rm(disk, { recursive: true, force: true });
}

/** Half of the lanes make brisk visits, half idle ones, so that those who wait do not slow down the rest. */
async function load(ports: Ports, durationMs: number): Promise<void> {
  const endsAt = Date.now() + durationMs;
  const kinds = [Object.entries(allBrisk), Object.entries(allIdle)];
  const lanes = Array.from({ length: options.lanes }, (_, at) =>
    runLane(ports, kinds[at % 2] ?? [], at, endsAt),
  );
  await Promise.all(lanes);
}

/** Goes through all of `visits` over and over; `start` sets the lanes apart. */
async function runLane(
  ports: Ports,
  visits: [string, Visit][],
  start: number,
  endsAt: number,
): Promise<void> {
  for (let at = start; Date.now() < endsAt; at++) {
    const [name, visit] = visits[at % visits.length] ?? [];
    const tally = tallies.get(name ?? "");
    if (tally === undefined || visit === undefined) return;
    try {
      await visit(ports);
      tally.done++;
    } catch (error) {
      tally.failed++;
      tally.firstFailure ||= (error as Error).message;
    }
  }
}

async function read(proxy: RunningProxy): Promise<Reading> {
  const { totals, upstream, cache } = await proxy.status();
  const { connectionsOpen, inFlight, tunnelsOpen, exchanges, handlerErrors, workerRestarts } = totals;
  return {
    rssBytes: rssBytes(proxy.pid),
    descriptors: openDescriptors(proxy.pid),
    connectionsOpen,
    inFlight,
    tunnelsOpen,
    upstreamOpen: upstream.open,
    upstreamIdle: upstream.idle,
    exchanges,
    handlerErrors,
    workerRestarts,
    memoryExcess: excessOf(cache.memory),
    diskExcess: excessOf(cache.disk),
    drafts: (await readdir(join(disk, "tmp"))).length,
  };
}

function excessOf(tier: { readonly bytes: number; readonly capacityBytes: number } | null): number {
  return tier === null ? 0 : Math.max(0, tier.bytes - tier.capacityBytes);
}

/** A cache that did nothing would be well in all that was read. */
async function printCache(proxy: RunningProxy): Promise<boolean> {
  const { requests, memory, disk, purged } = (await proxy.status()).cache;
  const told = Object.entries(requests).map(([word, count]) => `${word} ${count}`);
  console.log(`\ncache: ${told.join(", ")}, purged ${purged}`);
  for (const [name, tier] of Object.entries({ memory, disk })) {
    if (tier !== null)
      console.log(
        `${name}: ${tier.entries} of ${tier.stored} stored, ${megabytes(tier.bytes)}, ${tier.evictions} evicted`,
      );
  }
  const wasUsed = [requests.hit, requests.hit_disk, requests.revalidated, requests.collapsed, purged];
  const isWell =
    wasUsed.every((count) => count > 0) && [memory, disk].every((tier) => (tier?.evictions ?? 0) > 0);
  if (!isWell) console.log("NOT WELL: something of it was never used");
  return isWell;
}

/** A reload under load is part of a long life. */
async function reportAndReload(): Promise<void> {
  const reading = await read(proxy);
  proxy.signal("SIGHUP");
  const { exchanges, connectionsOpen, tunnelsOpen, upstreamOpen, descriptors } = reading;
  console.log(
    `${megabytes(reading.rssBytes)} RSS, ${descriptors} descriptors, ${exchanges} exchanges, ` +
      `open: ${connectionsOpen} clients, ${tunnelsOpen} tunnels, ${upstreamOpen} upstreams`,
  );
}

function printVisits(): boolean {
  console.log("\nvisits      failed   what");
  for (const [name, { done, failed, firstFailure }] of tallies) {
    const counts = `${String(done + failed).padEnd(12)}${String(failed).padEnd(9)}`;
    console.log(counts + name + (failed > 0 ? `: ${firstFailure}` : ""));
  }
  return [...tallies.values()].every(({ done, failed }) => failed === 0 && done > 0);
}

function printReadings(before: Reading, after: Reading): boolean {
  const rows: readonly (readonly [string, number, number, string, boolean])[] = [
    [
      "RSS, MB",
      before.rssBytes / 1e6,
      after.rssBytes / 1e6,
      `+${megabytes(RSS_GROWTH_BYTES_MAX)}`,
      after.rssBytes <= before.rssBytes + RSS_GROWTH_BYTES_MAX,
    ],
    [
      "descriptors",
      before.descriptors,
      after.descriptors,
      `+${DESCRIPTOR_GROWTH_MAX}`,
      after.descriptors <= before.descriptors + DESCRIPTOR_GROWTH_MAX,
    ],
    ...(
      [
        "connectionsOpen",
        "inFlight",
        "tunnelsOpen",
        "upstreamOpen",
        "upstreamIdle",
        "handlerErrors",
        "workerRestarts",
        "memoryExcess",
        "diskExcess",
        "drafts",
      ] as const
    ).map((name) => [name, before[name], after[name], "0", after[name] === 0] as const),
  ];
  console.log(`\n${"".padEnd(18)}${"before".padStart(10)}${"after".padStart(10)}${"at most".padStart(12)}`);
  for (const [name, was, is, limit, isWell] of rows) {
    const figures = [was, is].map((value) => value.toFixed(name.startsWith("RSS") ? 1 : 0).padStart(10));
    console.log(
      `${name.padEnd(18)}${figures.join("")}${limit.padStart(12)}  ${isWell ? "well" : "NOT WELL"}`,
    );
  }
  return rows.every(([, , , , isWell]) => isWell);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "5" },
        lanes: { type: "string", default: "32" },
        workers: { type: "string", default: "2" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return {
      minutes: parseAmount("--minutes", values.minutes, 24 * 60),
      lanes: Math.ceil(parseAmount("--lanes", values.lanes, 400)),
      workers: Math.ceil(parseAmount("--workers", values.workers, 64)),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function parseAmount(flag: string, text: string, max: number): number {
  const amount = Number(text);
  if (amount > 0 && amount <= max) return amount;
  throw new Error(`Cannot use ${flag} ${text}: expected a number above 0, at most ${max}`);
}
