import { unlock } from "../../limits/lock.ts";
import { LOCK, PENDING, planLayout, shardAt } from "./layout.ts";

/**
 * Lets go of the locks that a dead worker held, and clears a slot that it was
 * just filling: it may have died before it looked for a purge. The rest of what
 * it left is as good as before (`layout.ts`). Call it before another worker gets
 * its number.
 */
export function clearDeadWorker(buffer: SharedArrayBuffer, thread: number): void {
  const layout = planLayout(buffer.byteLength);
  const cells = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
  for (let index = 0; index < layout.shards; index++) {
    const shard = shardAt(layout, index);
    if (Atomics.load(cells, shard + LOCK) !== thread + 1) continue;
    const pending = Atomics.load(cells, shard + PENDING);
    if (pending !== 0) Atomics.store(cells, shard + pending - 1, 0);
    Atomics.store(cells, shard + PENDING, 0);
    unlock(cells, shard + LOCK, thread);
  }
}
