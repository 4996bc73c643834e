import { describe, expect, test } from "bun:test";
import { type ConnectionLimits, ConnectionTable } from "../../src/limits/connection-table.ts";
import { countTableBuffer } from "../../src/limits/count-table.ts";

import type { HammerOrder, HammerReport } from "./connection-hammer.ts";

const SEED = 12345;

test("connections in all are limited over all workers together", () => {
  const [first, second] = tables({ connections: 3, connectionsPerClient: 3, connectionsPerPrefix: 100_000 });

  expect(first.admit("192.0.2.1")).toBe("admitted");
  expect(second.admit("192.0.2.2")).toBe("admitted");
  expect(first.admit("192.0.2.3")).toBe("admitted");
  expect(second.admit("192.0.2.4")).toBe("connections");
});

test("connections of one client are limited over all workers together, and others do not notice", () => {
  const [first, second] = tables({
    connections: 100,
    connectionsPerClient: 2,
    connectionsPerPrefix: 100_000,
  });

  expect(first.admit("192.0.2.1")).toBe("admitted");
  expect(second.admit("192.0.2.1")).toBe("admitted");
  expect(first.admit("192.0.2.1")).toBe("connections_per_client");
  expect(second.admit("192.0.2.2")).toBe("admitted");
});

test("all addresses of one IPv6 network of a client count as one, and other networks do not", () => {
  const [first, second] = tables({
    connections: 100,
    connectionsPerClient: 2,
    connectionsPerPrefix: 100_000,
  });

  expect(first.admit("2001:db8:0:1::1")).toBe("admitted");
  expect(second.admit("2001:db8:0:1:ffff::2")).toBe("admitted");
  expect(first.admit("2001:db8::1:0:0:0:3")).toBe("connections_per_client");
  expect(first.admit("2001:db8:0:2::1")).toBe("admitted");
  second.release("2001:db8:0:1:ffff::2");
  expect(first.admit("2001:db8:0:1::4")).toBe("admitted");
});

test("connections of one network are limited, however many addresses they come from", () => {
  const [first, second] = tables({ connections: 100, connectionsPerClient: 2, connectionsPerPrefix: 3 });

  expect(first.admit("192.0.2.1")).toBe("admitted");
  expect(second.admit("192.0.2.2")).toBe("admitted");
  expect(first.admit("192.0.2.3")).toBe("admitted");
  expect(second.admit("192.0.2.4")).toBe("connections_per_prefix");
  expect(second.admit("192.0.3.4")).toBe("admitted");
  first.release("192.0.2.1");
  expect(second.admit("192.0.2.4")).toBe("admitted");
});

test("one that leaves makes room for one, through whichever worker", () => {
  const [first, second] = tables({ connections: 1, connectionsPerClient: 1, connectionsPerPrefix: 100_000 });
  first.admit("192.0.2.1");
  expect(second.admit("192.0.2.1")).toBe("connections");

  first.release("192.0.2.1");
  expect(second.admit("192.0.2.1")).toBe("admitted");
  expect(first.admit("192.0.2.1")).toBe("connections");
});

test("who is refused does not count", () => {
  const [first] = tables({ connections: 1, connectionsPerClient: 1, connectionsPerPrefix: 100_000 });
  first.admit("192.0.2.1");
  for (let attempt = 0; attempt < 10; attempt++) first.admit("192.0.2.2");
  first.release("192.0.2.1");

  expect(first.admit("192.0.2.2")).toBe("admitted");
});

test("a limit that is lowered binds the next, and one that is raised lets it in", () => {
  const [first] = tables({ connections: 2, connectionsPerClient: 2, connectionsPerPrefix: 100_000 });
  first.admit("192.0.2.1");
  first.limits = { connections: 1, connectionsPerClient: 2, connectionsPerPrefix: 100_000 };
  expect(first.admit("192.0.2.1")).toBe("connections");

  first.limits = { connections: 2, connectionsPerClient: 2, connectionsPerPrefix: 100_000 };
  expect(first.admit("192.0.2.1")).toBe("admitted");
});

test("what a dead worker had is cleared, and the others' stays", () => {
  const [first, second] = tables({ connections: 2, connectionsPerClient: 2, connectionsPerPrefix: 100_000 });
  first.admit("192.0.2.1");
  second.admit("192.0.2.2");
  first.clear();

  expect(first.admit("192.0.2.3")).toBe("admitted");
  expect(first.admit("192.0.2.3")).toBe("connections");
});

test("clients that share a slot by chance are not taken for one", () => {
  const [table] = tables({ connections: 100_000, connectionsPerClient: 4, connectionsPerPrefix: 100_000 });
  const clients = Array.from({ length: 4_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const refused = clients.filter((client) => table.admit(client) !== "admitted");

  expect(refused).toEqual([]);
});

describe("threads that hammer one table", () => {
  // Each row: what is limited | the limits | the most at once.
  test.each([
    [
      "connections in all",
      { connections: 50, connectionsPerClient: 1_000, connectionsPerPrefix: 100_000 },
      50,
    ],
    [
      "connections of a client",
      { connections: 1_000, connectionsPerClient: 50, connectionsPerPrefix: 100_000 },
      50,
    ],
  ])("never exceed the limit: %s", async (_, limits, most) => {
    const buffer = countTableBuffer(4);
    const held = new Int32Array(new SharedArrayBuffer(8));
    const entry = new URL("./connection-hammer.ts", import.meta.url).href;
    const workers = [new Worker(entry), new Worker(entry), new Worker(entry)];
    const reports = await Promise.all(
      workers.map(async (worker, index) => {
        const { promise, resolve } = Promise.withResolvers<HammerReport>();
        worker.addEventListener("message", (event: MessageEvent<HammerReport>) => resolve(event.data));
        worker.postMessage({ buffer, worker: index, seed: SEED, limits, held, most } satisfies HammerOrder);
        return promise;
      }),
    );
    for (const worker of workers) worker.terminate();

    expect(reports.map(({ exceeded }) => exceeded)).toEqual([0, 0, 0]);
    // All are gone, and exactly as many as the limit says fit again.
    const table = new ConnectionTable(buffer, 3, SEED, limits);
    const places = Array.from({ length: most + 5 }, () => table.admit("192.0.2.1"));
    expect(places.filter((place) => place === "admitted").length).toBe(most);
  });
});

function tables(limits: ConnectionLimits): [ConnectionTable, ConnectionTable] {
  const buffer = countTableBuffer(2);
  return [new ConnectionTable(buffer, 0, SEED, limits), new ConnectionTable(buffer, 1, SEED, limits)];
}
