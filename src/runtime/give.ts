/** A config given to all workers, or, when one can't take it, to none. */
import type { RunningConfig } from "./messages.ts";
import type { Applied, WorkerThread } from "./worker-thread.ts";

export type Given =
  | { readonly ok: true; readonly running: RunningConfig }
  | { readonly ok: false; readonly problem: string; readonly done: readonly WorkerThread[] };

/**
 * To one worker after the other, until one can't. `withPorts`: the same config
 * with the ports that its listeners have got.
 */
export async function give(
  threads: readonly WorkerThread[],
  wanted: RunningConfig,
  withPorts: (running: RunningConfig, ports: readonly number[]) => RunningConfig,
): Promise<Given> {
  let running = wanted;
  const done: WorkerThread[] = [];
  for (const thread of threads) {
    const applied = await thread.apply(running);
    if (!applied.ok) return { ok: false, problem: applied.problem, done };
    // What port 0 became for the first worker holds for the others.
    if (done.length === 0) running = withPorts(running, applied.ports);
    done.push(thread);
  }
  // The first was told before these were known, and must know them for its own listeners too.
  if (wanted.ports.includes(0)) await insist(done.slice(0, 1), (thread) => thread.apply(running));
  return { ok: true, running };
}

/** A worker that can't do what its siblings do is ended, to be replaced by one that can. */
export async function insist(
  threads: readonly WorkerThread[],
  order: (thread: WorkerThread) => Promise<Applied>,
): Promise<void> {
  for (const thread of threads) {
    const applied = await order(thread);
    if (!applied.ok) thread.terminate(applied.problem);
  }
}
