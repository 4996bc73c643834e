import { expect, test } from "bun:test";
import { LOCK, planLayout, shardAt } from "../../../src/store/memory/layout.ts";
import { clearDeadWorker } from "../../../src/store/memory/recovery.ts";
import { MemoryStore, memoryBuffer } from "../../../src/store/memory/store.ts";
import { answer, findFault } from "./answers.ts";
import { BEGUN, KEYS, type MemoryOrder, type MemoryReport } from "./hammer-order.ts";

const MIB = 2 ** 20;
const SEED = 4_711;
const DEAD = 7;

// Each row: of the arena | threads | operations of each | bytes of a body at most, 0: as large as it takes.
test.each([
  ["small bodies", MIB, 4, 20_000, 2_000],
  ["bodies of any size", MIB, 3, 6_000, 0],
  ["bodies of any size, more room", 4 * MIB, 3, 4_000, 0],
  ["several shards", 40 * MIB, 3, 2_000, 0],
])(
  "threads that do everything at once find whole answers only: %s",
  async (_, bytes, threads, operations, most) => {
    const order = orderFor(memoryBuffer(bytes), operations, most);
    const reports = await Promise.all(
      Array.from({ length: threads }, (_, thread) => run({ ...order, thread })),
    );

    expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
    const sum = (of: (report: MemoryReport) => number) =>
      reports.reduce((sum, report) => sum + of(report), 0);
    expect(sum(({ hits }) => hits)).toBeGreaterThan(100);
    expect(sum(({ stored }) => stored)).toBeGreaterThan(100);
    expect(sum(({ freshened }) => freshened)).toBeGreaterThan(10);
    expectWhole(order.buffer);
  },
  30_000,
);

test("a worker that is ended while it writes leaves nothing behind that is not whole", async () => {
  const order = orderFor(memoryBuffer(2 * MIB), Infinity, 0);
  let locksHeld = 0;
  for (let round = 0; round < 60 && locksHeld < 5; round++) {
    await endWhileWriting({ ...order, thread: DEAD }, 5 + (round % 10));

    locksHeld += heldLocks(order.buffer).length;
    clearDeadWorker(order.buffer, DEAD);
    expect(heldLocks(order.buffer)).toEqual([]);
    expectWhole(order.buffer);
    const report = await run({ ...order, operations: 500, thread: 1 });
    expect(report.faults).toEqual([]);
  }
  expect(locksHeld).toBeGreaterThan(0);
}, 30_000);

test("a lock that a dead worker holds makes puts fail and purges and finds go on", () => {
  const buffer = memoryBuffer(MIB);
  const store = new MemoryStore(buffer, 1, SEED);
  store.put(answer("http://a/1", 100), store.sequence("http://a/1"));
  store.put(answer("http://a/2", 100), store.sequence("http://a/2"));
  new Int32Array(buffer)[shardAt(planLayout(buffer.byteLength), 0) + LOCK] = DEAD + 1;

  expect(store.put(answer("http://a/3", 100), store.sequence("http://a/3"))).toBe("busy");
  expect(store.find("http://a/1", () => "")?.bodyBytes).toBe(100);
  expect(store.remove("http://a/1")).toBe(1);
  expect(store.markStale("http://a/2")).toBe(1);
  expect(store.find("http://a/1", () => "")).toBeUndefined();

  clearDeadWorker(buffer, DEAD + 1);
  expect(store.put(answer("http://a/3", 100), store.sequence("http://a/3"))).toBe("busy");
  clearDeadWorker(buffer, DEAD);
  expect(store.put(answer("http://a/3", 100), store.sequence("http://a/3"))).toBe("stored");
});

const HAMMER = new URL("./memory-hammer.ts", import.meta.url).href;

function orderFor(buffer: SharedArrayBuffer, operations: number, most: number): MemoryOrder {
  // What key, lines and numbers take beside the body.
  const bodyBytesMax = most > 0 ? most : new MemoryStore(buffer, 0, SEED).objectBytesMax - 700;
  return { buffer, versions: new SharedArrayBuffer(KEYS * 3 * 4), thread: 0, operations, bodyBytesMax };
}

async function run(order: MemoryOrder): Promise<MemoryReport> {
  const { worker, report } = start(order);
  try {
    return await report;
  } finally {
    worker.terminate();
  }
}

async function endWhileWriting(order: MemoryOrder, afterMs: number): Promise<void> {
  const { worker, begun } = start(order);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  worker.addEventListener("close", resolve);
  await begun;
  await Bun.sleep(afterMs);
  worker.terminate();
  await promise;
}

function start(order: MemoryOrder): { worker: Worker; begun: Promise<void>; report: Promise<MemoryReport> } {
  const worker = new Worker(HAMMER);
  const begun = Promise.withResolvers<void>();
  const report = Promise.withResolvers<MemoryReport>();
  worker.addEventListener("message", (event: MessageEvent<MemoryReport | typeof BEGUN>) => {
    if (event.data === BEGUN) begun.resolve();
    else report.resolve(event.data);
  });
  worker.addEventListener("error", (event) => report.reject(event.error ?? new Error(event.message)));
  worker.postMessage(order);
  return { worker, begun: begun.promise, report: report.promise };
}

/** Every entry that is listed, byte for byte. */
function expectWhole(buffer: SharedArrayBuffer): void {
  const store = new MemoryStore(buffer, 0, SEED);
  let shown = 0;
  const steps = store.visit((entry) => {
    shown++;
    expect(findFault(entry, entry.key())).toBeUndefined();
    return undefined;
  });
  for (const _ of steps);
  expect(store.stats().entries).toBe(shown);
  expect(shown).toBeGreaterThan(0);
}

function heldLocks(buffer: SharedArrayBuffer): number[] {
  const layout = planLayout(buffer.byteLength);
  const cells = new Int32Array(buffer);
  const shards = Array.from({ length: layout.shards }, (_, index) => index);
  return shards.filter((index) => Atomics.load(cells, shardAt(layout, index) + LOCK) !== 0);
}
