/** The text of `help`, from the table of flags and the defaults of the schema. */
import { settingsOf } from "../config/reference.ts";
import { configSchema } from "../config/schema.ts";
import { paint } from "../observe/terminal.ts";
import { type CommandName, commands, type Flag, flags } from "./flags.ts";
import { printData, wantsColour } from "./output.ts";

export async function runHelp(topic: CommandName | undefined): Promise<number> {
  return (await printData(helpText(topic, wantsColour(1)))) ? 0 : 1;
}

export function helpText(topic: CommandName | undefined, inColour: boolean): string {
  const title = (text: string): string => paint(text, "bold", inColour);
  const paragraphs = topic === undefined || topic === "help" ? overview(title) : commandHelp(topic, title);
  return `${paragraphs.join("\n\n")}\n`;
}

type Title = (text: string) => string;

function overview(title: Title): string[] {
  const rows = commands.map(({ usage, summary }) => [usage, summary] as const);
  return [
    "Headgate, an edge proxy: forward HTTP and CONNECT tunnels, a reverse mode, a cache and a status port.",
    `${title("Usage:")} headgate COMMAND\n\n${columns(rows)}`,
    `Without a command or a configuration it serves on ${fallbackOf(named("listen"))}, with its status on ${fallbackOf(named("admin"))}.`,
    `${title("Exit codes:")} 0 done, 1 it failed while running, 2 the command line or the configuration is wrong; explain: 3 refused.`,
  ];
}

function commandHelp(topic: CommandName, title: Title): string[] {
  const command = commands.find(({ name }) => name === topic) ?? commands[0];
  const rows = flags.filter((flag) => flag.commands.includes(topic)).flatMap(rowsOf);
  const usage = `${title("Usage:")} headgate ${command.usage}`;
  const forms = "forms" in command ? [columns(command.forms)] : [];
  return [command.summary, usage, ...forms, `${title("Flags:")}\n${columns(rows)}`];
}

function rowsOf(flag: Flag): (readonly [string, string])[] {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  const name = flag.value === undefined ? `--${flag.name}` : `--${flag.name} ${flag.value}`;
  const fallback = fallbackOf(flag);
  const rows = [[`${short}${name}`, flag.meaning] as const];
  return fallback === undefined ? rows : [...rows, ["", `Default: ${fallback}`] as const];
}

/** The right column begins where the widest of the left ends. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

function fallbackOf(flag: Flag): string | undefined {
  if (flag.setting === undefined) return flag.fallback;
  return String(settingsOf(configSchema).find(({ path }) => path === flag.setting)?.fallback);
}

function named(name: string): Flag {
  return flags.find((flag) => flag.name === name) ?? { name, meaning: "", commands: [] };
}
