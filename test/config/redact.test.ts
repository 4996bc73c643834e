import { expect, test } from "bun:test";
import { describeConfig } from "../../src/config/describe.ts";
import { parseConfig } from "../../src/config/load.ts";
import { redactConfig } from "../../src/config/redact.ts";
import type { Config } from "../../src/config/schema.ts";

const TOKEN = "0123456789abcdef";

test("a configuration is shown as a file would hold it", () => {
  expect(redactConfig(parsed({}))).toEqual({
    listeners: [{ address: "127.0.0.1:8888", mode: "forward", clients: [] }],
    admin: { address: "127.0.0.1:8889", token: undefined },
    workers: "auto",
    timeouts: {
      head: "10s",
      connect: "5s",
      firstByte: "1m",
      idle: "1m",
      body: "30s",
      tunnelIdle: "10m",
      drain: "30s",
    },
    limits: {
      connections: 10_000,
      connectionsPerClient: 512,
      headBytes: "32KiB",
      uriBytes: "16KiB",
      headerCount: 128,
      pipelined: 64,
      dials: 1_000,
    },
    pool: { perEndpoint: 100, idle: "30s" },
    dns: { ttlMin: "1s", ttlMax: "5m", failureTtl: "1s", timeout: "5s" },
    via: { pseudonym: "headgate", maxSeen: 2 },
    log: { access: "stdout", format: "auto", query: true, bufferBytes: "1MiB" },
  });
});

test("no token is ever shown", () => {
  const shown = redactConfig(parsed({ admin: { token: TOKEN } }));

  expect(shown["admin"]).toEqual({ address: "127.0.0.1:8889", token: "***" });
  expect(JSON.stringify(shown)).not.toContain(TOKEN);
});

test("what is shown, given back, is the same configuration", () => {
  const config = parsed({
    listeners: [{ address: "[2001:db8::1]:80", clients: ["10.0.0.0/8"] }, { address: "127.0.0.1:0" }],
    admin: { address: "off" },
    workers: 3,
    timeouts: { head: "1500ms", drain: "0s" },
    limits: { headBytes: "10kB" },
    log: { access: "./a.log", query: false },
  });

  expect(parsed(JSON.parse(JSON.stringify(redactConfig(config))))).toEqual(config);
});

test("a redacted token is refused rather than taken", () => {
  const shown = redactConfig(parsed({ admin: { token: TOKEN } }));

  expect(parseConfig(shown, {})).toEqual({
    ok: false,
    problems: ["admin.token: Expected 16 to 512 visible ASCII characters, found a text of 3 characters"],
  });
});

// The configuration | the line that sums it up.
const lines: readonly (readonly [unknown, string])[] = [
  [
    {},
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, a worker for each core, access log (auto) to stdout",
  ],
  [
    {
      listeners: [{ address: "[::1]:1" }, { address: "0.0.0.0:2", clients: ["::/0"] }],
      admin: { address: "off" },
      workers: 1,
      log: { access: "off" },
    },
    "forward proxy on [::1]:1, forward proxy on 0.0.0.0:2, no status port, 1 worker, no access log",
  ],
  [
    { workers: 4, log: { access: "/var/log/a.log", format: "json" } },
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, 4 workers, access log (json) to /var/log/a.log",
  ],
];

test.each(lines)("sums up %j", (input, line) => {
  expect(describeConfig(parsed(input))).toBe(line);
});

function parsed(input: unknown): Config {
  const result = parseConfig(input, {});
  if (!result.ok) throw new Error(result.problems.join("\n"));
  return result.config;
}
