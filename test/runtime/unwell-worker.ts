/** A worker that starts well, and at its next order does not answer any more: stuck, or dead of an exception. */
import { workerData } from "node:worker_threads";
import type { Order, WorkerStart } from "../../src/runtime/messages.ts";

const { running } = workerData as WorkerStart;

addEventListener("message", (event: MessageEvent<Order>) => {
  const { data } = event;
  if (data.order === "apply" && data.running.generation === 2) throw new Error("generation 2 is too much");
  for (;;);
});
postMessage({ report: "applied", generation: running.generation, ports: [1] });
