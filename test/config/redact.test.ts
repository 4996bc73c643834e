import { expect, test } from "bun:test";
import { describeConfig } from "../../src/config/describe.ts";
import { parseConfig } from "../../src/config/load.ts";
import { redactConfig } from "../../src/config/redact.ts";
import type { Config } from "../../src/config/schema.ts";
import { everything, SECRETS } from "./everything.ts";

const TOKEN = "0123456789abcdef";

test("a configuration is shown as a file would hold it", () => {
  expect(redactConfig(parsed({}))).toEqual({
    listeners: [{ address: "127.0.0.1:8888", mode: "forward" }],
    admin: { address: "127.0.0.1:8889", token: undefined },
    workers: "auto",
    authentication: {
      mode: "required",
      realm: "headgate",
      users: [],
      htpasswd: undefined,
      groups: [],
      tokens: [],
      cache: "5m",
      delay: "1s",
    },
    policy: {
      default: "allow",
      mode: "enforce",
      rules: [],
      lists: [],
      limits: [],
      tunnels: { sni: "log", noSni: "deny", notTls: "deny", ports: [443] },
    },
    routes: [],
    upstreams: {},
    cache: {
      memory: "64MiB",
      disk: undefined,
      offline: false,
      purge: ["127.0.0.0/8", "::1/128"],
      rules: [],
    },
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
      connectionsPerPrefix: 2_048,
      headBytes: "32KiB",
      uriBytes: "16KiB",
      headerCount: 128,
      pipelined: 64,
      dials: 1_000,
      minRate: "256B/s",
      minRateGrace: "30s",
      memory: "auto",
      acceptLag: "250ms",
    },
    bans: {
      time: "10m",
      window: "1m",
      slow: 20,
      connections: 200,
      errors: 200,
      credentials: 10,
      exempt: ["127.0.0.0/8", "::1"],
    },
    pool: { perEndpoint: 100, idle: "30s" },
    dns: { servers: [], ttlMin: "1s", ttlMax: "5m", failureTtl: "1s", timeout: "5s" },
    via: { pseudonym: "headgate", mode: "pseudonym", maxSeen: 2 },
    forwarded: "pass",
    anonymous: { enabled: false, userAgent: undefined },
    log: { access: "stdout", format: "auto", query: true, bufferBytes: "1MiB" },
  });
});

test("no token is ever shown", () => {
  const shown = redactConfig(parsed({ admin: { token: TOKEN } }));

  expect(shown["admin"]).toEqual({ address: "127.0.0.1:8889", token: "***" });
  expect(JSON.stringify(shown)).not.toContain(TOKEN);
});

test("of a rule, a list or a limit it is shown what it says", () => {
  const shown = redactConfig(
    parsed({
      policy: {
        rules: [
          {
            name: "work",
            action: "deny",
            hosts: ["Example.com"],
            times: [{ days: ["mon-wed"], to: "18:00" }],
          },
          { name: "team", action: "headers", request: { set: [{ name: "X-Team", value: "ci" }] } },
        ],
        lists: [{ name: "ads", file: "ads.txt" }],
        limits: [{ name: "few", requests: "30/m" }],
      },
    }),
  );

  expect(shown["policy"]).toStrictEqual({
    default: "allow",
    mode: "enforce",
    rules: [
      {
        name: "work",
        action: "deny",
        hosts: ["example.com"],
        times: [{ days: ["mon", "tue", "wed"], from: "00:00", to: "18:00", zone: "UTC" }],
      },
      { name: "team", action: "headers", request: { set: [{ name: "X-Team", value: "ci" }] } },
    ],
    lists: [{ name: "ads", file: "ads.txt", interval: "24h", optional: false }],
    limits: [{ name: "few", by: "client", requests: "30/m" }],
    tunnels: { sni: "log", noSni: "deny", notTls: "deny", ports: [443] },
  });
});

test("of an upstream, a route and a rule of the cache too", () => {
  const shown = redactConfig(parsed(everything));

  expect(shown).toMatchObject({
    routes: [
      { hosts: ["www.example.com", "*.example.com"], paths: ["/api/*", "/"], upstream: "web" },
      { upstream: "constructor" },
    ],
    cache: {
      memory: "128MiB",
      disk: { path: "./cache", size: "1TiB" },
      purge: [],
      rules: [{}, { ignoreQuery: ["utm_*", "fbclid"], never: false, cookies: false }, {}],
    },
  });
  expect(JSON.stringify(shown["upstreams"])).toBe(
    '{"web":{"endpoints":["10.0.0.7:80","[2001:db8::7]:80","app.example.com:8080"]},"constructor":{"endpoints":["localhost:1"]}}',
  );
  expect((shown["cache"] as { rules: object[] }).rules[0]).toStrictEqual({
    hosts: [".example.com"],
    paths: ["/img/*"],
    types: ["image/*"],
    ttl: "90m",
    ttlMin: "0s",
    ttlMax: "3650d",
    never: false,
    cookies: true,
  });
});

test("no secret is shown, wherever it stands", () => {
  const shown = JSON.stringify(redactConfig(parsed(everything)));

  expect(Object.values(SECRETS).filter((secret) => shown.includes(secret))).toEqual([]);
  expect(shown).toContain('"url":"https://***@lists.example/a?b=c&key=***"');
  expect(shown).toContain('{"name":"Authorization","value":"***"},{"name":"X-Team","value":"ci"}');
});

test("everything that is shown, given back with its secrets, is the same configuration", () => {
  const config = parsed(everything);
  const shown = JSON.parse(JSON.stringify(redactConfig(config))) as unknown;

  expect(parsed(withSecrets(shown, everything))).toEqual(config);
});

test("what is shown of all defaults, given back, is the same configuration", () => {
  expect(parsed(JSON.parse(JSON.stringify(redactConfig(parsed({})))))).toEqual(parsed({}));
});

test("no secret that was hidden is taken for one", () => {
  const shown = JSON.parse(JSON.stringify(redactConfig(parsed(everything))));
  const read = parseConfig(shown, {});

  expect(read.ok ? [] : read.problems.map((problem) => problem.split(":")[0])).toEqual([
    "admin.token",
    "authentication.users[0].password",
    "authentication.users[1].hash",
    "authentication.tokens[0].token",
    "authentication.tokens[1].token",
    "policy.rules[0].headers[1].value",
    "policy.rules[2].rewrite.query.set[0].value",
    "policy.rules[3].request.set[0].value",
    "policy.lists[1].url",
  ]);
});

test("no problem repeats what may be a secret", () => {
  const wrong = "secret\nsecret";
  const read = parseConfig(
    {
      authentication: {
        users: [
          { name: "ann", password: wrong },
          { name: "bob", hash: wrong },
        ],
      },
      policy: {
        lists: [{ name: "ads", url: wrong }],
        rules: [
          { name: "a", action: "headers", request: { set: [{ name: "Authorization", value: wrong }] } },
        ],
      },
    },
    {},
  );

  expect(read.ok ? [] : read.problems).toHaveLength(4);
  expect(JSON.stringify(read)).not.toContain("secret\\n");
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
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, cache (64MiB of memory), a worker for each core, access log (auto) to stdout",
  ],
  [
    {
      listeners: [{ address: "[::1]:1" }, { address: "0.0.0.0:2", clients: ["::/0"] }],
      admin: { address: "off" },
      workers: 1,
      log: { access: "off" },
    },
    "forward proxy on [::1]:1, forward proxy on 0.0.0.0:2, no status port, cache (64MiB of memory), 1 worker, no access log",
  ],
  [
    { policy: { default: "deny" }, authentication: { htpasswd: "/etc/users" } },
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, required log-in (/etc/users), policy (else deny), cache (64MiB of memory), a worker for each core, access log (auto) to stdout",
  ],
  [
    everything,
    "forward proxy on [2001:db8::1]:80, forward proxy on 127.0.0.1:8888, reverse proxy on 0.0.0.0:8080, 2 routes to 2 upstreams, status on 192.0.2.1:81, optional log-in (2 users, /etc/headgate/users, 2 tokens), audit of policy (7 rules, 2 lists, 2 limits, else deny), offline cache (128MiB of memory and 1TiB in ./cache, 3 rules), 3 workers, access log (json) to ./a.log",
  ],
  [
    { cache: { memory: "off", disk: { path: "/c", size: "1GiB" } }, workers: 1 },
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, no cache, 1 worker, access log (auto) to stdout",
  ],
  [
    { workers: 4, log: { access: "/var/log/a.log", format: "json" } },
    "forward proxy on 127.0.0.1:8888, status on 127.0.0.1:8889, cache (64MiB of memory), 4 workers, access log (json) to /var/log/a.log",
  ],
];

/** `shown`, where "***" is replaced with what `given` has there. */
function withSecrets(shown: unknown, given: unknown): unknown {
  if (typeof shown === "string") return shown.includes("***") ? given : shown;
  if (typeof shown !== "object" || shown === null) return shown;
  const original = given as Readonly<Record<string, unknown>> | undefined;
  const entries = Object.entries(shown).map(([key, item]) => [key, withSecrets(item, original?.[key])]);
  return Array.isArray(shown) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

test.each(lines)("sums up %j", (input, line) => {
  expect(describeConfig(parsed(input))).toBe(line);
});

function parsed(input: unknown): Config {
  const result = parseConfig(input, {});
  if (!result.ok) throw new Error(result.problems.join("\n"));
  return result.config;
}
