/** Settings that hold from start to end: a reload that changes one is refused, not half obeyed. */
import { formatHostPort } from "../config/host-port.ts";
import type { Config } from "../config/schema.ts";
import { formatSize } from "../config/units.ts";

export function findUnchangeable(before: Config, after: Config): string[] {
  return Object.entries(FIXED).flatMap(([setting, textOf]) => {
    const [old, wanted] = [textOf(before), textOf(after)];
    return old === wanted
      ? []
      : [`${setting}: Expected ${old} as at the start, found ${wanted}: needs a restart`];
  });
}

/** How each is told; two that are told alike are the same. */
const FIXED: Readonly<Record<string, (config: Config) => string>> = {
  workers: ({ workers }) => String(workers),
  "admin.address": adminText,
  "cache.memory": ({ cache }) => (cache.memory === 0 ? "off" : formatSize(cache.memory)),
  "cache.disk": diskText,
};

function diskText({ cache: { disk } }: Config): string {
  return disk === undefined ? "none" : `${disk.path} of ${formatSize(disk.size)}`;
}

function adminText({ admin }: Config): string {
  return admin.address === "off" ? "off" : formatHostPort(admin.address);
}
