/**
 * Programs of this machine that a test needs: is it there, run it to its end.
 * Without one, the test is skipped with a line that says so; on CI, where
 * `.ci/run` installs them, a missing one is a failure.
 */
import { test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to an environment without the settings of this machine's clients. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array | string;
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** So long may a program run before it is ended; a test has 20 s in all, one with tools 60 s. */
const RUN_MS_MAX = 50_000;
const TEST_MS_MAX = 60_000;

export function testWith(tools: readonly string[], name: string, body: () => Promise<void>): void {
  const missing = missingOf(tools);
  if (missing.length === 0) {
    test(name, body, TEST_MS_MAX);
  } else if (process.env["CI"] === "true") {
    test(name, () => Promise.reject(new Error(`Cannot test: needs ${missing.join(", ")}`)));
  } else {
    test.skip(`${name} (skipped: needs ${missing.join(", ")})`, body);
  }
}

export function missingOf(tools: readonly string[]): string[] {
  return tools.filter((tool) => Bun.which(tool) === null);
}

/** The folder of one test, gone after it: `await using folder = await makeFolder()`. */
export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "headgate-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = Bun.spawn([...command], {
    ...(options.cwd && { cwd: options.cwd }),
    env: { ...withoutSettings(process.env), LC_ALL: "C", ...options.env },
    stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
    stdout: "pipe",
    stderr: "pipe",
    timeout: RUN_MS_MAX,
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Like `run`, and throws what the program said when it fails. */
export async function runOk(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await run(command, options);
  if (outcome.code === 0) return outcome;
  throw new Error(`${command.join(" ")} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
}

/** A proxy, a registry or a certificate store that this machine is set up with is not what the test means. */
function withoutSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => !/_proxy$|^npm_|^git_|^ssl_|^curl_/i.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}
