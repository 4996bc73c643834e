/**
 * Makes the executables. Each holds Bun, main.ts and worker.ts, and never reads
 * a `bunfig.toml` or `.env` where it is started: on a CI runner those come with
 * the checkout, and `preload` would run its code before ours
 * (test/wire/executable.test.ts holds this).
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json";

const USAGE = `Usage: npm run build [-- OPTIONS]

Builds dist/headgate for this machine.

  --all           build for every target: dist/headgate-VERSION-TARGET and dist/SHA256SUMS
  --outfile PATH  build for this machine, to PATH
  --quiet         print nothing unless it fails
  --help          print this
`;

/** Bun's name of the target, ours in the file name, what the file name ends in. */
const targets = [
  ["bun-linux-x64", "linux-x64", ""],
  ["bun-linux-arm64", "linux-arm64", ""],
  ["bun-linux-x64-musl", "linux-x64-musl", ""],
  ["bun-darwin-arm64", "macos-arm64", ""],
  ["bun-darwin-x64", "macos-x64", ""],
  ["bun-windows-x64", "windows-x64", ".exe"],
] as const;

const options = parseOptions();
const outfile = options.outfile === undefined ? "dist/headgate" : resolve(options.outfile);
// So that the folder one calls this from does not matter.
process.chdir(join(import.meta.dir, ".."));
const commit = readCommit();

if (options.all) {
  const files: string[] = [];
  for (const [target, name, suffix] of targets) {
    const file = `headgate-${manifest.version}-${name}${suffix}`;
    await build(`dist/${file}`, target);
    files.push(file);
  }
  await writeSums(files);
} else {
  await build(outfile, undefined);
}

async function build(file: string, target: Bun.Build.CompileTarget | undefined): Promise<void> {
  const startedAt = performance.now();
  const result = await Bun.build({
    entrypoints: ["src/main.ts", "src/worker.ts"],
    format: "esm",
    minify: true,
    bytecode: true,
    define: { HEADGATE_VERSION: JSON.stringify(manifest.version), HEADGATE_COMMIT: JSON.stringify(commit) },
    compile: {
      outfile: file,
      autoloadBunfig: false,
      autoloadDotenv: false,
      ...(target && { target }),
    },
    throw: false,
  });
  if (!result.success) fail(`Cannot build ${file}:\n${result.logs.join("\n")}`, 1);

  const megabytes = Math.round(Bun.file(file).size / 1e6);
  say(`${file}  ${megabytes} MB  ${Math.round(performance.now() - startedAt)} ms`);
}

/** As sha256sum(1) writes and checks it. */
async function writeSums(files: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = new Bun.CryptoHasher("sha256");
    for await (const bytes of Bun.file(`dist/${file}`).stream()) hash.update(bytes);
    lines.push(`${hash.digest("hex")}  ${file}\n`);
  }
  await Bun.write("dist/SHA256SUMS", lines.join(""));
  say("dist/SHA256SUMS");
}

/** A source archive has no git, and still builds. */
function readCommit(): string {
  if (Bun.which("git") === null) return "unknown";
  const { success, stdout } = Bun.spawnSync(["git", "rev-parse", "--short=12", "HEAD"], { stderr: "ignore" });
  return success ? stdout.toString().trim() : "unknown";
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        all: { type: "boolean", default: false },
        outfile: { type: "string" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.all && values.outfile !== undefined)
      throw new Error("--outfile is for one target, not for --all");
    if (!values.help) return values;
  } catch (error) {
    fail(`${(error as Error).message}\n\n${USAGE}`, 2);
  }
  process.stdout.write(USAGE);
  process.exit(0);
}

function say(line: string): void {
  if (!options.quiet) console.log(line);
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}
