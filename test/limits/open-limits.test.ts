import { expect, test } from "bun:test";
import { ConnectionTable } from "../../src/limits/connection-table.ts";
import { CountTable, countTableBuffer } from "../../src/limits/count-table.ts";
import type { LimitRefusal } from "../../src/limits/limit-refusal.ts";
import { Limiter } from "../../src/limits/limiter.ts";
import { clearWorker, type LimitsMemory, limitsBuffers } from "../../src/limits/limits-memory.ts";
import type { LimitSpec } from "../../src/policy/spec.ts";
import { limit, ruleWith } from "./limit-specs.ts";

const NOW = Date.UTC(2026, 10, 21);
const PLENTY = { connections: 100, connectionsPerClient: 100, connectionsPerPrefix: 100 };
const HERE = "192.0.2.1";
const THERE = "198.51.100.1";

test("connections of a client at once are limited over all workers", () => {
  const [first, second] = limitersWith([limit({ open: 2 })]);

  expect(first.connect(HERE)).toBeUndefined();
  expect(second.connect(HERE)).toBeUndefined();
  expect(first.connect(HERE)).toMatchObject({ what: "open", quota: 2, by: "client" });
  expect(first.connect(THERE)).toBeUndefined();
  second.leave(HERE);
  expect(first.connect(HERE)).toBeUndefined();
});

test("so are those of all clients together", () => {
  const [first, second] = limitersWith([limit({ by: "all", open: 2 })]);

  expect(first.connect(HERE)).toBeUndefined();
  expect(second.connect(THERE)).toBeUndefined();
  expect(first.connect("203.0.113.1")).toMatchObject({ what: "open", by: "all" });
});

test("new connections are limited by rate, and closing one makes no room", () => {
  const [first] = limitersWith([limit({ connections: { count: 2, per: 1_000 } })]);
  for (let times = 0; times < 2; times++) {
    expect(first.connect(HERE)).toBeUndefined();
    first.leave(HERE);
  }

  expect(first.connect(HERE)).toMatchObject({ what: "connections", quota: 2, windowMs: 1_000 });
  expect(first.connect(HERE, NOW + 500)).toBeUndefined();
});

test("a connection that is refused counts nowhere, and costs no token of another limit", () => {
  const [first] = limitersWith([
    limit({ name: "rate", by: "all", connections: { count: 3, per: 3_600_000 }, burst: 3 }),
    limit({ name: "open", open: 1 }),
  ]);
  first.connect(HERE);
  for (let times = 0; times < 20; times++) {
    expect(first.connect(HERE)).toMatchObject({ limit: "open" });
  }

  expect(first.connect(THERE)).toBeUndefined();
  first.leave(HERE);
  expect(first.connect(HERE)).toBeUndefined();
});

test("a limit that comes with a reload finds the connections that are there", () => {
  const [first] = limitersWith([]);
  first.connect(HERE);
  first.connect(HERE);
  first.limiter.policy = { limits: [limit({ open: 2 })], rules: [] };

  expect(first.connect(HERE)).toMatchObject({ what: "open" });
  first.leave(HERE);
  expect(first.connect(HERE)).toBeUndefined();
});

test("connections of a user and to a host are counted apart", () => {
  const [first, second] = limitersWith([
    limit({ name: "user", by: "user", open: 1 }),
    limit({ name: "host", by: "host", open: 1 }),
  ]);

  expect(first.limiter.admitUser("ann")).toBeUndefined();
  expect(second.limiter.admitUser("ann")).toMatchObject({ limit: "user" });
  expect(first.limiter.admitUpstream(undefined, "ann")).toBeUndefined();
  expect(second.limiter.admitUpstream(undefined, "ann")).toMatchObject({ limit: "host" });
  first.limiter.releaseUser("ann");
  expect(second.limiter.admitUser("ann")).toBeUndefined();
  first.limiter.releaseUpstream("ann");
  expect(second.limiter.admitUpstream(undefined, "ann")).toBeUndefined();
});

test("a rule's limit on connections to a host holds for its requests alone", () => {
  const [first] = limitersWith([limit({ name: "frail", by: "host", open: 1 })], "frail");
  const names = [{ limit: "frail", rule: "rule" }];

  expect(first.limiter.admitUpstream(undefined, "a.test")).toBeUndefined();
  expect(first.limiter.admitUpstream(undefined, "a.test")).toBeUndefined();
  expect(first.limiter.admitUpstream(names, "a.test")).toMatchObject({ limit: "frail" });
  expect(first.limiter.admitUpstream(names, "b.test")).toBeUndefined();
});

test("what a dead worker had open is gone", () => {
  const memory = { limits: limitsBuffers(2), connections: countTableBuffer(2) };
  const [dying, living] = [new Door(memory, 0), new Door(memory, 1)];
  const policy = { limits: [limit({ open: 1 }), limit({ name: "host", by: "host", open: 1 })], rules: [] };
  dying.limiter.policy = policy;
  living.limiter.policy = policy;
  dying.connect(HERE);
  dying.limiter.admitUpstream(undefined, "a.test");
  expect(living.connect(HERE)).toBeDefined();
  expect(living.limiter.admitUpstream(undefined, "a.test")).toBeDefined();

  new CountTable(memory.connections, 0).clear();
  clearWorker(memory.limits, 0);
  expect(living.connect(HERE)).toBeUndefined();
  expect(living.limiter.admitUpstream(undefined, "a.test")).toBeUndefined();
});

function limitersWith(limits: readonly LimitSpec[], named?: string): [Door, Door] {
  const memory = { limits: limitsBuffers(2), connections: countTableBuffer(2) };
  const doors: [Door, Door] = [new Door(memory, 0), new Door(memory, 1)];
  const rules = named === undefined ? [] : [ruleWith("rule", named)];
  for (const { limiter } of doors) limiter.policy = { limits, rules };
  return doors;
}

/** A worker's, where clients come in: counted first, and judged then. */
class Door {
  readonly limiter: Limiter;
  readonly #connections: ConnectionTable;

  constructor(memory: { limits: LimitsMemory; connections: SharedArrayBuffer }, worker: number) {
    this.#connections = new ConnectionTable(memory.connections, worker, 1, PLENTY);
    this.limiter = new Limiter(memory.limits, worker, 1, this.#connections);
  }

  connect(client: string, nowMs = NOW): LimitRefusal | undefined {
    this.#connections.admit(client);
    const refusal = this.limiter.admitConnection(client, nowMs);
    if (refusal !== undefined) this.leave(client);
    return refusal;
  }

  leave(client: string): void {
    this.#connections.release(client);
  }
}
