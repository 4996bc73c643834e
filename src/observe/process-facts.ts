/** What the operating system says of this process, all threads together. */
import { readdir } from "node:fs/promises";

export interface ProcessFacts {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  /** `undefined` where there is no /proc. */
  readonly openFds: number | undefined;
}

export async function readProcessFacts(): Promise<ProcessFacts> {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    openFds: await countFds(),
  };
}

async function countFds(): Promise<number | undefined> {
  try {
    // The directory is itself open while it is read.
    return (await readdir("/proc/self/fd")).length - 1;
  } catch {
    return undefined;
  }
}
