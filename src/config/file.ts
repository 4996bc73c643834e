/**
 * A configuration file: path in, tree of values out. The extension tells the
 * language. Of what the values mean it knows nothing.
 */
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fileProblem } from "./file-problem.ts";

export type ReadFile = { ok: true; input: unknown } | { ok: false; problem: string };

type Language = "yaml" | "toml" | "json" | "jsonc";

const LANGUAGES: Readonly<Record<string, Language>> = {
  ".yaml": "yaml",
  ".yml": "yaml",
  ".toml": "toml",
  ".json": "json",
  ".jsonc": "jsonc",
};

const PARSERS: Readonly<Record<Language, (text: string) => unknown>> = {
  yaml: Bun.YAML.parse,
  toml: (text) => withTextForTimes(Bun.TOML.parse(text)),
  json: JSON.parse,
  jsonc: parseJsonc,
};

export async function readConfigFile(path: string): Promise<ReadFile> {
  const language = LANGUAGES[extname(path).toLowerCase()];
  if (language === undefined) {
    return refuse(path, `Expected a name that ends in ${Object.keys(LANGUAGES).join(", ")}`);
  }
  const text = await readText(path);
  if (typeof text !== "string") return refuse(path, `Cannot read the file: ${text.reason}`);
  // An empty file is all defaults, also where the language has no word for it.
  if (text.trim() === "") return { ok: true, input: undefined };
  try {
    return { ok: true, input: PARSERS[language](text) };
  } catch (error) {
    if (error instanceof RangeError)
      return refuse(path, `Cannot read ${language.toUpperCase()}: it is nested too deeply`);
    const place = await findMistake(path, language);
    const hint =
      reasonOf(error) === "Unrecognized token '/'" ? " (a file with comments is named .jsonc)" : "";
    return refuse(`${path}${place}`, `Cannot read ${language.toUpperCase()}: ${reasonOf(error)}${hint}`);
  }
}

function refuse(path: string, reason: string): ReadFile {
  return { ok: false, problem: `${path}: ${reason}` };
}

async function readText(path: string): Promise<string | { reason: string }> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    return { reason: fileProblem(error) };
  }
}

/** TOML alone has times and dates of its own; a setting reads them from text, as in the other languages. */
function withTextForTimes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withTextForTimes);
  if (Symbol.toStringTag in value) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTextForTimes(item)]));
}

/** Bun reads one value and ignores what follows it; inside a list nothing can follow unseen. */
function parseJsonc(text: string): unknown {
  const values = Bun.JSONC.parse(`[${text}\n]`) as unknown[];
  if (values.length > 1) throw new SyntaxError("more than one value");
  return values[0];
}

/**
 * `:line:column`, or nothing when Bun does not tell. Its parsers' errors carry
 * no position, but those of its module loader, which uses the same parsers, do.
 * JSON is a part of JSONC and is looked at as such.
 */
async function findMistake(path: string, language: Language): Promise<string> {
  try {
    const type = language === "json" ? "jsonc" : language;
    await import(pathToFileURL(resolve(path)).href, { with: { type } });
    return "";
  } catch (error) {
    if (!(error instanceof BuildMessage) || !error.position) return "";
    return `:${error.position.line}:${error.position.column}`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^\w+ Parse error: /, "") : String(error);
}
