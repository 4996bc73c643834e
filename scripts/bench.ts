/**
 * How fast we are, next to nginx, haproxy, squid, varnish and tinyproxy, in one run
 * on one machine. Peers take turns within every round, so that a machine which is
 * slow for a while is slow for all; figures are medians of the rounds. CPU per
 * request is the figure that survives a noisy machine; the rest is for context.
 */
import { mkdir } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { unusedPort } from "../test/support/port.ts";
import { SMALL_FILES, writeFile } from "./bench/files.ts";
import { firstLine, type Sample } from "./bench/load.ts";
import { nginxWeb } from "./bench/peer-configs.ts";
import {
  makeReadableFolder,
  missingProgram,
  type Peer,
  type PeerName,
  startPeer,
  startServer,
  type UpstreamPorts,
} from "./bench/peers.ts";
import { formatRow, type RowResult, summarize } from "./bench/report.ts";
import { type Row, rows, type Scale } from "./bench/rows.ts";

const USAGE = `Usage: npm run bench [-- OPTIONS]     (builds nothing: run npm run build first)

  --only NAME    only this row; may be given more than once
  --rounds N     rounds, of which the median counts (5)
  --seconds N    length of one measurement (4)
  --quick        one round of a second of the main rows, 45 seconds in all
  --json FILE    the figures as JSON, too
  --list         the names of the rows
  --help         print this
`;

/** What was started and not yet ended, in case the run is cut short. */
const running = new Set<() => Promise<void>>();

const options = parseOptions();
process.on("SIGINT", () => void stopAll().finally(() => process.exit(130)));
const results: RowResult[] = [];
let hasFailed = false;
try {
  const upstreams = await startUpstreams();
  const scale = { seconds: options.seconds, tunnelBytes: options.quick ? 2 ** 28 : 2 ** 30, ...upstreams };
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, Linux ${release()}`);
  for (const row of options.rows) {
    const result = await measureRow(row, scale);
    results.push(result);
    console.log(formatRow(result));
  }
} finally {
  await stopAll();
}
if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
process.exit(hasFailed ? 1 : 0);

async function measureRow(row: Row, scale: Scale): Promise<RowResult> {
  const notes: string[] = [];
  const samples = new Map<PeerName, Sample[]>();
  const peers = new Map<PeerName, Peer>();
  const lacking = row.needs.filter((program) => Bun.which(program) === null);
  if (lacking.length > 0) notes.push(`not measured: needs ${lacking.join(", ")}`);

  for (const name of lacking.length > 0 ? [] : row.peers) {
    const missing = missingProgram(name);
    if (missing === undefined) samples.set(name, []);
    else notes.push(`${name}: not measured, ${missing} is not installed`);
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, rounds] of samples) {
      try {
        const peer = peers.get(name) ?? (await start(name, scale.upstream));
        peers.set(name, peer);
        rounds.push(await row.measure(peer, scale));
        if (row.isFresh) await stop(peers, name);
      } catch (error) {
        hasFailed = true;
        samples.delete(name);
        notes.push(`${name}: ${(error as Error).message}`);
      }
    }
  }
  for (const name of peers.keys()) await stop(peers, name);
  return summarize(row, samples, notes);
}

async function start(name: PeerName, upstream: UpstreamPorts): Promise<Peer> {
  const peer = await startPeer(name, upstream);
  running.add(peer.stop);
  return peer;
}

async function stop(peers: Map<PeerName, Peer>, name: PeerName): Promise<void> {
  const peer = peers.get(name);
  if (peer === undefined) return;
  peers.delete(name);
  running.delete(peer.stop);
  await peer.stop();
}

/** nginx for pages, and a program of our own for tunnels. They serve all rows. */
async function startUpstreams(): Promise<{ upstream: UpstreamPorts; files: string }> {
  const script = join(import.meta.dir, "bench/tunnel-upstream.ts");
  const child = Bun.spawn([process.execPath, script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  running.add(async () => {
    child.stdin.end();
    await child.exited;
  });
  const tunnel = Number(await firstLine(child.stdout));
  if (Bun.which("nginx") === null) return { upstream: { web: 0, tunnel }, files: "" };

  const folder = await makeReadableFolder();
  const files = join(folder, "files");
  await mkdir(files);
  for (const name of SMALL_FILES) await writeFile(files, name);
  const web = unusedPort();
  const config = join(folder, "config");
  await Bun.write(config, nginxWeb(web, folder));
  running.add((await startServer(["nginx", "-c", config], web, folder)).stop);
  return { upstream: { web, tunnel }, files };
}

async function stopAll(): Promise<void> {
  const stops = [...running];
  running.clear();
  await Promise.all(stops.map((stop) => stop()));
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true },
        rounds: { type: "string" },
        seconds: { type: "string" },
        quick: { type: "boolean", default: false },
        json: { type: "string" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) leave(USAGE);
    if (values.list) leave(rows.map(({ name, title }) => `${name.padEnd(16)}${title}\n`).join(""));
    return {
      rows: pickRows(values.only, values.quick),
      rounds: parseCount("--rounds", values.rounds, values.quick ? 1 : 5, 100),
      seconds: parseCount("--seconds", values.seconds, values.quick ? 1 : 4, 60),
      quick: values.quick,
      json: values.json,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function pickRows(only: readonly string[] | undefined, quick: boolean): readonly Row[] {
  if (only === undefined) return rows.filter(({ isQuick }) => isQuick || !quick);
  return only.map((name) => {
    const row = rows.find((each) => each.name === name);
    if (row === undefined)
      throw new Error(`Cannot measure "${name}": the rows are ${rows.map((r) => r.name).join(", ")}`);
    return row;
  });
}

function parseCount(flag: string, text: string | undefined, fallback: number, max: number): number {
  const count = text === undefined ? fallback : Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new Error(`Cannot use ${flag} ${text}: expected a whole number from 1 to ${max}`);
}

function leave(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}
