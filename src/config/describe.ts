import { formatHostPort } from "./host-port.ts";
import type { Config } from "./schema.ts";

/** One line that sums up what would run. */
export function describeConfig({ listeners, admin, workers, log }: Config): string {
  const doors = listeners.map(({ mode, address }) => `${mode} proxy on ${formatHostPort(address)}`);
  const status = admin.address === "off" ? "no status port" : `status on ${formatHostPort(admin.address)}`;
  const threads =
    workers === 1 ? "1 worker" : workers === "auto" ? "a worker for each core" : `${workers} workers`;
  const access = log.access === "off" ? "no access log" : `access log (${log.format}) to ${log.access}`;
  return [...doors, status, threads, access].join(", ");
}
