/** A process that stores objects with two workers until it is killed. Its arguments: a path, and a size. */
import { Worker } from "node:worker_threads";
import { DiskKeeper } from "../../../src/store/disk/keeper.ts";
import type { HammerData } from "./hammer.ts";

const [path = "", size = ""] = process.argv.slice(2);
const opened = await DiskKeeper.open({ path, size: Number(size) }, (message) => console.log(message));
if (!opened.ok) throw new Error(opened.problem);
const { keeper } = opened;
await keeper.loaded;
for (const thread of [0, 1]) {
  const workerData: HammerData = { shared: keeper.shared, thread, rounds: Number.POSITIVE_INFINITY };
  const worker = new Worker(new URL("./hammer.ts", import.meta.url), { workerData });
  worker.on("message", (report) => keeper.onReport(report));
}
let purges = 0;
setInterval(() => void keeper.purge({ host: `host${purges++ % 10}.example` }, purges % 2 === 0), 50);
console.log("ready");
