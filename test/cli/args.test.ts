import { describe, expect, test } from "bun:test";
import { type Invocation, parseArgs } from "../../src/cli/args.ts";
import type { CacheQuestion, StatusOptions } from "../../src/cli/args-asking.ts";
import { noOverrides, type Overrides } from "../../src/config/overrides.ts";

const listener = (host: string, port: number) => ({
  address: { host, port },
  mode: "forward" as const,
  clients: [],
});

function serve(overrides: Partial<Overrides> = {}, configPath?: string): Invocation {
  return { command: "serve", options: { configPath, overrides: { ...noOverrides, ...overrides } } };
}

function status(options: { url?: string; token?: string; json?: boolean } = {}): Invocation {
  return {
    command: "status",
    options: { url: "http://127.0.0.1:8889", token: undefined, json: false, ...options },
  };
}

function cache(question: CacheQuestion, options: Partial<StatusOptions> = {}): Invocation {
  const asking = { url: "http://127.0.0.1:8889", token: undefined, json: false, ...options };
  return { command: "cache", options: { ...asking, question } };
}

function purge(matches: Readonly<Record<string, string>>, soft = false): Invocation {
  return cache({ verb: "purge", matches, soft });
}

function explain(question: Readonly<Record<string, string>>, configPath?: string, json = false): Invocation {
  return { command: "explain", options: { configPath, question, json } };
}

// argv | what it asks for.
const invocations: readonly (readonly [string, Invocation])[] = [
  ["", serve()],
  ["serve", serve()],
  ["-c x.yaml", serve({}, "x.yaml")],
  ["-cx.yaml", serve({}, "x.yaml")],
  ["--config x.yaml", serve({}, "x.yaml")],
  ["--config=x.yaml", serve({}, "x.yaml")],
  ["--config=-x=y.yaml", serve({}, "-x=y.yaml")],
  ["serve -c x.yaml", serve({}, "x.yaml")],
  ["-c x.yaml serve", serve({}, "x.yaml")],
  ["-c x.yaml -c y.yaml", serve({}, "y.yaml")],
  ["--workers 2", serve({ workers: 2 })],
  ["--workers=auto", serve({ workers: "auto" })],
  [
    "--listen 127.0.0.1:1 --listen=[::1]:2",
    serve({ listeners: [listener("127.0.0.1", 1), listener("::1", 2)] }),
  ],
  ["--listen localhost:0", serve({ listeners: [listener("127.0.0.1", 0)] })],
  ["--admin off", serve({ admin: "off" })],
  ["--admin 127.0.0.1:0", serve({ admin: { host: "127.0.0.1", port: 0 } })],
  ["--log json", serve({ log: "json" })],
  ["--log off", serve({ log: "off" })],
  ["--", serve()],
  ["check", { ...serve(), command: "check" } as Invocation],
  ["check -c x.toml --workers 1", { ...serve({ workers: 1 }, "x.toml"), command: "check" } as Invocation],
  ["status", status()],
  ["status --json", status({ json: true })],
  ["--json status", status({ json: true })],
  ["status --url http://127.0.0.1:1/", status({ url: "http://127.0.0.1:1" })],
  ["status --url=https://proxy.example/status-port/", status({ url: "https://proxy.example/status-port" })],
  ["status --token abc", status({ token: "abc" })],
  ["--cache 64MiB", serve({ cache: 2 ** 26 })],
  ["check --cache=off", { ...serve({ cache: 0 }), command: "check" } as Invocation],
  ["cache stats", cache({ verb: "stats" })],
  ["cache stats --json --token abc", cache({ verb: "stats" }, { json: true, token: "abc" })],
  ["cache --url=http://a:1 stats", cache({ verb: "stats" }, { url: "http://a:1" })],
  ["cache show http://a/?b", cache({ verb: "show", url: "http://a/?b" })],
  ["cache purge HTTPS://a", purge({ url: "HTTPS://a" })],
  ["cache purge http://a/ --soft", purge({ url: "http://a/" }, true)],
  ["cache purge --host a:80", purge({ host: "a:80" })],
  ["cache purge --prefix http://a/b", purge({ prefix: "http://a/b" })],
  ["cache --soft --tag=a,b purge", purge({ tag: "a,b" }, true)],
  ["cache --help", { command: "help", topic: "cache" }],
  ["cache purge -h", { command: "help", topic: "cache" }],
  ["explain http://a/", explain({ url: "http://a/" })],
  ["explain -c x.yaml a:443 --json", explain({ url: "a:443" }, "x.yaml", true)],
  [
    "explain --method PUT --client ::1 http://a/ --user alice --listener 127.0.0.1:1",
    explain({ url: "http://a/", method: "PUT", client: "::1", user: "alice", listener: "127.0.0.1:1" }),
  ],
  ["explain -- --odd", explain({ url: "--odd" })],
  ["explain --help", { command: "help", topic: "explain" }],
  ["version", { command: "version" }],
  ["--version", { command: "version" }],
  ["serve --workers 2 --version", { command: "version" }],
  ["help", { command: "help", topic: undefined }],
  ["--help", { command: "help", topic: undefined }],
  ["-h", { command: "help", topic: undefined }],
  ["-h --nope", { command: "help", topic: undefined }],
  ["help serve", { command: "help", topic: "serve" }],
  ["serve --help", { command: "help", topic: "serve" }],
  ["-h status", { command: "help", topic: "status" }],
  ["check -c -h", { command: "help", topic: "check" }],
  ["serve --version --help", { command: "help", topic: "serve" }],
];

test.each(invocations)("headgate %s", (line, invocation) => {
  expect(parseArgs(split(line), {})).toEqual(invocation);
});

// argv | what is said.
const mistakes: readonly (readonly [string, readonly string[]])[] = [
  ["chek", ['Unknown command "chek", did you mean "check"?']],
  ["zebra", ['Unknown command "zebra"']],
  ["zebra --help", ['Unknown command "zebra"']],
  ["headgate.yaml", ['Unknown command "headgate.yaml", did you mean "-c headgate.yaml"?']],
  ["help stats", ['Unknown command "stats", did you mean "status"?']],
  ["explain", ["explain: Expected a URL or HOST:PORT"]],
  ["explain a:1 b:2", ['explain: Expected no more words, found "b:2"']],
  ["explain a:1 --workers 2", ["--workers: Not a flag of explain, but of serve and check"]],
  ["check --user alice", ["--user: Not a flag of check, but of explain"]],
  ["help serve check", ['help: Expected no more words, found "check"']],
  ["serve x.yaml", ['serve: Expected no more words, found "x.yaml"']],
  ["serve -- -c", ['serve: Expected no more words, found "-c"']],
  ["-", ['Unknown command "-"']],
  ["--wrokers 2", ["Unknown flag --wrokers, did you mean --workers?"]],
  ["--zebra=1", ["Unknown flag --zebra"]],
  [
    "--cache 64",
    ['--cache: Expected "off" or a size such as "512B", "32KiB" or "10MB", from 1MiB to 4GiB, found "64"'],
  ],
  ["status --cache off", ["--cache: Not a flag of status, but of serve and check"]],
  ["cache", ["cache: Expected stats, show or purge, found nothing"]],
  ["cache stat", ['cache: Expected stats, show or purge, found "stat", did you mean "stats"?']],
  ["cache http://a/", ['cache: Expected stats, show or purge, found "http://a/"']],
  ["cache stats now", ['cache stats: Expected no more words, found "now"']],
  ["cache show", ['cache show: Expected a URL such as "http://example.com/", found nothing']],
  ["cache show /a", ['cache show: Expected a URL such as "http://example.com/", found "/a"']],
  ["cache show http://a/ http://b/", ['cache show: Expected no more words, found "http://b/"']],
  ["cache purge a.example", ['cache purge: Expected a URL such as "http://example.com/", found "a.example"']],
  ["cache purge", ["cache purge: Expected one of a URL, --host, --prefix and --tag, found nothing"]],
  [
    "cache purge http://a/ --tag b --host c",
    ["cache purge: Expected one of a URL, --host, --prefix and --tag, found a URL and --host and --tag"],
  ],
  [
    "cache purge --prefix a --host=",
    [
      '--host: Expected a text, found ""',
      '--prefix: Expected a URL such as "http://example.com/", found "a"',
      "cache purge: Expected one of a URL, --host, --prefix and --tag, found --host and --prefix",
    ],
  ],
  [
    "cache stats --host a --soft",
    [
      "--host: Not a flag of cache stats, but of cache purge",
      "--soft: Not a flag of cache stats, but of cache purge",
    ],
  ],
  ["cache show http://a/ --tag b", ["--tag: Not a flag of cache show, but of cache purge"]],
  ["cache purge --hots a", ["Unknown flag --hots, did you mean --host?"]],
  ["cache stats --workers 2", ["--workers: Not a flag of cache, but of serve and check"]],
  ["status --host a", ["--host: Not a flag of status, but of cache"]],
  ["-x", ["Unknown flag -x"]],
  ["-c", ["-c: Expected FILE, found nothing"]],
  ["--config=", ['--config: Expected FILE, found ""']],
  ["-c --workers 2 serve", ['-c: Expected FILE, found "--workers"']],
  ["--workers", ["--workers: Expected N|auto, found nothing"]],
  ["--workers 0", ['--workers: Expected "auto" or a whole number from 1 to 64, found "0"']],
  ["--workers=", ['--workers: Expected "auto" or a whole number from 1 to 64, found ""']],
  [
    "--listen 8888",
    ['--listen: Expected an IP address and a port such as "127.0.0.1:8888" or "[::1]:8888", found "8888"'],
  ],
  [
    "--admin on",
    [
      '--admin: Expected "off" or an IP address and a port such as "127.0.0.1:8888" or "[::1]:8888", found "on"',
    ],
  ],
  ["--log xml", ['--log: Expected "off" or one of "auto", "json", "common", "pretty", found "xml"']],
  ["--help=yes", ['--help: Expected no value, found "yes"']],
  ["--json", ["--json: Not a flag of serve, but of explain, status and cache"]],
  ["status --workers 2", ["--workers: Not a flag of status, but of serve and check"]],
  ["version -c x.yaml", ["--config: Not a flag of version, but of serve, check and explain"]],
  [
    "status --url 127.0.0.1:8889",
    ['--url: Expected a URL such as "http://127.0.0.1:8889", found "127.0.0.1:8889"'],
  ],
  ["status --url ftp://a", ['--url: Expected a URL such as "http://127.0.0.1:8889", found "ftp://a"']],
  ["status --token=", ["--token: Expected visible ASCII characters, found a text of 0 characters"]],
  [
    "--workers 0 --log xml --workers 65 --nope",
    [
      "Unknown flag --nope",
      '--workers: Expected "auto" or a whole number from 1 to 64, found "0"',
      '--workers: Expected "auto" or a whole number from 1 to 64, found "65"',
      '--log: Expected "off" or one of "auto", "json", "common", "pretty", found "xml"',
    ],
  ],
];

test.each(mistakes)("refuses headgate %s", (line, said) => {
  expect(parseArgs(split(line), {})).toMatchObject({ command: "none", mistakes: [...said] });
});

test.each([
  ["zebra", "headgate help"],
  ["help stats", "headgate help"],
  ["--zebra", "headgate help serve"],
  ["check --zebra", "headgate help check"],
  ["status --url a", "headgate help status"],
  ["cache show", "headgate help cache"],
])("headgate %s is advised to try %s", (line, advice) => {
  expect(parseArgs(split(line), {})).toMatchObject({ command: "none", advice });
});

describe("the token of status", () => {
  test("comes from the environment", () => {
    expect(parseArgs(["status"], { HEADGATE_TOKEN: "abc" })).toEqual(status({ token: "abc" }));
  });

  test("of the command line wins", () => {
    expect(parseArgs(["status", "--token", "x"], { HEADGATE_TOKEN: "abc" })).toEqual(status({ token: "x" }));
  });

  test("is none when it is empty", () => {
    expect(parseArgs(["status"], { HEADGATE_TOKEN: "" })).toEqual(status());
  });
});

function split(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
