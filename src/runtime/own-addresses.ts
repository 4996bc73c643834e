/** Where this process listens, and by what else that is reached: the gate never dials there. */
import { networkInterfaces } from "node:os";
import type { HostPort } from "../config/host-port.ts";
import type { OwnAddresses } from "../policy/destination.ts";

export function ownAddresses(listening: readonly HostPort[]): OwnAddresses {
  const interfaces = Object.values(networkInterfaces()).flatMap(
    (each) => each?.map(({ address }) => address) ?? [],
  );
  return { listening, interfaces };
}
