import { expect, test } from "bun:test";
import { findProblems } from "../../scripts/check-layers.ts";

// What it shows | files | what is said.
const rows: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ["a folder may import itself", { "src/http1/a.ts": 'import { b } from "./b.ts";' }, []],
  ["and what its row lists", { "src/config/a.ts": 'import { b } from "../policy/b.ts";' }, []],
  ["and packages", { "src/admin/a.ts": 'import { Hono } from "hono";' }, []],
  [
    "and nothing else",
    { "src/config/a.ts": 'import { b } from "../relay/b.ts";' },
    ["src/config/a.ts: config must not import relay"],
  ],
  [
    "however it is written",
    {
      "src/net/a.ts":
        'export * from "../http1/b.ts";\nimport "../policy/b.ts";\nawait import("../relay/b.ts");\nimport {\n  c,\n  type d,\n} from "../admin/b.ts";\nimport type { e } from "../cli/b.ts";',
    },
    ["http1", "policy", "relay", "admin", "cli"].map((layer) => `src/net/a.ts: net must not import ${layer}`),
  ],
  [
    "from a folder within",
    { "src/net/deep/a.ts": 'import { b } from "../../http1/b.ts";' },
    ["src/net/deep/a.ts: net must not import http1"],
  ],
  [
    "types where the row says so",
    { "src/relay/a.ts": 'import type { Config } from "../config/schema.ts";' },
    [],
  ],
  [
    "and there only types",
    { "src/relay/a.ts": 'import { parseConfig, type Config } from "../config/load.ts";' },
    ["src/relay/a.ts: relay must not import config, except its types"],
  ],
  ["a file that wires may import all", { "src/main.ts": 'import { a } from "./cli/a.ts";\nBun.listen' }, []],
  [
    "and is imported by none",
    { "src/net/a.ts": 'import { a } from "../main.ts";' },
    ["src/net/a.ts: net must not import main.ts"],
  ],
  [
    "a folder without a row",
    { "src/extra/a.ts": "" },
    ['src/extra/a.ts: folder "extra" has no row in the table'],
  ],
  ...[
    "Bun.file(path)",
    'import fs from "node:fs"',
    'import type { Socket } from "bun"',
    "Date.now()",
    "new Date()",
    "Math.random()",
    "setTimeout(f)",
    "crypto.randomUUID()",
  ].map(
    (code) =>
      [
        `a pure folder without ${code}`,
        { "src/policy/a.ts": code },
        ["src/policy/a.ts: policy must stay pure"],
      ] as const,
  ),
  [
    "but it may speak of it",
    { "src/policy/a.ts": "/** Not Bun.file,\n nor Date.now() */\n// nor setTimeout(f)" },
    [],
  ],
  ...["Bun.listen({})", "Bun.connect({})", 'import { dlopen } from "bun:ffi"'].flatMap((code) => [
    [`net may touch sockets: ${code}`, { "src/net/a.ts": code }, []] as const,
    [
      `others may not: ${code}`,
      { "src/runtime/a.ts": code },
      ["src/runtime/a.ts: only net may touch sockets"],
    ] as const,
  ]),
  [
    "a circle of three, once",
    {
      "src/net/a.ts": 'import "./b.ts"',
      "src/net/b.ts": 'import "./c.ts"',
      "src/net/c.ts": 'import "./a.ts"',
    },
    ["cycle: src/net/a.ts -> src/net/b.ts -> src/net/c.ts -> src/net/a.ts"],
  ],
  [
    "a circle of types",
    { "src/net/a.ts": 'import type { B } from "./b.ts"', "src/net/b.ts": 'import type { A } from "./a.ts"' },
    ["cycle: src/net/a.ts -> src/net/b.ts -> src/net/a.ts"],
  ],
  [
    "a diamond is none",
    {
      "src/net/a.ts": 'import "./b.ts"; import "./c.ts"',
      "src/net/b.ts": 'import "./d.ts"',
      "src/net/c.ts": 'import "./d.ts"',
      "src/net/d.ts": "",
    },
    [],
  ],
];

test.each(rows)("%s", (_, files, problems) => {
  expect(findProblems(new Map(Object.entries(files)))).toEqual([...problems]);
});
