/**
 * Who takes part: our executable and the proxies that people would use in its
 * place, each started as a process of its own on a free loopback port, with one
 * worker or thread. Only what was started here is ended here.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unusedPort } from "../../test/support/port.ts";
import { startProxy } from "../../test/support/proxy.ts";
import { type Caching, foreignCaches, ourCaches } from "./cache-peers.ts";
import {
  haproxyHttp,
  haproxyTcp,
  nginxForward,
  nginxLargeBuffers,
  squid,
  squidWith,
  tinyproxy,
} from "./peer-configs.ts";
import { ourPolicy, squidPolicy, writePolicyFiles } from "./policy.ts";

export type PeerName =
  | "headgate"
  | "headgate, JSON log"
  | "headgate, 2 workers"
  | "headgate, policy"
  | "headgate, cache"
  | "headgate, forward cache"
  | "headgate, disk"
  | "nginx"
  | "nginx, large buffers"
  | "nginx, cache"
  | "nginx, cache, open files kept"
  | "haproxy"
  | "haproxy, tcp"
  | "squid"
  | "squid, the same ACLs"
  | "squid, cache"
  | "squid, forward cache"
  | "varnish"
  | "tinyproxy";

/** The ports of the upstreams that a peer without CONNECT or forward mode must know beforehand. */
export interface UpstreamPorts {
  readonly web: number;
  readonly tunnel: number;
}

export interface Peer {
  readonly name: PeerName;
  readonly port: number;
  readonly pid: number;
  /** False: every connection is joined with the tunnels' upstream unasked. */
  readonly hasConnect: boolean;
  /** False: it closes a client's connection after one request. */
  readonly keepsConnections: boolean;
  /** Undefined: it has no cache, or it is off. */
  readonly caching: Caching | undefined;
  /** From its being started until it listened. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface Foreign {
  readonly program: string;
  readonly args: (config: string, port: number, folder: string) => readonly string[];
  readonly config: (port: number, upstream: UpstreamPorts, folder: string) => string | Promise<string>;
  readonly hasConnect: boolean;
  readonly caching?: Caching;
}

const nginx = { program: "nginx", args: (file: string) => ["-c", file], hasConnect: false };
const haproxy = { program: "haproxy", args: (file: string) => ["-db", "-f", file], hasConnect: false };

const squidProgram = {
  program: "squid",
  args: (file: string) => ["-N", "-f", file],
  hasConnect: true,
};

const foreign: Partial<Record<PeerName, Foreign>> = {
  nginx: { ...nginx, config: nginxForward },
  "nginx, large buffers": { ...nginx, config: nginxLargeBuffers },
  haproxy: { ...haproxy, config: haproxyHttp },
  "haproxy, tcp": { ...haproxy, config: haproxyTcp },
  squid: { ...squidProgram, config: squid },
  "squid, the same ACLs": {
    ...squidProgram,
    config: async (port, _upstream, folder) =>
      squidWith(squidPolicy(await writePolicyFiles(folder)), port, folder),
  },
  tinyproxy: {
    program: "tinyproxy",
    args: (file) => ["-d", "-c", file],
    config: tinyproxy,
    hasConnect: true,
  },
  ...foreignCaches,
};

/** Above what any row opens; what is measured is the cost of the checks, not their effect. */
const LIMITS = { connections: 16_000, connectionsPerClient: 16_000 };

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 2_000;

/** The program that a peer needs and this machine lacks; undefined when it can run. */
export function missingProgram(name: PeerName): string | undefined {
  const program = foreign[name]?.program;
  return program !== undefined && Bun.which(program) === null ? program : undefined;
}

export async function startPeer(name: PeerName, upstream: UpstreamPorts): Promise<Peer> {
  const folder = await makeReadableFolder();
  const known = foreign[name];
  try {
    return await (known ? startForeign(name, known, upstream, folder) : startOurs(name, upstream, folder));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startOurs(name: PeerName, upstream: UpstreamPorts, folder: string): Promise<Peer> {
  const settings = await ourSettings(name, upstream, folder);
  const startedAt = performance.now();
  const proxy = await startProxy(settings);
  const startMs = performance.now() - startedAt;
  const stop = async () => {
    await proxy.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const { port, pid } = proxy;
  const caching = ourCaches[name]?.caching;
  return { name, port, pid, hasConnect: true, keepsConnections: true, caching, startMs, stop };
}

/** No cache, except where the row is about it: the others forward, as their peers do. */
async function ourSettings(name: PeerName, upstream: UpstreamPorts, folder: string) {
  const log =
    name === "headgate, JSON log"
      ? { access: join(folder, "access.log"), format: "json" }
      : { access: "off" };
  const workers = name === "headgate, 2 workers" ? 2 : 1;
  const policy = name === "headgate, policy" ? await ourPolicy(folder) : {};
  const cache = (await ourCaches[name]?.settings(upstream, folder)) ?? { cache: { memory: "off" } };
  return { workers, log, limits: LIMITS, ...policy, ...cache };
}

async function startForeign(
  name: PeerName,
  peer: Foreign,
  upstream: UpstreamPorts,
  folder: string,
): Promise<Peer> {
  const port = unusedPort();
  const config = join(folder, "config");
  await Bun.write(config, await peer.config(port, upstream, folder));
  const server = await startServer([peer.program, ...peer.args(config, port, folder)], port, folder);
  const { hasConnect, caching } = peer;
  return { name, port, hasConnect, caching, keepsConnections: name !== "tinyproxy", ...server };
}

/** Runs a server in the foreground until `stop`, from the moment when its port answers. */
export async function startServer(command: readonly string[], port: number, folder: string) {
  const said = join(folder, "stderr");
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(said),
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const insist = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await child.exited;
    clearTimeout(insist);
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + START_MS_MAX;
  while (!(await answers(port))) {
    if (child.exitCode === null && Date.now() < deadline) {
      await Bun.sleep(2);
      continue;
    }
    const words = await Bun.file(said).text();
    await stop();
    throw new Error(`Cannot start ${command[0]}: it said\n${words}`);
  }
  return { pid: child.pid, startMs: performance.now() - startedAt, stop };
}

/** Some of the programs give up root, and must still read their own config. */
export async function makeReadableFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  await chmod(folder, 0o755);
  return folder;
}

async function answers(port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).end();
    return true;
  } catch {
    return false;
  }
}
