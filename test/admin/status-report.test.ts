import { expect, test } from "bun:test";
import { reportStatus } from "../../src/admin/status-report.ts";
import { cells } from "../../src/observe/cells.ts";
import { Observer } from "../../src/observe/observer.ts";
import { recordOf } from "../observe/records.ts";
import { FakeDeps } from "./fake-deps.ts";

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
