/** Whoever copies a config from the README gets one that works. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import { warningsOf } from "../../src/config/warnings.ts";

const SECRET = "0123456789abcdef";
const env = { HEADGATE_TOKEN: SECRET, BACKUP_TOKEN: SECRET, RUNNER_TOKEN: SECRET };

const readme = await Bun.file(join(import.meta.dir, "../../README.md")).text();
const configs = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(({ index, 1: text = "" }) => ({
  line: readme.slice(0, index).split("\n").length,
  text,
}));

test.each(configs)("the config in line $line is right, and nothing in it is doubtful", ({ text }) => {
  const loaded = parseConfig(Bun.YAML.parse(text), env);

  expect(loaded).toMatchObject({ ok: true });
  expect(loaded.ok ? warningsOf(loaded.config, Date.UTC(2026, 10, 21)) : []).toEqual([]);
});
