/** A worker that starts well, unless its config is generation 0, and at its next order does not answer any more: stuck, or dead of an exception. */
import type { Order, WorkerStart } from "../../src/runtime/messages.ts";

const { running } = await new Promise<WorkerStart>((resolve) => {
  addEventListener("message", (event: MessageEvent<WorkerStart>) => resolve(event.data), { once: true });
});

addEventListener("message", (event: MessageEvent<Order>) => {
  const { data } = event;
  if (data.order === "apply" && data.running.generation === 2) throw new Error("generation 2 is too much");
  for (;;);
});
if (running.generation === 0) for (;;);
postMessage({ report: "applied", generation: running.generation, ports: [1] });
