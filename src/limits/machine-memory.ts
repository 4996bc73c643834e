/** How much memory we let ourselves have: the deciding, pure; `memory-ceiling.ts` reads. */

export interface MachineMemory {
  readonly totalBytes: number;
  /** What the files say that `cgroupLimitFiles` names; those that are there. */
  readonly cgroupLimits: readonly string[];
}

/** The rest is for the kernel's socket buffers, which count too, and for everybody else. */
const AUTO_PART = 3 / 4;

/** Bytes; undefined when memory is no concern. */
export function memoryCeiling(setting: number | "auto" | "off", machine: MachineMemory): number | undefined {
  if (setting === "off") return undefined;
  if (setting !== "auto") return setting;
  // "max" of version 2, and the near-2^63 of version 1: no limit.
  const limits = machine.cgroupLimits.map((text) => Number.parseInt(text, 10)).filter((limit) => limit > 0);
  return Math.floor(Math.min(machine.totalBytes, ...limits) * AUTO_PART);
}

const ROOT = "/sys/fs/cgroup";

/**
 * Files with the limits of our cgroup and of those around it, from
 * `/proc/self/cgroup`, whose lines are `id:controllers:path` (cgroups(7)). In a
 * container the path may be one that only the host sees; the root is ours then.
 */
export function cgroupLimitFiles(procSelfCgroup: string): string[] {
  return procSelfCgroup
    .split("\n")
    .slice(0, LINES_MAX)
    .flatMap((line) => {
      const [id, controllers = "", ...path] = line.split(":");
      const folders = ancestorsOf(path.join(":"));
      if (id === "0" && controllers === "") return folders.map((folder) => `${ROOT}${folder}/memory.max`);
      if (!controllers.split(",").includes("memory")) return [];
      return folders.map((folder) => `${ROOT}/memory${folder}/memory.limit_in_bytes`);
    });
}

const LINES_MAX = 64;

/** `/a/b` → `/a/b`, `/a` and the root, which is "". */
function ancestorsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, dropped) =>
    parts
      .slice(0, parts.length - dropped)
      .map((part) => `/${part}`)
      .join(""),
  );
}
