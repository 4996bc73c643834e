import { describe, expect, test } from "bun:test";
import { commands, flags, STATUS_URL } from "../../src/cli/flags.ts";
import { helpText } from "../../src/cli/help.ts";
import { formatHostPort } from "../../src/config/host-port.ts";
import { parseConfig } from "../../src/config/load.ts";
import { formatSize } from "../../src/config/units.ts";

test("the overview names every command", () => {
  const text = helpText(undefined, false);

  const width = Math.max(...commands.map(({ usage }) => usage.length));
  for (const { usage, summary } of commands)
    expect(text).toContain(`\n  ${usage.padEnd(width)}  ${summary}\n`);
  expect(helpText("help", false)).toBe(text);
});

describe.each(commands.map(({ name }) => name).filter((name) => name !== "help"))("help %s", (name) => {
  test("shows its flags and no others", () => {
    const text = helpText(name, false);

    const shown = [...text.matchAll(/^ {2}.{4}--([a-z]+)/gm)].map(([, flag]) => flag);
    expect(shown).toEqual(flags.filter((flag) => flag.commands.includes(name)).map((flag) => flag.name));
  });
});

test("a command that is several says what each does", () => {
  expect(helpText("cache", false)).toContain("\n  cache show URL   What is kept for a URL");
});

test("every flag that takes a value has its default below it", () => {
  for (const flag of flags.filter(({ value }) => value !== undefined)) {
    const lines = helpText(flag.commands[0], false).split("\n");
    const at = lines.findIndex((line) => line.includes(`--${flag.name} ${flag.value}`));

    expect(lines[at]).toEndWith(flag.meaning);
    expect(lines[at + 1]).toMatch(/^ +Default: \S/);
  }
});

test("the defaults that are said are those of the configuration", () => {
  const parsed = parseConfig({}, {});
  if (!parsed.ok) throw new Error("defaults are sound");
  const { listeners, admin, workers, cache, log } = parsed.config;
  const [listener] = listeners;
  if (listener === undefined || admin.address === "off") throw new Error("defaults listen");

  const text = helpText("serve", false);

  expect([...text.matchAll(/Default: (.*)/g)].map(([, fallback]) => fallback)).toEqual([
    "none, all defaults",
    formatHostPort(listener.address),
    formatHostPort(admin.address),
    String(workers),
    formatSize(cache.memory),
    log.format,
  ]);
  expect(STATUS_URL).toBe(`http://${formatHostPort(admin.address)}`);
});

test("lines fit a terminal of 120 columns", () => {
  for (const { name } of commands) {
    for (const line of helpText(name, false).split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  }
});

test("titles are bold only when asked for", () => {
  expect(helpText("serve", true)).toContain("\x1b[1mUsage:\x1b[0m");
  expect(helpText("serve", false)).not.toContain("\x1b");
});
