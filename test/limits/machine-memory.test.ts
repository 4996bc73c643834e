import { describe, expect, test } from "bun:test";
import { cgroupLimitFiles, memoryCeiling } from "../../src/limits/machine-memory.ts";
import { readMemoryCeiling } from "../../src/limits/memory-ceiling.ts";

const GIB = 1_024 ** 3;

describe("the ceiling", () => {
  // Each row: what it shows | the setting | what the cgroups say | the ceiling, on a machine with 8 GiB.
  test.each([
    ["is three quarters of the machine", "auto", [], 6 * GIB],
    ["or of its cgroup, when that has less", "auto", [`${2 * GIB}\n`], 1.5 * GIB],
    ["or of a cgroup around it", "auto", ["max\n", `${4 * GIB}\n`, "max\n"], 3 * GIB],
    ["heeds no limit that is larger than the machine", "auto", ["9223372036854771712\n"], 6 * GIB],
    ["heeds no text that is no number", "auto", ["", "none", "-1", "0"], 6 * GIB],
    ["is what the setting says", 512, [`${2 * GIB}\n`], 512],
    ["is none when it is off", "off", [`${2 * GIB}\n`], undefined],
  ] as const)("%s", (_, setting, cgroupLimits, ceiling) => {
    expect(memoryCeiling(setting, { totalBytes: 8 * GIB, cgroupLimits })).toBe(ceiling);
  });

  test("of this machine is some memory", () => {
    expect(readMemoryCeiling("auto")).toBeGreaterThan(1_024 ** 2);
    expect(readMemoryCeiling("off")).toBeUndefined();
  });
});

// Each row: what it shows | /proc/self/cgroup | the files.
test.each([
  ["in a container we are the root", "0::/\n", ["/sys/fs/cgroup/memory.max"]],
  [
    "a service has limits of its own, and those of its slice",
    "0::/system.slice/headgate.service\n",
    [
      "/sys/fs/cgroup/system.slice/headgate.service/memory.max",
      "/sys/fs/cgroup/system.slice/memory.max",
      "/sys/fs/cgroup/memory.max",
    ],
  ],
  [
    "version 1 has a hierarchy for memory",
    "12:pids:/docker/abc\n9:memory:/docker/abc\n1:name=systemd:/docker/abc\n",
    [
      "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes",
      "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ],
  ],
  [
    "no way leads up out of the hierarchy",
    "0::/../../etc\n",
    ["/sys/fs/cgroup/etc/memory.max", "/sys/fs/cgroup/memory.max"],
  ],
  ["no cgroups, no files", "", []],
])("%s", (_, text, files) => {
  expect(cgroupLimitFiles(text)).toEqual(files);
});
