/**
 * Listeners, one per worker and address, sharing the port through
 * SO_REUSEPORT: the kernel spreads connections over the workers.
 */
import { type Link, type LinkOwner, linkHandlers, type ReportBug, SocketLink } from "./link.ts";
import { refuseNewHandshakes } from "./syn-filter.ts";

export interface Listener {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Accepts what the kernel already has, and then closes. */
  stop(): Promise<void>;
}

/** Returns who owns the new link, or undefined when `link` was turned away. */
export type Accept = (link: Link) => LinkOwner | undefined;

/** `reusePort` is missing in the types. */
type SharedListen = Bun.TCPSocketListenOptions<SocketLink> & { reusePort: boolean };

/**
 * How long handshakes under way may take to complete before a listener closes:
 * their SYN was answered, so the client counts on us.
 */
const STOP_GRACE_MS = 150;

/** Throws what Bun throws, with a `code` such as EADDRINUSE. */
export function openListener(host: string, port: number, accept: Accept, reportBug: ReportBug): Listener {
  const options: SharedListen = {
    hostname: host,
    port,
    // Windows has no such thing, and one worker needs none.
    reusePort: process.platform !== "win32",
    allowHalfOpen: true,
    socket: {
      ...linkHandlers(reportBug),
      open: (socket) => {
        const link = new SocketLink(socket, REFUSED);
        socket.data = link;
        link.owner = accept(link) ?? REFUSED;
      },
    },
  };
  const listener = Bun.listen(options);
  return {
    port: listener.port,
    stop: async () => {
      // Closing a listening socket resets what waits in its queue. So first no
      // more may join it, then a few turns of the event loop accept the rest.
      refuseNewHandshakes(listener);
      await Bun.sleep(STOP_GRACE_MS);
      listener.stop(false);
    },
  };
}

/** Throws when anyone else has the port, which SO_REUSEPORT alone would not tell. */
export function probeAddress(host: string, port: number): void {
  Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true);
}

/** Owns what was turned away: whatever it still says is not heard. */
const REFUSED: LinkOwner = {
  onData() {},
  onDrain() {},
  onEnd: (link) => link.close(),
  onClose() {},
};
