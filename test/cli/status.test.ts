import { afterEach, expect, test } from "bun:test";
import type { Server } from "bun";
import { createAdminApp } from "../../src/admin/app.ts";
import { reportStatus } from "../../src/admin/status-report.ts";
import { runStatus } from "../../src/cli/status.ts";
import { renderStatus } from "../../src/cli/status-text.ts";
import { cells } from "../../src/observe/cells.ts";
import { Observer } from "../../src/observe/observer.ts";
import { tierStats } from "../admin/fake-cache.ts";
import { FakeDeps, listState } from "../admin/fake-deps.ts";
import { recordOf } from "../observe/records.ts";

const servers: Server<undefined>[] = [];
const proxyBefore = process.env["http_proxy"];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(true)));
  if (proxyBefore === undefined) delete process.env["http_proxy"];
  else process.env["http_proxy"] = proxyBefore;
});

test("what answers can't steer the terminal", async () => {
  const deps = new FakeDeps();
  const report = { ...reportStatus(deps, deps.startedAt), version: "1\u001b[2J\u009b", commit: "a\nb" };
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(report) });
  servers.push(server);
  let page = "";
  const output = {
    write: async (text: string) => {
      page = text;
      return true;
    },
    complain: async () => {},
    colour: false,
  };

  await runStatus({ url: server.url.href, token: undefined, json: false }, output);

  expect(page).toStartWith("Headgate 1?[2J? (a?b), ");
});

test("people get a page", () => {
  const deps = new FakeDeps();
  const observer = new Observer(deps.counters(0), undefined);
  observer.exchangeEnded(recordOf({ durationMs: 12, firstByteMs: 8 }));
  observer.exchangeEnded(
    recordOf({ kind: "own", status: 502, failure: "dns_error", firstByteMs: undefined }),
  );
  deps.counters(1).add(cells.connections, 12);
  deps.counters(1).add(cells.connectionsOpen, 3);
  deps.counters(1).add(cells.limitReached.timeout_head, 2);
  const report = { ...reportStatus(deps, deps.startedAt + 90_000), memory: { residentBytes: 33_554_432 } };

  expect(renderStatus(report, false)).toBe(`Headgate 0.1.0 (abc1234), ready, up 1m30s, config 7

listener        mode     open  total
127.0.0.1:8888  forward     3     12

worker  state     open  exchanges  in flight  lag  heap  restarts
0       running      0          2          0  0us    0B         0
1       starting     3          0          0  0us    0B         0

latency        p50     p90     p99   p99.9     max
first byte  8.00ms  8.00ms  8.00ms  8.00ms  8.00ms
exchange    12.0ms  12.3ms  12.3ms  12.3ms  12.3ms

exchanges   2 ended, 0 in flight, 0 tunnels open
  by kind   forward 1, own 1
  by status 2xx 1, 5xx 1
clients     420B in, 3.00KiB out
upstreams   0B in, 0B out
  dials     0, 0 failed, 0 reuses (0 %), 0 retries
  open      0, 0 of them idle
dns         0 look-ups, 0 from the cache, 0 failed
failures    dns_error 1
limits      timeout_head 2
memory      32.0MiB resident
access log  0 lines written, 0 dropped
`);
});

test("people get the gate's part when there is a gate", () => {
  const deps = new FakeDeps();
  deps.configInput = {
    policy: {
      default: "deny",
      rules: [
        { name: "ci", action: "allow", hosts: [".example.com"] },
        { name: "no-ads", action: "deny", lists: ["ads"] },
      ],
      lists: [{ name: "ads", file: "/etc/ads.txt" }],
      limits: [{ name: "per-client", requests: "100/s" }],
    },
  };
  deps.placeNames = {
    rules: ["ci", "no-ads"],
    lists: ["ads"],
    users: ["ann"],
    tags: ["night"],
    limits: ["per-client"],
  };
  deps.listStates = [listState("ads"), { ...listState("new"), problem: "Cannot read the file" }];
  deps.banStates = Array.from({ length: 7 }, (_, at) => ({
    client: `192.0.2.${at}`,
    cause: "slow",
    untilMs: deps.startedAt,
  }));
  deps.ceiling = 2 ** 30;
  const counters = deps.counters(0);
  counters.add(cells.ruleMatches, 120);
  counters.add(cells.ruleMatches + 1, 7);
  counters.add(cells.listHits, 7);
  counters.add(cells.userExchanges, 127);
  counters.add(cells.tagExchanges, 2);
  counters.add(cells.limitRefusals, 4);
  counters.add(cells.decisions.allowed, 120);
  counters.add(cells.decisions.denied, 8);
  counters.add(cells.refusals.rule, 7);
  counters.add(cells.refusals.default, 1);
  counters.add(cells.logIns.wrong, 3);
  counters.add(cells.shedLevel, 1);
  for (const host of ["a", "a", "b", "c", "d", "e", "f", "g"]) deps.hitters.count(`${host}.example`);

  const page = renderStatus(reportStatus(deps, deps.startedAt), false);

  expect(page).toContain(`
rule    action  matches  would deny
ci      allow       120           0
no-ads  deny          7           0
`);
  expect(page.slice(page.indexOf("policy "))).toBe(`policy      default deny, enforce; allowed 120, denied 8
  refused   rule 7, default 1
  hosts     a.example 2, b.example 1, c.example 1, d.example 1, 3 more
  limits    per-client 4
  users     ann 127
  tags      night 2
  lists     ads: 100000 names, 3 ranges, 7 hits
            new: 100000 names, 3 ranges, 0 hits; Cannot read the file
log-ins     wrong 3
bans        7 in force: 192.0.2.0 (slow, until 2026-01-01T00:00:00Z), 192.0.2.1 (slow, until 2026-01-01T00:00:00Z), 192.0.2.2 (slow, until 2026-01-01T00:00:00Z), 192.0.2.3 (slow, until 2026-01-01T00:00:00Z), 3 more
shedding    level 1 of 3, new clients are turned away; memory up to 1.00GiB
`);
});

test("people get the cache's part when there is something in it", () => {
  const deps = new FakeDeps();
  deps.fakeCache.memoryStats = tierStats({ entries: 3, bytes: 4_096 });
  deps.fakeCache.diskStats = { ...tierStats({ entries: 1, bytes: 10 }), path: "/c" };
  deps.counters(0).add(cells.cacheRequests.hit, 3);
  deps.counters(0).add(cells.cacheRequests.miss, 1);

  const page = renderStatus(reportStatus(deps, deps.startedAt), false);

  expect(page).toContain(`
cache       75 % of requests
  by word   hit 3, miss 1
  kept      3 in memory, 4.00KiB of 64.0MiB; 1 on disk, 10B of 64.0MiB
`);
});

test("a Headgate from before there was a gate or a cache is read as well", async () => {
  const deps = new FakeDeps();
  const { policy, logIns, bans, shedding, cache, ...older } = reportStatus(deps, deps.startedAt);

  const { code, out } = await run(serve(JSON.stringify(older)));

  expect(code).toBe(0);
  expect(out).toStartWith("Headgate 0.1.0");
});

test("colours change nothing but colours", () => {
  const deps = new FakeDeps();
  const report = reportStatus(deps, deps.startedAt);

  expect(renderStatus(report, true)).toContain("\x1b[32mready\x1b[0m");
  expect(Bun.stripANSI(renderStatus(report, true))).toBe(renderStatus(report, false));
});

test("programs get the answer as it came", async () => {
  const { code, out } = await run(serveStatus(), { json: true });

  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ version: "0.1.0", generation: 7 });
});

test("a proxy in the environment is not asked", async () => {
  process.env["http_proxy"] = "http://127.0.0.1:9";

  expect((await run(serveStatus())).code).toBe(0);
});

test("the token is sent", async () => {
  const { code, out } = await run(serveStatus("correct-horse-battery"), { token: "correct-horse-battery" });

  expect(code).toBe(0);
  expect(out).toStartWith("Headgate 0.1.0");
});

// Each row: what it shows | what answers | the token given | what is said.
const refusals: [string, () => string, string | undefined, string][] = [
  ["nothing listens", closedPort, undefined, "nothing is listening there"],
  ["a token is wanted", () => serveStatus("correct-horse-battery"), undefined, "it wants a token"],
  ["the token is wrong", () => serveStatus("correct-horse-battery"), "battery-horse", "the token is wrong"],
  ["a stranger's page", () => serve("<html>"), undefined, "that is no Headgate status port"],
  ["a stranger's JSON", () => serve('{"version":"2"}'), undefined, "that is no Headgate status port"],
  ["a stranger's 404", () => serve("no", 404), undefined, "that is no Headgate status port, it answered 404"],
  [
    "a redirect",
    () => serve("", 302, { Location: "/other" }),
    "t",
    "that is no Headgate status port, it answered 302",
  ],
  [
    "a 403 with a reason",
    () => serve('{"because":"host_foreign"}', 403),
    undefined,
    "access refused (host_foreign)",
  ],
  ["no URL", () => "127.0.0.1:8889", undefined, "expected a URL such as http://127.0.0.1:8889"],
  ["a URL of something else", () => "s3://a", undefined, "expected a URL such as http://127.0.0.1:8889"],
];

test.each(refusals)("one line says what is wrong: %s", async (_, start, token, problem) => {
  const url = start();

  const { code, out, err } = await run(url, { token });

  expect(err).toBe(`Cannot read the status from ${url}: ${problem}\n`);
  expect(out).toBe("");
  expect(code).toBe(1);
});

async function run(url: string, changes: { json?: boolean; token?: string | undefined } = {}) {
  let out = "";
  let err = "";
  const output = {
    write: async (text: string) => {
      out += text;
      return true;
    },
    complain: async (line: string) => void (err += `${line}\n`),
    colour: false,
  };
  const code = await runStatus({ url, token: undefined, json: false, ...changes }, output);
  return { code, out, err };
}

function serveStatus(token?: string): string {
  return started(createAdminApp(new FakeDeps(token)).fetch);
}

function serve(body: string, status = 200, headers: Record<string, string> = {}): string {
  return started(() => new Response(body, { status, headers }));
}

function started(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => fetch(request) });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

function closedPort(): string {
  const url = started(() => new Response());
  void servers.pop()?.stop(true);
  return url;
}
