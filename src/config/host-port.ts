/**
 * Where a listener binds: an IP literal and a port. Names are refused, for what
 * a name binds depends on the resolver of the day; `localhost` alone is read,
 * as 127.0.0.1.
 */
import { formatAddress, isLoopback, parseAddress } from "../policy/address.ts";

export interface HostPort {
  /** An IP literal without brackets. */
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
}

/** `127.0.0.1:8888`, `[::1]:8888`, `localhost:8888`. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, bare, digits] = match;
  // In brackets only IPv6, and IPv6 only in brackets: a bare one has too many colons to get here.
  if (bracketed !== undefined && !bracketed.includes(":")) return undefined;

  const address = parseAddress(bare?.toLowerCase() === "localhost" ? "127.0.0.1" : (bracketed ?? bare ?? ""));
  const port = Number(digits);
  return address !== undefined && port <= 65_535 ? { host: formatAddress(address), port } : undefined;
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether other machines can reach what listens there. */
export function isPublic({ host }: HostPort): boolean {
  const address = parseAddress(host);
  return address === undefined || !isLoopback(address);
}
