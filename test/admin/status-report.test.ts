import { expect, test } from "bun:test";
import { reportStatus } from "../../src/admin/status-report.ts";
import { cells } from "../../src/observe/cells.ts";
import { Observer } from "../../src/observe/observer.ts";
import { recordOf } from "../observe/records.ts";
import { FakeDeps, listState } from "./fake-deps.ts";

test("a report says what runs and since when", () => {
  const deps = new FakeDeps();

  expect(reportStatus(deps, deps.startedAt + 90_400)).toMatchObject({
    version: "0.1.0",
    commit: "abc1234",
    bun: Bun.version,
    phase: "ready",
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeSeconds: 90,
    generation: 7,
  });
});

test("exchanges are added up by kind, by status and by worker", () => {
  const deps = new FakeDeps();
  const observers = [0, 1].map((worker) => new Observer(deps.counters(worker), undefined));
  observers[0]?.exchangeEnded(recordOf());
  observers[0]?.exchangeEnded(recordOf({ kind: "own", status: 502, failure: "dns_error" }));
  observers[1]?.exchangeEnded(recordOf({ kind: "tunnel" }));

  const { totals, workers, upstream } = reportStatus(deps, Date.now());

  expect(totals).toMatchObject({
    exchanges: 3,
    byKind: { forward: 1, tunnel: 1, upgrade: 0, own: 1 },
    byStatus: { none: 0, "1xx": 0, "2xx": 2, "3xx": 0, "4xx": 0, "5xx": 1 },
    bytesFromClients: 630,
  });
  expect(workers.map(({ state, exchanges }) => [state, exchanges])).toEqual([
    ["running", 2],
    ["starting", 1],
  ]);
  expect(upstream.failures).toEqual({ dns_error: 1 });
});

test("connections belong to their listener and their worker", () => {
  const deps = new FakeDeps();
  deps.counters(0).add(cells.connectionsOpen, 2);
  deps.counters(1).add(cells.connectionsOpen, 1);
  deps.counters(1).add(cells.connections, 9);

  const { listeners, workers, totals } = reportStatus(deps, Date.now());

  expect(listeners).toEqual([
    { address: "127.0.0.1:8888", mode: "forward", connectionsOpen: 3, connections: 9 },
  ]);
  expect(workers.map(({ connectionsOpen }) => connectionsOpen)).toEqual([2, 1]);
  expect(totals.connectionsOpen).toBe(3);
});

test("the share of reused upstream connections is of all that were used", () => {
  const deps = new FakeDeps();
  expect(reportStatus(deps, Date.now()).upstream.reuseRatio).toBe(0);

  deps.counters(0).add(cells.upstreamReuses, 3);
  deps.counters(1).add(cells.upstreamDials, 1);

  expect(reportStatus(deps, Date.now()).upstream.reuseRatio).toBe(0.75);
});

test("every limit is listed, and their sum", () => {
  const deps = new FakeDeps();
  deps.counters(0).add(cells.limitReached.timeout_head, 2);
  deps.counters(1).add(cells.connectionsRefused.client_range, 5);

  const { limits } = reportStatus(deps, Date.now());

  expect(limits.reached).toBe(7);
  expect(limits.byLimit).toMatchObject({ timeout_head: 2, client_range: 5, head_bytes: 0 });
});

test("the policy says what it is, and what came of it", () => {
  const deps = new FakeDeps();
  deps.configInput = {
    policy: {
      default: "deny",
      mode: "audit",
      rules: [
        { name: "quiet", action: "allow", hosts: ["a.example"] },
        { name: "loud", action: "deny", hosts: ["b.example"] },
        { name: "unplaced", action: "tag", tags: ["t"] },
      ],
      limits: [
        { name: "slow", by: "all", download: "1MiB/s", budget: "10GiB/24h" },
        { name: "per-client", requests: "100/s", burst: 20, exchanges: 5 },
      ],
    },
  };
  deps.placeNames = {
    rules: ["quiet", undefined, "loud"],
    lists: [],
    users: ["ann", "bob"],
    tags: ["t"],
    limits: ["per-client", "slow"],
  };
  deps.counters(0).add(cells.ruleMatches + 2, 3);
  deps.counters(1).add(cells.ruleMatches + 2, 4);
  deps.counters(1).add(cells.ruleWouldDeny + 2, 7);
  deps.counters(1).add(cells.ruleMatches, 1);
  deps.counters(0).add(cells.limitRefusals, 2);
  deps.counters(0).add(cells.userExchanges + 1, 9);
  deps.counters(0).add(cells.decisions.would_deny, 7);
  deps.counters(0).add(cells.refusals.rule, 6);
  deps.hitters.count("b.example", 7);

  const { policy } = reportStatus(deps, Date.now());

  expect(policy).toMatchObject({
    default: "deny",
    mode: "audit",
    ruleCount: 3,
    rules: [
      { name: "loud", action: "deny", matches: 7, wouldDeny: 7 },
      { name: "quiet", action: "allow", matches: 1, wouldDeny: 0 },
      { name: "unplaced", action: "tag", matches: 0, wouldDeny: 0 },
    ],
    refusedHosts: [{ host: "b.example", count: 7 }],
    limitCount: 2,
    limits: [
      {
        name: "per-client",
        by: "client",
        allows: ["requests 100/s", "burst 20", "exchanges 5"],
        refusals: 2,
      },
      { name: "slow", by: "all", allows: ["download 1MiB/s", "budget 10GiB/24h"], refusals: 0 },
    ],
    users: [{ name: "bob", exchanges: 9 }],
    tags: [],
    refusals: { rule: 6 },
  });
  expect(policy.decisions).toMatchObject({ would_deny: 7, denied: 0 });
});

test("whatever there is many of is cut, and its number told", () => {
  const deps = new FakeDeps();
  const many = Array.from({ length: 300 }, (_, at) => `name-${at}`);
  deps.configInput = {
    policy: {
      rules: many.map((name) => ({ name, action: "allow" })),
      limits: many.map((name) => ({ name, requests: "1/s" })),
    },
  };
  deps.placeNames = { rules: many, lists: many, users: many, tags: many, limits: many };
  deps.banStates = many.map((client) => ({ client, cause: "slow", untilMs: 0 }));
  deps.listStates = many.map((name) => listState(name));
  for (const [at, name] of many.entries()) {
    deps.hitters.count(name);
    deps.counters(0).add(cells.userExchanges + at, at);
    deps.counters(0).add(cells.ruleMatches + at, at);
  }

  const { policy, bans } = reportStatus(deps, Date.now());

  expect([policy.ruleCount, policy.rules.length, policy.rules[0]?.name]).toEqual([300, 20, "name-299"]);
  expect([policy.limitCount, policy.limits.length]).toEqual([300, 100]);
  expect([policy.listCount, policy.lists.length]).toEqual([300, 100]);
  expect([policy.users.length, policy.users[0]?.name]).toEqual([20, "name-299"]);
  expect(policy.refusedHosts).toHaveLength(20);
  expect([bans.active, bans.list.length]).toEqual([300, 100]);
});

test("shedding says how far it has come and where it begins", () => {
  const deps = new FakeDeps();
  deps.ceiling = 2 ** 30;
  mainCountersOf(deps).set(cells.shedLevel, 2);

  expect(reportStatus(deps, Date.now()).shedding).toEqual({ level: 2, ceilingBytes: 2 ** 30 });
});

test("log-ins are counted by result", () => {
  const deps = new FakeDeps();
  deps.counters(1).add(cells.logIns.wrong, 3);

  expect(reportStatus(deps, Date.now()).logIns).toEqual({
    user: 0,
    missing: 0,
    wrong: 3,
    expired: 0,
    busy: 0,
  });
});

/** The row behind those of the workers. */
function mainCountersOf(deps: FakeDeps) {
  return deps.counters(deps.workers().length);
}
