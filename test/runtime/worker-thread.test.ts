import { expect, test } from "bun:test";
import type { RunningConfig } from "../../src/runtime/messages.ts";
import { allocateSharedMemory } from "../../src/runtime/shared-memory.ts";
import { WorkerThread } from "../../src/runtime/worker-thread.ts";
import { configOf } from "./configs.ts";

const UNWELL = new URL("./unwell-worker.ts", import.meta.url).href;
const NONE: ReadonlyMap<string, number> = new Map();
const ENTRY = new URL("../../src/worker.ts", import.meta.url).href;

test("a worker that has ended refuses a config, whether it is asked before or after", async () => {
  const ended = Promise.withResolvers<string>();
  const running = runningOf();
  const thread = new WorkerThread(
    ENTRY,
    { index: 0, memory: allocateSharedMemory(1, 0), running, disk: undefined },
    { onLogged() {}, onRefusedHosts() {}, onCacheReport() {}, onFailed() {}, onEnded: ended.resolve },
  );
  expect(await thread.started(1)).toMatchObject({ ok: true });

  thread.terminate();
  const before = thread.apply({ ...running, generation: 2 });
  await ended.promise;
  const after = thread.apply({ ...running, generation: 3 });

  expect(thread.state).toBe("stopped");
  expect(await before).toMatchObject({ ok: false });
  expect(await after).toMatchObject({ ok: false });
});

// What befalls a worker that is given a config | the config's generation | what is said of its end.
const ends = [
  ["an exception", 2, "generation 2 is too much"],
  ["nothing, for ever", 3, "it did not answer for 0.2 s"],
] as const;

test.each(ends)("%s ends it once, and whoever waits for it hears so", async (_, generation, reason) => {
  const reasons: string[] = [];
  const running = runningOf();
  const thread = new WorkerThread(
    UNWELL,
    { index: 0, memory: allocateSharedMemory(1, 0), running, disk: undefined },
    {
      onLogged() {},
      onRefusedHosts() {},
      onCacheReport() {},
      onFailed() {},
      onEnded: (each) => reasons.push(each),
    },
    { startMs: 10_000, applyMs: 200 },
  );
  expect(await thread.started(1)).toMatchObject({ ok: true });

  const applied = await thread.apply({ ...running, generation });

  expect(applied).toEqual({ ok: false, problem: expect.stringContaining(reason) });
  expect(thread.state).toBe("stopped");
  expect(reasons).toEqual([expect.stringContaining(reason)]);
});

test("a worker that never starts is ended, and whoever waits for it hears so", async () => {
  const thread = new WorkerThread(
    UNWELL,
    { index: 0, memory: allocateSharedMemory(1, 0), disk: undefined, running: runningOf(0) },
    { onLogged() {}, onRefusedHosts() {}, onCacheReport() {}, onFailed() {}, onEnded() {} },
    { startMs: 200, applyMs: 200 },
  );

  expect(await thread.started(0)).toEqual({
    ok: false,
    problem: expect.stringContaining("it did not answer for 0.2 s"),
  });
  expect(thread.state).toBe("stopped");
});

function runningOf(generation = 1): RunningConfig {
  return {
    generation,
    config: configOf({ listeners: [{ address: "127.0.0.1:0" }], log: { access: "off" } }),
    gate: {
      lists: new Map(),
      accounts: [],
      hasAccounts: false,
      places: { rules: NONE, lists: NONE, users: NONE, tags: NONE, limits: NONE },
      hostName: "proxy.example",
    },
    ports: [0],
    places: [0],
    own: { listening: [], interfaces: [] },
    logFormat: undefined,
    logColour: false,
  };
}
