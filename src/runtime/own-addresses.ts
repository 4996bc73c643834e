/** Where this process listens, and by what else that is reached: the gate never dials there. */
import { networkInterfaces } from "node:os";
import type { HostPort } from "../config/host-port.ts";
import type { OwnAddresses } from "../policy/destination.ts";
import type { RunningConfig } from "./messages.ts";

export function ownAddresses(listening: readonly HostPort[]): OwnAddresses {
  const interfaces = Object.values(networkInterfaces()).flatMap(
    (each) => each?.map(({ address }) => address) ?? [],
  );
  return { listening, interfaces };
}

/** The same config once its listeners have got these ports; `admin` is the status port. */
export function withPorts(
  running: RunningConfig,
  ports: readonly number[],
  admin: HostPort | undefined,
): RunningConfig {
  const listening = running.config.listeners.map(({ address }, index) => ({
    host: address.host,
    port: ports[index] ?? address.port,
  }));
  if (admin !== undefined) listening.push(admin);
  return { ...running, ports, own: ownAddresses(listening) };
}
