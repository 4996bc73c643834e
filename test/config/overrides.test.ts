import { expect, test } from "bun:test";
import { parseConfig } from "../../src/config/load.ts";
import { noOverrides, type Overrides } from "../../src/config/overrides.ts";
import type { Config } from "../../src/config/schema.ts";

const listener = (host: string, port: number): Config["listeners"][number] => ({
  address: { host, port },
  mode: "forward",
  clients: [],
});

const TOKEN = "0123456789abcdef";

// What it shows | the file | the command line | what is in force.
const overrides: readonly (readonly [string, unknown, Partial<Overrides>, unknown])[] = [
  [
    "--listen takes the place of all listeners",
    { listeners: [{ address: "127.0.0.1:1" }, { address: "127.0.0.1:2" }] },
    { listeners: [listener("127.0.0.1", 3)] },
    { listeners: [listener("127.0.0.1", 3)] },
  ],
  [
    "--listen also of listeners that conflict",
    { listeners: [{ address: "127.0.0.1:1" }, { address: "127.0.0.1:1" }] },
    { listeners: [listener("127.0.0.1", 3)] },
    { listeners: [listener("127.0.0.1", 3)] },
  ],
  [
    "--admin leaves the token",
    { admin: { address: "127.0.0.1:1", token: TOKEN } },
    { admin: { host: "::", port: 2 } },
    { admin: { address: { host: "::", port: 2 }, token: TOKEN } },
  ],
  ["--admin off", {}, { admin: "off" }, { admin: { address: "off" } }],
  ["--workers", { workers: 2 }, { workers: "auto" }, { workers: "auto" }],
  ["--cache", { cache: { memory: "1MiB" } }, { cache: 2 ** 21 }, { cache: { memory: 2 ** 21 } }],
  [
    "--cache off leaves the rest",
    { cache: { disk: { path: "/c", size: "1GiB" } } },
    { cache: 0 },
    { cache: { memory: 0, disk: { path: "/c", size: 2 ** 30 } } },
  ],
  [
    "--log with a format",
    { log: { format: "json" } },
    { log: "common" },
    { log: { access: "stdout", format: "common" } },
  ],
  [
    "--log with a format leaves the file",
    { log: { access: "./a.log" } },
    { log: "json" },
    { log: { access: "./a.log", format: "json" } },
  ],
  [
    "--log with a format turns the log on",
    { log: { access: "off" } },
    { log: "json" },
    { log: { access: "stdout", format: "json" } },
  ],
  [
    "--log off leaves the format",
    { log: { format: "json" } },
    { log: "off" },
    { log: { access: "off", format: "json" } },
  ],
];

test.each(overrides)("%s", (_, input, given, config) => {
  expect(parseConfig(input, {}, { ...noOverrides, ...given })).toMatchObject({
    ok: true,
    config: config as never,
  });
});

// What it shows | the file | the command line | what is said.
const refusals: readonly (readonly [string, unknown, Partial<Overrides>, string])[] = [
  [
    "--listen does not make an open proxy",
    { listeners: [{ address: "0.0.0.0:1", clients: ["10.0.0.0/8"] }] },
    { listeners: [listener("0.0.0.0", 1)] },
    'listeners[0].clients: Expected at least one range such as "10.0.0.0/8", or users who must log in, for other machines can reach 0.0.0.0:1, found none',
  ],
  [
    "--listen and --admin in one place",
    {},
    { listeners: [listener("127.0.0.1", 1)], admin: { host: "127.0.0.1", port: 1 } },
    "admin.address: Expected another address or port, found that of listeners[0]",
  ],
  [
    "a public --admin without a token in the file",
    {},
    { admin: { host: "0.0.0.0", port: 1 } },
    "admin.token: Expected a token, for other machines can reach 0.0.0.0:1, found nothing",
  ],
  [
    "a value of the file is wrong also where the command line overrides it",
    { workers: 0 },
    { workers: 1 },
    'workers: Expected "auto" or a whole number from 1 to 64, found 0',
  ],
];

test.each(refusals)("%s: refused", (_, input, given, problem) => {
  expect(parseConfig(input, {}, { ...noOverrides, ...given })).toEqual({ ok: false, problems: [problem] });
});
