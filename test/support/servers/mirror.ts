/** An upstream that answers every request with the head that it heard, byte for byte: what a proxy makes of one is then seen by its client. */
import { type RawServer, startRawServer } from "../raw.ts";

/** `fields` are whole lines with their CRLF, of each answer. Bodies of requests are not expected. */
export function startMirror(hostname = "127.0.0.1", fields = ""): RawServer {
  return startRawServer(async (peer) => {
    while (true) {
      await peer.hearUntil(() => peer.heard.includes("\r\n\r\n") || peer.fate !== "open", "a head");
      if (peer.fate !== "open") return peer.finish();
      const head = peer.takeHeard();
      peer.say(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${head.length}\r\n\r\n${head}`);
    }
  }, hostname);
}
