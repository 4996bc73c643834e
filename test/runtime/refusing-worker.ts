/** A worker that takes the config it is born with, and that once more, and refuses whatever comes then. */
import type { Order, WorkerStart } from "../../src/runtime/messages.ts";

const { running } = await new Promise<WorkerStart>((resolve) => {
  addEventListener("message", (event: MessageEvent<WorkerStart>) => resolve(event.data), { once: true });
});
const { generation } = running;
let orders = 0;

addEventListener("message", (event: MessageEvent<Order>) => {
  if (event.data.order === "drain") return postMessage({ report: "drained" });
  orders += 1;
  if (orders > 1) return postMessage({ report: "refused", generation, problem: "it has had enough" });
  postMessage({ report: "applied", generation, ports: [1] });
});
postMessage({ report: "applied", generation, ports: [1] });
