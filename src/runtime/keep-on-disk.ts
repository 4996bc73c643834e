/** At a stop: answers go from memory to the disk. */

import { factsOf } from "../cache/facts.ts";
import { THREADS_MAX } from "../store/disk/disk-shared.ts";
import type { DiskKeeper } from "../store/disk/keeper.ts";
import { DiskTier } from "../store/disk/tier.ts";
import type { MemoryStore, Visited } from "../store/memory/store.ts";
import type { NewEntry } from "../store/new-entry.ts";

/** Waiting for the disk at once. */
const AT_ONCE = 32;

/** Nobody else uses the store any more. */
export async function keepOnDisk(memory: MemoryStore, keeper: DiskKeeper, limitMs: number): Promise<number> {
  const disk = new DiskTier(keeper.shared, THREADS_MAX - 1, (report) => keeper.onReport(report));
  const until = performance.now() + limitMs;
  let [kept, wanted] = [0, new Set<Promise<unknown>>()];
  for (const step = memory.visit(visit); performance.now() < until && step.next().done !== true; ) {
    while (wanted.size >= AT_ONCE) await Promise.race(wanted);
  }
  await Promise.all(wanted);
  return kept;

  function visit(entry: Visited): undefined {
    const copy = entry.isMarkedStale ? undefined : copyOf(entry);
    if (copy === undefined || performance.now() >= until) return;
    const done = disk.spill(copy).then((isStored) => {
      if (isStored) kept++;
      wanted.delete(done);
    });
    wanted.add(done);
  }
}

function copyOf(entry: Visited): NewEntry | undefined {
  const body = Buffer.allocUnsafeSlow(entry.bodyBytes);
  if (!entry.copy(body, 0, entry.headBytes, entry.headBytes + entry.bodyBytes)) return undefined;
  return {
    key: entry.key(),
    facts: factsOf(entry),
    varyNames: entry.varyNames(),
    varyKey: entry.varyKey(),
    tags: entry.tags(),
    peer: entry.peer(),
    reason: entry.reason(),
    lines: entry.lines(),
    body: [body],
  };
}
