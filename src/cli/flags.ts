/** Every command and flag, once: the parser reads this, and so does `help`. */

/** `forms`: of a command that is several, each with what it does. */
export const commands = [
  { name: "serve", usage: "[serve] [FLAGS]", summary: "Run the proxy. The default." },
  {
    name: "check",
    usage: "check [FLAGS]",
    summary: "Say what is wrong with a configuration, or what it would run.",
  },
  {
    name: "explain",
    usage: "explain URL [FLAGS]",
    summary: "Say what would become of a request, and which rule decides.",
  },
  { name: "status", usage: "status [FLAGS]", summary: "Ask a running proxy what it is doing." },
  {
    name: "cache",
    usage: "cache stats|show|purge [URL] [FLAGS]",
    summary: "Say what a running proxy keeps of answers, or have it forget.",
    forms: [
      ["cache stats", "How much is kept, and what it was worth."],
      ["cache show URL", "What is kept for a URL: how fresh it is, why, and for which requests."],
      [
        "cache purge URL",
        "Forget what is kept for a URL; or, by a flag in its place, of a host, below a prefix,",
      ],
      ["", "or under a tag."],
    ],
  },
  { name: "version", usage: "version", summary: "Print version, commit and platform." },
  { name: "help", usage: "help [COMMAND]", summary: "Print this, or the flags of a command." },
] as const;

export type CommandName = (typeof commands)[number]["name"];

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Undefined when it takes none. */
  readonly value?: string;
  /** What holds without it. */
  readonly fallback?: string;
  /** The setting that it overrides: its default is what holds without it. */
  readonly setting?: string;
  readonly meaning: string;
  readonly commands: readonly CommandName[];
}

/** Where `status` asks without `--url`: the status port's default. */
export const STATUS_URL = "http://127.0.0.1:8889";

const asking: readonly CommandName[] = ["status", "cache"];
const running: readonly CommandName[] = ["serve", "check"];
const configured: readonly CommandName[] = [...running, "explain"];
const all: readonly CommandName[] = commands.map(({ name }) => name);

export const flags: readonly Flag[] = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    fallback: "none, all defaults",
    meaning: "Configuration in YAML, TOML, JSON or JSONC, told by the extension.",
    commands: configured,
  },
  {
    name: "listen",
    value: "HOST:PORT",
    fallback: "127.0.0.1:8888",
    meaning: "Listen on this loopback address instead of where the file says. May be repeated.",
    commands: running,
  },
  {
    name: "admin",
    value: "HOST:PORT|off",
    setting: "admin.address",
    meaning: "Address of the status port.",
    commands: running,
  },
  {
    name: "workers",
    value: "N|auto",
    setting: "workers",
    meaning: "Threads that carry traffic; auto is one for each core on Linux, and one elsewhere.",
    commands: running,
  },
  {
    name: "cache",
    value: "SIZE|off",
    setting: "cache.memory",
    meaning: "Memory for cached answers, one for all workers; off caches nothing.",
    commands: running,
  },
  {
    name: "log",
    value: "FORMAT|off",
    setting: "log.format",
    meaning: "Access log as json, common or pretty; auto is pretty on a terminal, JSON elsewhere.",
    commands: running,
  },
  {
    name: "method",
    value: "METHOD",
    fallback: "GET",
    meaning: "The method of the request; that of https://… and HOST:PORT is CONNECT.",
    commands: ["explain"],
  },
  {
    name: "client",
    value: "IP",
    fallback: "127.0.0.1",
    meaning: "The address of the client that asks.",
    commands: ["explain"],
  },
  {
    name: "user",
    value: "NAME",
    fallback: "nobody has logged in",
    meaning: "The user or token that has logged in.",
    commands: ["explain"],
  },
  {
    name: "listener",
    value: "HOST:PORT",
    fallback: "the first",
    meaning: "The listener that is asked, as the configuration has it.",
    commands: ["explain"],
  },
  {
    name: "url",
    value: "URL",
    fallback: STATUS_URL,
    meaning: "The status port to ask.",
    commands: asking,
  },
  {
    name: "token",
    value: "TOKEN",
    fallback: "$HEADGATE_TOKEN",
    meaning: "Its token. Others can see a command line: rather put it in the environment.",
    commands: asking,
  },
  {
    name: "host",
    value: "HOST",
    fallback: "none",
    meaning: "Purge what is kept of a host: on all its ports, or on one with HOST:PORT.",
    commands: ["cache"],
  },
  {
    name: "prefix",
    value: "URL",
    fallback: "none",
    meaning: "Purge whatever's URL begins so.",
    commands: ["cache"],
  },
  {
    name: "tag",
    value: "TAG",
    fallback: "none",
    meaning: "Purge what has this tag in its Cache-Tag or Surrogate-Key.",
    commands: ["cache"],
  },
  {
    name: "soft",
    meaning: "Mark it as stale instead: it is used again once its server says that it still holds.",
    commands: ["cache"],
  },
  { name: "json", meaning: "Print it for programs.", commands: ["explain", ...asking] },
  { name: "help", short: "h", meaning: "Print help for the command.", commands: all },
  { name: "version", meaning: "Print the version.", commands: all },
];
