/** Which port each listener gets when a config comes in, and whether it can be had. */
import { formatHostPort, type HostPort } from "../config/host-port.ts";
import { probeAddress } from "../net/listen.ts";
import { describeListenError } from "./listen-error.ts";

/**
 * A listener with port 0 that was there before keeps the port it got; the
 * second of the same address keeps the second's, and one more than before gets
 * a new one, as 0.
 */
export function portsAfter(
  before: readonly HostPort[],
  portsBefore: readonly number[],
  after: readonly HostPort[],
): number[] {
  const left = before.map((address, index) => ({ text: formatHostPort(address), port: portsBefore[index] }));
  return after.map((address) => {
    const same = left.findIndex(({ text }) => text === formatHostPort(address));
    const [kept] = same < 0 ? [] : left.splice(same, 1);
    return kept?.port ?? address.port;
  });
}

/** Why one of these can't be had: somebody else's port, which workers would share unaware (SO_REUSEPORT). */
export function findUnavailable(addresses: readonly HostPort[]): string | undefined {
  for (const { host, port } of addresses) {
    try {
      if (port !== 0) probeAddress(host, port);
    } catch (error) {
      return describeListenError({ host, port }, error);
    }
  }
  return undefined;
}
