/** What the command line says over the file. */
import type { Config } from "./schema.ts";

/** Undefined leaves what the file says. */
export interface Overrides {
  /** In place of all the file's listeners. */
  readonly listeners: Config["listeners"] | undefined;
  readonly admin: Config["admin"]["address"] | undefined;
  readonly workers: Config["workers"] | undefined;
  /** Bytes; 0 is no cache. */
  readonly cache: Config["cache"]["memory"] | undefined;
  /** A format also turns on a log that the file has turned off: who names one wants to see it. */
  readonly log: Config["log"]["format"] | "off" | undefined;
}

export const noOverrides: Overrides = {
  listeners: undefined,
  admin: undefined,
  workers: undefined,
  cache: undefined,
  log: undefined,
};

export function applyOverrides(config: Config, { listeners, admin, workers, cache, log }: Overrides): Config {
  return {
    ...config,
    listeners: listeners ?? config.listeners,
    admin: admin === undefined ? config.admin : { ...config.admin, address: admin },
    workers: workers ?? config.workers,
    cache: cache === undefined ? config.cache : { ...config.cache, memory: cache },
    log: log === undefined ? config.log : overrideLog(config.log, log),
  };
}

function overrideLog(log: Config["log"], given: Config["log"]["format"] | "off"): Config["log"] {
  if (given === "off") return { ...log, access: "off" };
  return { ...log, format: given, access: log.access === "off" ? "stdout" : log.access };
}
