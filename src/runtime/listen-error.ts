/** Why we can't listen somewhere, in the words of someone who has to mend it. */
import { formatHostPort, type HostPort } from "../config/host-port.ts";

export function describeListenError(address: HostPort, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return `Cannot listen on ${formatHostPort(address)}: ${REASONS[code] ?? (code || String(error))}`;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EADDRNOTAVAIL: "the address is not one of this machine",
  EACCES: "not permitted (ports below 1024 need root or CAP_NET_BIND_SERVICE)",
  EPERM: "not permitted",
  EAFNOSUPPORT: "this machine does not speak that address family",
};
