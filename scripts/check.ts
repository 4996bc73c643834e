/** Everything that can be known without running the proxy. One line for each check; what a failed one said stands below it. */
import { join } from "node:path";

const checks = [
  ["types", ["node_modules/.bin/tsc", "--noEmit"]],
  ["format and lint", ["node_modules/.bin/biome", "check"]],
  ["layers", ["scripts/check-layers.ts"]],
  ["config reference", ["scripts/config-reference.ts", "--check"]],
] as const;

process.chdir(join(import.meta.dir, ".."));

let failed = 0;
for (const [name, command] of checks) {
  const startedAt = performance.now();
  const child = Bun.spawn([process.execPath, ...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const took = `${Math.round(performance.now() - startedAt)} ms`;
  console.log(`${code === 0 ? "ok    " : "FAILED"}  ${name.padEnd(16)}  ${took}`);
  if (code === 0) continue;
  failed++;
  process.stdout.write(`${stdout}${stderr}`);
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
