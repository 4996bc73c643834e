/**
 * The command line, read. argv in, an invocation or the reason why not out; it
 * prints nothing and ends nothing.
 *
 * `node:util`'s parseArgs was tried: its messages can't name a near flag or the
 * command that a flag belongs to without doing most of this by hand, and
 * loading it takes longer than all of ours.
 */
import type { Environment } from "../config/interpolate.ts";
import {
  adminAddress,
  cacheSize,
  either,
  hostPort,
  type Kind,
  logFormat,
  workerCount,
} from "../config/kinds.ts";
import { nearest } from "../config/nearest.ts";
import type { Overrides } from "../config/overrides.ts";
import { describeFound, sentence } from "../config/problems.ts";
import { type CacheOptions, readCache, readStatus, type StatusOptions } from "./args-asking.ts";
import { type CommandName, commands } from "./flags.ts";
import { isGiven, readAll, type Scanned, scan } from "./scan.ts";

export interface ServeOptions {
  readonly configPath: string | undefined;
  readonly overrides: Overrides;
}

export interface ExplainOptions {
  readonly configPath: string | undefined;
  /** As `POST /explain` takes it; only the command line's own mistakes are found here. */
  readonly question: Readonly<Record<string, string>>;
  readonly json: boolean;
}

export type Invocation =
  | { readonly command: "serve" | "check"; readonly options: ServeOptions }
  | { readonly command: "explain"; readonly options: ExplainOptions }
  | { readonly command: "status"; readonly options: StatusOptions }
  | { readonly command: "cache"; readonly options: CacheOptions }
  | { readonly command: "version" }
  | { readonly command: "help"; readonly topic: CommandName | undefined }
  /** What was given can't be done; why, once for each mistake, and the command line that helps. */
  | { readonly command: "none"; readonly mistakes: readonly string[]; readonly advice: string };

/** argv without the executable's name. Asking for help or the version wins over every other flag. */
export function parseArgs(argv: readonly string[], env: Environment): Invocation {
  const scanned = scan(argv);
  const { words, mistakes } = scanned;
  const [word, ...rest] = words;
  const command = nameOf(word ?? "serve");
  const { hasWrongFlag } = scanned;
  if (!hasWrongFlag) mistakes.push(...wordMistakes(command, words));
  if (command === undefined)
    return { command: "none", mistakes, advice: hasWrongFlag ? "headgate help serve" : "headgate help" };

  if (isGiven(scanned, "help")) return { command: "help", topic: word === undefined ? undefined : command };
  if (isGiven(scanned, "version")) return { command: "version" };
  const invocation = readCommand(command, rest, scanned, env);
  if (mistakes.length === 0) return invocation;
  const advice = command === "help" ? "headgate help" : `headgate help ${command}`;
  return { command: "none", mistakes, advice };
}

function wordMistakes(command: CommandName | undefined, [word, ...rest]: readonly string[]): string[] {
  if (command === undefined) return [unknownCommand(word ?? "")];
  // It has words of its own, and says itself what is wrong with them.
  if (command === "cache") return [];
  const [topic, ...surplus] = command === "help" || command === "explain" ? rest : [undefined, ...rest];
  if (command === "explain" && topic === undefined) return ["explain: Expected a URL or HOST:PORT"];
  if (command === "help" && topic !== undefined && nameOf(topic) === undefined)
    return [unknownCommand(topic)];
  return surplus.map((each) => `${command}: ${sentence("no more words", describeFound(each))}`);
}

function readCommand(
  command: CommandName,
  words: readonly string[],
  scanned: Scanned,
  env: Environment,
): Invocation {
  for (const { flag } of scanned.given) {
    if (flag.commands.includes(command)) continue;
    scanned.mistakes.push(`--${flag.name}: Not a flag of ${command}, but of ${inWords(flag.commands)}`);
  }
  const [topic = ""] = words;
  switch (command) {
    case "serve":
    case "check":
      return { command, options: readServe(scanned) };
    case "explain":
      return { command, options: readExplain(topic, scanned) };
    case "status":
      return { command, options: readStatus(scanned, env) };
    case "cache":
      return { command, options: readCache(words, scanned, env) };
    case "version":
      return { command };
    case "help":
      return { command, topic: nameOf(topic) };
  }
}

/** "serve, check and explain" */
function inWords(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter((part) => part !== "").join(" and ");
}

function readServe(scanned: Scanned): ServeOptions {
  const listeners = readAll(scanned, "listen", hostPort);
  return {
    configPath: readAll(scanned, "config", fileName).at(-1),
    overrides: {
      listeners:
        listeners.length > 0
          ? listeners.map((address) => ({ address, mode: "forward", clients: [] }))
          : undefined,
      admin: readAll(scanned, "admin", adminAddress).at(-1),
      workers: readAll(scanned, "workers", workerCount).at(-1),
      cache: readAll(scanned, "cache", cacheSize).at(-1),
      log: readAll(scanned, "log", either("off", logFormat)).at(-1),
    },
  };
}

/** Whether they are good is for whoever answers to say: the status port hears the same questions. */
function readExplain(url: string, scanned: Scanned): ExplainOptions {
  const parts = ["method", "client", "user", "listener"].flatMap((name) => {
    const value = readAll(scanned, name, anyText).at(-1);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    configPath: readAll(scanned, "config", fileName).at(-1),
    question: { url, ...Object.fromEntries(parts) },
    json: isGiven(scanned, "json"),
  };
}

function nameOf(word: string): CommandName | undefined {
  return commands.find(({ name }) => name === word)?.name;
}

function unknownCommand(word: string): string {
  const isFile = /\.(ya?ml|toml|jsonc?)$/i.test(word);
  const meant = isFile
    ? `-c ${word}`
    : nearest(
        word,
        commands.map(({ name }) => name),
      );
  return `Unknown command ${describeFound(word)}${meant === undefined ? "" : `, did you mean "${meant}"?`}`;
}

const fileName: Kind<string> = {
  expected: "FILE",
  parse: (given) => (typeof given === "string" && given !== "" ? given : undefined),
  format: (value) => value,
};

const anyText: Kind<string> = {
  expected: "a text",
  parse: (given) => (typeof given === "string" ? given : undefined),
  format: (value) => value,
};
