import { expect, test } from "bun:test";
import { findUnchangeable } from "../../src/runtime/restart-only.ts";
import { configOf } from "./configs.ts";

// Each row: what it shows | before | after | the problems.
test.each([
  [
    "what may change does",
    { limits: { connections: 1 } },
    { limits: { connections: 2 }, timeouts: { idle: "1s" } },
    [],
  ],
  [
    "the number of workers stays",
    { workers: 2 },
    { workers: 3 },
    ["workers: Expected 2 as at the start, found 3: needs a restart"],
  ],
  [
    "so does the status port",
    { admin: { address: "127.0.0.1:8889" } },
    { admin: { address: "off" } },
    ["admin.address: Expected 127.0.0.1:8889 as at the start, found off: needs a restart"],
  ],
  [
    "so does the memory of the cache",
    { cache: { memory: "64MiB" } },
    { cache: { memory: "off" } },
    ["cache.memory: Expected 64MiB as at the start, found off: needs a restart"],
  ],
  [
    "so does its disk",
    {},
    { cache: { disk: { path: "/c", size: "1GiB" } } },
    ["cache.disk: Expected none as at the start, found /c of 1GiB: needs a restart"],
  ],
  [
    "and how large that is",
    { cache: { disk: { path: "/c", size: "1GiB" } } },
    { cache: { disk: { path: "/c", size: "2GiB" } } },
    ["cache.disk: Expected /c of 1GiB as at the start, found /c of 2GiB: needs a restart"],
  ],
  [
    "what else the cache is told may change",
    { cache: { disk: { path: "/c", size: "1GiB" } } },
    { cache: { memory: "65536KiB", disk: { path: "/c", size: "1024MiB" }, offline: true, purge: [] } },
    [],
  ],
  [
    "all are told at once",
    { workers: 1, admin: { address: "off" } },
    { workers: 2, admin: { address: "[::1]:1" }, cache: { memory: "off" } },
    3,
  ],
] as const)("%s", (_, before, after, problems) => {
  const found = findUnchangeable(configOf(before), configOf(after));

  if (typeof problems === "number") expect(found.length).toBe(problems);
  else expect(found).toEqual([...problems]);
});
