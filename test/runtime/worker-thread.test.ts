import { expect, test } from "bun:test";
import type { RunningConfig } from "../../src/runtime/messages.ts";
import { allocateSharedMemory } from "../../src/runtime/shared-memory.ts";
import { WorkerThread } from "../../src/runtime/worker-thread.ts";
import { configOf } from "./configs.ts";

const ENTRY = new URL("../../src/worker.ts", import.meta.url).href;

test("a worker that has ended refuses a config, whether it is asked before or after", async () => {
  const ended = Promise.withResolvers<string>();
  const running = runningOf();
  const thread = new WorkerThread(
    ENTRY,
    { index: 0, memory: allocateSharedMemory(1), running },
    { onLogged() {}, onFailed() {}, onEnded: ended.resolve },
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

function runningOf(): RunningConfig {
  return {
    generation: 1,
    config: configOf({ listeners: [{ address: "127.0.0.1:0" }], log: { access: "off" } }),
    ports: [0],
    places: [0],
    own: { listening: [], interfaces: [] },
    logFormat: undefined,
    logColour: false,
  };
}
