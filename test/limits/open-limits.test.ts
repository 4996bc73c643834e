import { expect, test } from "bun:test";
import { Limiter } from "../../src/limits/limiter.ts";
import { clearWorker, limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { LimitSpec } from "../../src/policy/spec.ts";
import { limit, ruleWith } from "./limit-specs.ts";

const NOW = Date.UTC(2026, 10, 21);
const HERE = "192.0.2.1";
const THERE = "198.51.100.1";

test("connections of a client at once are limited over all workers", () => {
  const [first, second] = limitersWith([limit({ open: 2 })]);

  expect(first.admitConnection(HERE, NOW)).toBeUndefined();
  expect(second.admitConnection(HERE, NOW)).toBeUndefined();
  expect(first.admitConnection(HERE, NOW)).toMatchObject({ what: "open", quota: 2, by: "client" });
  expect(first.admitConnection(THERE, NOW)).toBeUndefined();
  second.releaseConnection(HERE);
  expect(first.admitConnection(HERE, NOW)).toBeUndefined();
});

test("so are those of all clients together", () => {
  const [first, second] = limitersWith([limit({ by: "all", open: 2 })]);

  expect(first.admitConnection(HERE, NOW)).toBeUndefined();
  expect(second.admitConnection(THERE, NOW)).toBeUndefined();
  expect(first.admitConnection("203.0.113.1", NOW)).toMatchObject({ what: "open", by: "all" });
});

test("new connections are limited by rate, and closing one makes no room", () => {
  const [first] = limitersWith([limit({ connections: { count: 2, per: 1_000 } })]);
  for (let times = 0; times < 2; times++) {
    expect(first.admitConnection(HERE, NOW)).toBeUndefined();
    first.releaseConnection(HERE);
  }

  expect(first.admitConnection(HERE, NOW)).toMatchObject({ what: "connections", quota: 2, windowMs: 1_000 });
  expect(first.admitConnection(HERE, NOW + 500)).toBeUndefined();
});

test("a connection that is refused counts nowhere, and costs no token of another limit", () => {
  const [first] = limitersWith([
    limit({ name: "rate", by: "all", connections: { count: 3, per: 3_600_000 }, burst: 3 }),
    limit({ name: "open", open: 1 }),
  ]);
  first.admitConnection(HERE, NOW);
  for (let times = 0; times < 20; times++) {
    expect(first.admitConnection(HERE, NOW)).toMatchObject({ limit: "open" });
  }

  expect(first.admitConnection(THERE, NOW)).toBeUndefined();
  first.releaseConnection(HERE);
  expect(first.admitConnection(HERE, NOW)).toBeUndefined();
});

test("a limit that comes with a reload finds the connections that are there", () => {
  const [first] = limitersWith([]);
  first.admitConnection(HERE, NOW);
  first.admitConnection(HERE, NOW);
  first.policy = { limits: [limit({ open: 2 })], rules: [] };

  expect(first.admitConnection(HERE, NOW)).toMatchObject({ what: "open" });
  first.releaseConnection(HERE);
  expect(first.admitConnection(HERE, NOW)).toBeUndefined();
});

test("connections of a user and to a host are counted apart", () => {
  const [first, second] = limitersWith([
    limit({ name: "user", by: "user", open: 1 }),
    limit({ name: "host", by: "host", open: 1 }),
  ]);

  expect(first.admitUser("ann")).toBeUndefined();
  expect(second.admitUser("ann")).toMatchObject({ limit: "user" });
  expect(first.admitUpstream(undefined, "ann")).toBeUndefined();
  expect(second.admitUpstream(undefined, "ann")).toMatchObject({ limit: "host" });
  first.releaseUser("ann");
  expect(second.admitUser("ann")).toBeUndefined();
  first.releaseUpstream("ann");
  expect(second.admitUpstream(undefined, "ann")).toBeUndefined();
});

test("a rule's limit on connections to a host holds for its requests alone", () => {
  const [first] = limitersWith([limit({ name: "frail", by: "host", open: 1 })], "frail");
  const names = [{ limit: "frail", rule: "rule" }];

  expect(first.admitUpstream(undefined, "a.test")).toBeUndefined();
  expect(first.admitUpstream(undefined, "a.test")).toBeUndefined();
  expect(first.admitUpstream(names, "a.test")).toMatchObject({ limit: "frail" });
  expect(first.admitUpstream(names, "b.test")).toBeUndefined();
});

test("what a dead worker had open is gone", () => {
  const memory = limitsBuffers(2);
  const policy = { limits: [limit({ open: 1 })], rules: [] };
  const [dying, living] = [new Limiter(memory, 0, 1), new Limiter(memory, 1, 1)];
  dying.policy = policy;
  living.policy = policy;
  dying.admitConnection(HERE, NOW);
  expect(living.admitConnection(HERE, NOW)).toBeDefined();

  clearWorker(memory, 0);
  expect(living.admitConnection(HERE, NOW)).toBeUndefined();
});

function limitersWith(limits: readonly LimitSpec[], named?: string): [Limiter, Limiter] {
  const memory = limitsBuffers(2);
  const limiters: [Limiter, Limiter] = [new Limiter(memory, 0, 1), new Limiter(memory, 1, 1)];
  const rules = named === undefined ? [] : [ruleWith("rule", named)];
  for (const limiter of limiters) limiter.policy = { limits, rules };
  return limiters;
}
