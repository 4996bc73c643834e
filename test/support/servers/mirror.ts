/** An upstream that answers every request with the head that it heard, byte for byte: what a proxy makes of one is then seen by its client. */
import { type RawServer, startRawServer } from "../raw.ts";

/** Bodies of requests are not expected. */
export function startMirror(hostname = "127.0.0.1", port = 0): RawServer {
  return startRawServer(
    async (peer) => {
      while (true) {
        await peer.hearUntil(() => peer.heard.includes("\r\n\r\n") || peer.fate !== "open", "a head");
        if (peer.fate !== "open") return peer.finish();
        const head = peer.takeHeard();
        peer.say(`HTTP/1.1 200 OK\r\nX-Powered-By: mirror\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
      }
    },
    hostname,
    port,
  );
}
