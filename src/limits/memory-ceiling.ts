/** Asks the machine how much memory there is for us. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { cgroupLimitFiles, memoryCeiling } from "./machine-memory.ts";

/** Bytes; undefined when memory is no concern. Files that are not there say nothing. */
export function readMemoryCeiling(setting: number | "auto" | "off"): number | undefined {
  const files = cgroupLimitFiles(readIfThere("/proc/self/cgroup") ?? "");
  const cgroupLimits = files.map(readIfThere).filter((text) => text !== undefined);
  return memoryCeiling(setting, { totalBytes: totalmem(), cgroupLimits });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
