/** An address that never answers: the kernel drops every SYN, as a firewall or a full backlog would. Linux only. */
import { refuseNewHandshakes } from "../../src/net/syn-filter.ts";

export interface SilentServer extends Disposable {
  /** `127.0.0.1:PORT` */
  readonly authority: string;
}

export function startSilentServer(): SilentServer {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  if (!refuseNewHandshakes(listener)) throw new Error("Cannot keep a listener silent on this platform");
  return {
    authority: `127.0.0.1:${listener.port}`,
    [Symbol.dispose]: () => listener.stop(true),
  };
}
