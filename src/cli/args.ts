/**
 * The command line, read. argv in, an invocation or the reason why not out; it
 * prints nothing and ends nothing.
 *
 * `node:util`'s parseArgs was tried: its messages can't name a near flag or the
 * command that a flag belongs to without doing most of this by hand, and
 * loading it takes longer than all of ours.
 */
import { adminAddress, either, hostPort, type Kind, logFormat, workerCount } from "../config/kinds.ts";
import { nearest } from "../config/nearest.ts";
import type { Overrides } from "../config/overrides.ts";
import { concealFound, describeFound, sentence } from "../config/problems.ts";
import { type CommandName, commands, type Flag, flags, STATUS_URL } from "./flags.ts";

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

export interface StatusOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly json: boolean;
}

export type Invocation =
  | { readonly command: "serve" | "check"; readonly options: ServeOptions }
  | { readonly command: "explain"; readonly options: ExplainOptions }
  | { readonly command: "status"; readonly options: StatusOptions }
  | { readonly command: "version" }
  | { readonly command: "help"; readonly topic: CommandName | undefined }
  /** What was given can't be done; why, once for each mistake, and the command line that helps. */
  | { readonly command: "none"; readonly mistakes: readonly string[]; readonly advice: string };

type Environment = Readonly<Record<string, string | undefined>>;

interface Scanned {
  /** What is no flag and no flag's value. */
  readonly words: readonly string[];
  /** Flags with their values, in order; "" where a flag takes none. */
  readonly given: readonly { readonly flag: Flag; readonly value: string }[];
  readonly mistakes: string[];
}

/** argv without the executable's name. Asking for help or the version wins over every other flag. */
export function parseArgs(argv: readonly string[], env: Environment): Invocation {
  const scanned = scan(argv);
  const { words, mistakes } = scanned;
  const [word, ...rest] = words;
  const command = nameOf(word ?? "serve");
  // After an unknown flag, what looks like a command or a surplus word may be its value.
  const hasWrongFlag = mistakes.length > 0;
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
  const [topic, ...surplus] = command === "help" || command === "explain" ? rest : [undefined, ...rest];
  if (command === "explain" && topic === undefined) return ["explain: Expected a URL or HOST:PORT"];
  if (command === "help" && topic !== undefined && nameOf(topic) === undefined)
    return [unknownCommand(topic)];
  return surplus.map((each) => `${command}: ${sentence("no more words", describeFound(each))}`);
}

function readCommand(
  command: CommandName,
  [topic = ""]: readonly string[],
  scanned: Scanned,
  env: Environment,
): Invocation {
  for (const { flag } of scanned.given) {
    if (flag.commands.includes(command)) continue;
    scanned.mistakes.push(`--${flag.name}: Not a flag of ${command}, but of ${inWords(flag.commands)}`);
  }
  switch (command) {
    case "serve":
    case "check":
      return { command, options: readServe(scanned) };
    case "explain":
      return { command, options: readExplain(topic, scanned) };
    case "status":
      return { command, options: readStatus(scanned, env) };
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

function readStatus(scanned: Scanned, env: Environment): StatusOptions {
  const fromEnvironment = env["HEADGATE_TOKEN"] === "" ? undefined : env["HEADGATE_TOKEN"];
  return {
    url: readAll(scanned, "url", baseUrl).at(-1) ?? STATUS_URL,
    token: readAll(scanned, "token", bearer).at(-1) ?? fromEnvironment,
    json: isGiven(scanned, "json"),
  };
}

/** `--flag value`, `--flag=value`, `-f value`, `-fvalue`; all after `--` are words. */
function scan(argv: readonly string[]): Scanned {
  const words: string[] = [];
  const given: { flag: Flag; value: string }[] = [];
  const mistakes: string[] = [];

  for (let at = 0; at < argv.length; at++) {
    const text = argv[at] ?? "";
    if (text === "--") {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (!text.startsWith("-") || text === "-") {
      words.push(text);
      continue;
    }
    const { name, inline } = splitFlag(text);
    const flag = flags.find((each) => name === `--${each.name}` || (each.short && name === `-${each.short}`));
    if (flag === undefined) mistakes.push(unknownFlag(name));
    else if (flag.value === undefined) {
      if (inline === undefined) given.push({ flag, value: "" });
      else mistakes.push(`${name}: ${sentence("no value", describeFound(inline))}`);
    } else {
      const next = argv[at + 1];
      // What looks like a flag is one: `-c --workers 2` lacks a file, and must not look for one of that name.
      const value = inline ?? (next?.startsWith("-") ? undefined : next);
      if (inline === undefined && value !== undefined) at++;
      if (value !== undefined) given.push({ flag, value });
      else mistakes.push(`${name}: ${sentence(flag.value, describeFound(next))}`);
    }
  }
  return { words, given, mistakes };
}

function splitFlag(text: string): { name: string; inline: string | undefined } {
  if (!text.startsWith("--"))
    return { name: text.slice(0, 2), inline: text.length > 2 ? text.slice(2) : undefined };
  const equals = text.indexOf("=");
  return equals < 0
    ? { name: text, inline: undefined }
    : { name: text.slice(0, equals), inline: text.slice(equals + 1) };
}

function nameOf(word: string): CommandName | undefined {
  return commands.find(({ name }) => name === word)?.name;
}

function isGiven({ given }: Scanned, name: string): boolean {
  return given.some(({ flag }) => flag.name === name);
}

/** Every value given is judged, also those that a later one replaces. */
function readAll<T>({ given, mistakes }: Scanned, name: string, kind: Kind<T>): T[] {
  return given.flatMap(({ flag, value }) => {
    if (flag.name !== name) return [];
    const read = kind.parse(value);
    if (read === undefined) {
      const found = kind.secret ? concealFound(value) : describeFound(value);
      mistakes.push(`--${name}: ${sentence(kind.expected, found)}`);
    }
    return read === undefined ? [] : [read];
  });
}

function unknownFlag(name: string): string {
  const meant = nearest(
    name,
    flags.map((flag) => `--${flag.name}`),
  );
  return `Unknown flag ${name}${meant === undefined ? "" : `, did you mean ${meant}?`}`;
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

/** Without a slash at its end, as people write it. */
const baseUrl: Kind<string> = {
  expected: `a URL such as "${STATUS_URL}"`,
  parse: (given) => {
    const url = typeof given === "string" ? URL.parse(given) : null;
    return url !== null && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, "") : undefined;
  },
  format: (value) => value,
};

/** What a server takes for a token is the server's to know. */
const bearer: Kind<string> = {
  expected: "visible ASCII characters",
  secret: true,
  parse: (given) => (typeof given === "string" && /^[!-~]+$/.test(given) ? given : undefined),
  format: () => "***",
};
