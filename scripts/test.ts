/**
 * Everything that must hold, in the order in which it is cheapest to know that
 * it does not: checks, build, unit tests, tests on the built executable. Each
 * runs whatever became of the one before, and prints as it would by itself.
 * The last line is the sum of what really ran; a check and the build count as
 * one each.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

process.chdir(join(import.meta.dir, ".."));
const folder = await mkdtemp(join(tmpdir(), "headgate-test-"));

const results = [
  await runChecks(),
  await runStep("build", ["scripts/build.ts"]),
  await runTests("unit", ["--path-ignore-patterns", "test/wire/**"]),
  await runTests("wire", ["test/wire"]),
];
await rm(folder, { recursive: true });

const passed = sum("passed");
const failed = sum("failed");
const skipped = sum("skipped");
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 ? 1 : 0);

/** scripts/check.ts closes with its own sum, on stdout. */
async function runChecks(): Promise<Counts> {
  title("check");
  const { exitCode, output } = await run(["scripts/check.ts"], "pipe");
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  if (passed === undefined) return oneOf(exitCode);
  return honest({ passed: Number(passed), failed: Number(failed), skipped: 0 }, exitCode);
}

async function runStep(name: string, args: readonly string[]): Promise<Counts> {
  title(name);
  return oneOf((await run(args, "inherit")).exitCode);
}

async function runTests(name: string, args: readonly string[]): Promise<Counts> {
  title(name);
  const report = join(folder, `${name}.xml`);
  const { exitCode } = await run(
    ["test", "--timeout=20000", ...args, "--reporter=junit", `--reporter-outfile=${report}`],
    "inherit",
  );
  return honest(await readReport(report), exitCode);
}

/** The counts of the whole run are attributes of the report's outermost element. */
async function readReport(path: string): Promise<Counts> {
  const file = Bun.file(path);
  const [root = ""] = (await file.exists()) ? (/<testsuites [^>]*>/.exec(await file.text()) ?? []) : [];
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

async function run(args: readonly string[], stdout: "inherit" | "pipe") {
  const child = Bun.spawn([process.execPath, ...args], { stdin: "ignore", stdout, stderr: "inherit" });
  let output = "";
  if (child.stdout) {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      process.stdout.write(text);
      output += text;
    }
  }
  return { exitCode: await child.exited, output };
}

/** A runner that fails without a failed test (a file that does not load, a crash) has failed once. */
function honest(counts: Counts, exitCode: number): Counts {
  const nothingRan = counts.passed + counts.failed === 0;
  return counts.failed === 0 && (exitCode !== 0 || nothingRan) ? { ...counts, failed: 1 } : counts;
}

function oneOf(exitCode: number): Counts {
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
}

function sum(key: keyof Counts): number {
  return results.reduce((total, counts) => total + counts[key], 0);
}

function title(name: string): void {
  console.log(`\n── ${name} ──`);
}
