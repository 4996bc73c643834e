/**
 * The architecture, enforced. A folder may import itself and what its row
 * lists; anything else fails `bun run check`. To change the architecture,
 * change this table, in a commit of its own that says why.
 *
 * The files next to the folders wire: main.ts and worker.ts import what they
 * need, and nothing imports them.
 */
import { join, posix } from "node:path";

/** "type config": only `import type`, so that nothing of it runs. */
const layers: Readonly<Record<string, readonly string[]>> = {
  http1: [],
  tls: [],
  policy: [],
  upstream: [],
  observe: [],
  net: [],
  cache: [],
  limits: ["policy"],
  credentials: ["policy"],
  lists: ["policy"],
  store: ["cache", "limits"],
  config: ["policy", "credentials", "type cache", "type upstream"],
  relay: [
    "http1",
    "tls",
    "policy",
    "upstream",
    "cache",
    "store",
    "net",
    "observe",
    "limits",
    "credentials",
    "type config",
  ],
  admin: ["config", "observe", "policy", "limits", "credentials", "cache", "type lists", "build-info.ts"],
  runtime: [
    "config",
    "observe",
    "admin",
    "net",
    "http1",
    "policy",
    "limits",
    "credentials",
    "lists",
    "cache",
    "store",
    "build-info.ts",
  ],
  cli: ["config", "observe", "admin", "runtime", "policy", "build-info.ts"],
};

/** Folders that stay sans-IO: no sockets, no files, no clock, no dice. */
const pure = new Set(["http1", "tls", "policy", "upstream", "cache"]);
const impure =
  /\bBun\.|\b(?:from|import) ?\(?"(?:bun|node:)|\.now\(|\bnew Date\(\)|\bMath\.random\b|\bcrypto\.|\bset(?:Timeout|Interval|Immediate)\b/;

/** What only `net` may touch. */
const sockets = /\bBun\.(?:listen|connect|udpSocket)\b|"bun:ffi"/;

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`; whether the word `type` leads. */
const IMPORT =
  /\b(?:import|export)\s+(?:(type)\s+(?!from\b))?(?:[\w\s{},*$]+?\sfrom\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"/g;

interface Import {
  /** Path from the root of the project, or the name of a package. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

if (import.meta.main) {
  process.chdir(join(import.meta.dir, ".."));
  const files = new Map<string, string>();
  for (const path of new Bun.Glob("src/**/*.ts").scanSync()) {
    files.set(path.replaceAll("\\", "/"), await Bun.file(path).text());
  }
  const problems = findProblems(files);
  for (const problem of problems) console.error(problem);
  process.exit(problems.length > 0 ? 1 : 0);
}

/** Paths like `src/http1/head.ts`, with the text of each. */
export function findProblems(files: ReadonlyMap<string, string>): string[] {
  const code = new Map([...files].sort().map(([path, text]) => [path, withoutComments(text)]));
  const imports = new Map([...code].map(([path, text]) => [path, importsOf(path, text)]));
  const inFiles = [...code].flatMap(([path, text]) => problemsOf(path, text, imports.get(path) ?? []));
  return [...inFiles, ...findCycles(imports)];
}

function problemsOf(path: string, text: string, imports: readonly Import[]): string[] {
  const layer = layerOf(path);
  if (layer === undefined) return [];
  const row = layers[layer];
  if (row === undefined) return [`${path}: folder "${layer}" has no row in the table`];

  const problems: string[] = [];
  for (const { target, isTypeOnly } of imports) {
    if (!target.startsWith("src/")) continue;
    const wanted = layerOf(target) ?? target.slice("src/".length);
    if (wanted === layer || row.includes(wanted) || (isTypeOnly && row.includes(`type ${wanted}`))) continue;
    const isNearly = row.includes(`type ${wanted}`);
    problems.push(`${path}: ${layer} must not import ${wanted}${isNearly ? ", except its types" : ""}`);
  }
  if (pure.has(layer) && impure.test(text)) problems.push(`${path}: ${layer} must stay pure`);
  if (layer !== "net" && sockets.test(text)) problems.push(`${path}: only net may touch sockets`);
  return problems;
}

/** The folder in src; undefined for a file next to the folders. */
function layerOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? "";
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
    return { target, isTypeOnly: type !== undefined };
  });
}

/** A comment may speak of what the code must not do. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Each circle once, types too: two files that need each other are one idea in two places. */
function findCycles(imports: ReadonlyMap<string, readonly Import[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  for (const path of imports.keys()) visit(path, []);
  return cycles;

  function visit(path: string, trail: readonly string[]): void {
    const since = trail.indexOf(path);
    if (since >= 0) cycles.push(`cycle: ${[...trail.slice(since), path].join(" -> ")}`);
    if (since >= 0 || done.has(path)) return;
    for (const { target } of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  }
}
