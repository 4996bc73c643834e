/**
 * The built executable, run for a test: free ports, waits until it listens,
 * keeps what it says, and is ended with the test. It promises that nothing of
 * it is left behind; it knows only the command line and two lines of stderr.
 *
 *   await using proxy = await startProxy({ limits: { connections: 4 } });
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { StatusReport } from "../../src/admin/status-report.ts";

/** A config as the file has it (listeners and admin are put on free ports when left out), or the flags of `serve`. */
export type ProxySettings = Readonly<Record<string, unknown>> | readonly string[];

export interface ProxyOptions {
  /** The working directory; a fresh empty one when left out. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A descriptor for its stdout, in place of the pipe that is read. */
  readonly stdout?: number;
}

export interface RunningProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` of the first listener. */
  readonly url: string;
  /** The port of the first listener. */
  readonly port: number;
  /** The ports of all listeners, in the order of the config. */
  readonly ports: readonly number[];
  /** The base URL of the status port; undefined when it is off. */
  readonly admin: string | undefined;
  readonly pid: number;
  readonly exited: Promise<number>;
  stdout(): string;
  stderr(): string;
  /** The JSON lines on stdout so far; they come in batches, so wait for the one you need. */
  accessLog(): Record<string, unknown>[];
  /** What the status port says of everything. */
  status(): Promise<StatusReport>;
  /** The value of one series of /metrics, written as there: `name{label="value"}`. */
  metric(series: string): Promise<number>;
  /** Writes its config file anew; it is read when the proxy is told to reload. */
  rewriteConfig(config: string | Readonly<Record<string, unknown>>): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, insists after `STOP_MS_MAX`, and gives its exit code. */
  stop(): Promise<number>;
}

/** HEADGATE_EXECUTABLE points the same tests at another build. */
export const EXECUTABLE = resolve(process.env["HEADGATE_EXECUTABLE"] ?? "dist/headgate");

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;
/** A config that a test gives is laid over this. */
const defaults = {
  listeners: [{ address: "127.0.0.1:0", mode: "forward" }],
  admin: { address: "127.0.0.1:0" },
};
const LISTENING = /^headgate: listening on http:\/\/(\S+):(\d+) /gm;
const STATUS = /^headgate: status on (http:\/\/\S+)$/m;

export async function startProxy(
  settings: ProxySettings = {},
  options: ProxyOptions = {},
): Promise<RunningProxy> {
  if (!existsSync(EXECUTABLE))
    throw new Error(`Cannot start ${EXECUTABLE}: not built, run "npm run build" first`);
  const folder = await mkdtemp(join(tmpdir(), "headgate-test-"));
  const file = join(folder, "headgate.json");
  const { args, listeners, hasAdmin } = await commandLine(settings, file);

  const child = Bun.spawn([EXECUTABLE, "serve", ...args], {
    cwd: options.cwd ?? folder,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdin: "ignore",
    stdout: options.stdout ?? "pipe",
    stderr: "pipe",
  });
  const stdout = child.stdout instanceof ReadableStream ? collect(child.stdout) : () => "";
  const stderr = collect(child.stderr);

  async function stop(): Promise<number> {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const insist = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    const code = await child.exited;
    clearTimeout(insist);
    await rm(folder, { recursive: true, force: true });
    return code;
  }

  const deadline = Date.now() + START_MS_MAX;
  const isListening = () =>
    [...stderr().matchAll(LISTENING)].length >= listeners && (!hasAdmin || STATUS.test(stderr()));
  while (!isListening()) {
    if (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      await Bun.sleep(2);
      continue;
    }
    await stop();
    throw new Error(`Cannot start ${EXECUTABLE} ${args.join(" ")}: it said\n${stderr()}`);
  }

  const ports = [...stderr().matchAll(LISTENING)].map(([, , port]) => Number(port));
  const port = ports[0] ?? 0;
  const admin = STATUS.exec(stderr())?.[1];
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ports,
    admin,
    pid: child.pid,
    exited: child.exited,
    stdout,
    stderr,
    accessLog: () => parseLines(stdout()),
    status: async () => (await fetch(`${admin}/status`, { proxy: false })).json() as Promise<StatusReport>,
    metric: async (series) =>
      readSeries(await (await fetch(`${admin}/metrics`, { proxy: false })).text(), series),
    rewriteConfig: async (config) => {
      await Bun.write(file, typeof config === "string" ? config : JSON.stringify({ ...defaults, ...config }));
    },
    signal: (name) => child.kill(name),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function commandLine(settings: ProxySettings, file: string) {
  if (isFlags(settings)) {
    const args = [...settings];
    if (!args.includes("--listen")) args.push("--listen", "127.0.0.1:0");
    if (!args.includes("--admin")) args.push("--admin", "127.0.0.1:0");
    return { args, listeners: 1, hasAdmin: args[args.indexOf("--admin") + 1] !== "off" };
  }
  const config: Record<string, unknown> = { ...defaults, ...settings };
  await Bun.write(file, JSON.stringify(config, undefined, 2));
  const hasAdmin = (config["admin"] as { address?: string }).address !== "off";
  return { args: ["-c", file], listeners: (config["listeners"] as unknown[]).length, hasAdmin };
}

function readSeries(metrics: string, series: string): number {
  const line = metrics.split("\n").find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`Cannot find ${series} in /metrics`);
  return Number(line.slice(series.length + 1));
}

function isFlags(settings: ProxySettings): settings is readonly string[] {
  return Array.isArray(settings);
}

function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  void (async () => {
    for await (const bytes of stream) text += decoder.decode(bytes, { stream: true });
  })();
  return () => text;
}

/** The last line may still be on its way. */
function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}
