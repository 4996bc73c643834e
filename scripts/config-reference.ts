/**
 * Writes what the README says of settings and flags, from the schema and the
 * table of flags: between `<!-- settings:begin -->` and `<!-- settings:end -->`
 * the settings, between `<!-- help-serve:begin -->` and its end the help.
 *
 *   bun scripts/config-reference.ts [--check] [FILE]
 *
 * With --check it writes nothing, and fails when the file says anything else.
 */
import { join } from "node:path";
import { helpText } from "../src/cli/help.ts";
import { type Setting, settingsOf } from "../src/config/reference.ts";
import { configSchema } from "../src/config/schema.ts";

const args = process.argv.slice(2);
const isCheck = args.includes("--check");
const path = args.find((arg) => !arg.startsWith("-")) ?? join(import.meta.dir, "../README.md");

process.exit(await refresh());

async function refresh(): Promise<number> {
  const file = Bun.file(path);
  if (!(await file.exists())) return fail(`Cannot read ${path}: no such file`);
  const before = await file.text();

  let after = before;
  for (const [name, block] of Object.entries({ settings: settingsTable(), "help-serve": helpBlock() })) {
    const replaced = replaceBlock(after, name, block);
    if (replaced === undefined) return fail(`Cannot find <!-- ${name}:begin --> and its end in ${path}`);
    after = replaced;
  }
  if (after === before) return 0;
  if (isCheck) return fail(`${path} is stale: run "bun scripts/config-reference.ts"`);
  await Bun.write(path, after);
  return 0;
}

function replaceBlock(text: string, name: string, block: string): string | undefined {
  const begin = `<!-- ${name}:begin -->`;
  const start = text.indexOf(begin);
  const end = text.indexOf(`<!-- ${name}:end -->`);
  if (start < 0 || end < start) return undefined;
  return `${text.slice(0, start + begin.length)}\n${block}\n${text.slice(end)}`;
}

function settingsTable(): string {
  const rows = settingsOf(configSchema).map((setting) => [
    `\`${setting.path}\``,
    fallbackCell(setting),
    setting.meaning.replaceAll("|", "\\|"),
  ]);
  const lines = [["Setting", "Default", "Meaning"], ["---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function fallbackCell({ fallback, isRequired }: Setting): string {
  if (isRequired) return "required";
  if (fallback === undefined) return "none";
  return `\`${typeof fallback === "string" ? fallback : JSON.stringify(fallback)}\``;
}

function helpBlock(): string {
  return `\`\`\`\n${helpText("serve", false)}\`\`\``;
}

function fail(message: string): number {
  console.error(message);
  return 1;
}
