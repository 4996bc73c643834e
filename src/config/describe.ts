import { formatHostPort } from "./host-port.ts";
import type { Config } from "./schema.ts";
import { formatSize } from "./units.ts";

/** One line that sums up what would run. What is left at its default and does nothing is not in it. */
export function describeConfig(config: Config): string {
  const { listeners, admin, workers, log } = config;
  const doors = listeners.map(({ mode, address }) => `${mode} proxy on ${formatHostPort(address)}`);
  const status = admin.address === "off" ? "no status port" : `status on ${formatHostPort(admin.address)}`;
  const threads =
    workers === 1 ? "1 worker" : workers === "auto" ? "a worker for each core" : `${workers} workers`;
  const access = log.access === "off" ? "no access log" : `access log (${log.format}) to ${log.access}`;
  return [
    ...doors,
    ...routesOf(config),
    status,
    ...logInOf(config),
    ...policyOf(config),
    cacheOf(config),
    threads,
    access,
  ].join(", ");
}

function routesOf({ routes, upstreams }: Config): string[] {
  if (routes.length === 0) return [];
  const parts = [...counted(routes.length, "route"), ...counted(Object.keys(upstreams).length, "upstream")];
  return [parts.join(" to ")];
}

function cacheOf({ cache: { memory, disk, offline, rules } }: Config): string {
  if (memory === 0) return "no cache";
  const places = [
    `${formatSize(memory)} of memory`,
    ...(disk === undefined ? [] : [`${formatSize(disk.size)} in ${disk.path}`]),
  ];
  const parts = [places.join(" and "), ...counted(rules.length, "rule")];
  return `${offline ? "offline " : ""}cache (${parts.join(", ")})`;
}

function logInOf({ authentication }: Config): string[] {
  const { mode, users, htpasswd, tokens } = authentication;
  const who = [
    ...counted(users.length, "user"),
    ...(htpasswd === undefined ? [] : [htpasswd]),
    ...counted(tokens.length, "token"),
  ];
  return who.length === 0 ? [] : [`${mode} log-in (${who.join(", ")})`];
}

function policyOf({ policy }: Config): string[] {
  const { mode, default: otherwise, rules, lists, limits } = policy;
  const parts = [
    ...counted(rules.length, "rule"),
    ...counted(lists.length, "list"),
    ...counted(limits.length, "limit"),
  ];
  if (parts.length === 0 && otherwise === "allow") return [];
  return [`${mode === "audit" ? "audit of " : ""}policy (${[...parts, `else ${otherwise}`].join(", ")})`];
}

function counted(count: number, noun: string): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? "" : "s"}`];
}
