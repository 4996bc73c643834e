/**
 * A server of raw bytes that takes `Expect: 100-continue` seriously: it holds
 * its answer to the head back for a moment, and counts what arrives meanwhile.
 */
import type { Socket } from "bun";

export interface ExpectingServer extends Disposable {
  readonly url: string;
  /** Bytes of the body that came before the server had said anything. */
  bytesBeforeAnswer(): number;
}

interface Upload {
  head: string;
  hasAnswered: boolean;
  length: number;
  bytes: number;
}

/** Long enough for a sender that does not wait to show itself. */
const HESITATION_MS = 150;

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const TOO_LARGE =
  "HTTP/1.1 413 Content Too Large\r\nContent-Length: 10\r\nConnection: close\r\n\r\ntoo large\n";

export function startExpectingServer(verdict: "continue" | "refuse"): ExpectingServer {
  let early = 0;

  const listener = Bun.listen<Upload>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void (socket.data = { head: "", hasAnswered: false, length: 0, bytes: 0 }),
      data: (socket, bytes) => {
        const upload = socket.data;
        if (upload.length > 0) return takeBody(socket, bytes.length);

        upload.head += bytes.toString("latin1");
        const end = upload.head.indexOf("\r\n\r\n");
        if (end < 0) return;
        upload.length = Number(/^content-length: (\d+)/im.exec(upload.head)?.[1]);
        setTimeout(answerHead, HESITATION_MS, socket);
        takeBody(socket, upload.head.length - end - 4);
      },
    },
  });

  function takeBody(socket: Socket<Upload>, count: number): void {
    const upload = socket.data;
    upload.bytes += count;
    if (!upload.hasAnswered) early += count;
    if (upload.bytes < upload.length) return;
    const body = `${upload.bytes} bytes\n`;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  function answerHead(socket: Socket<Upload>): void {
    socket.data.hasAnswered = true;
    if (verdict === "continue") socket.write(CONTINUE);
    else socket.end(TOO_LARGE);
  }

  return {
    url: `http://127.0.0.1:${listener.port}/`,
    bytesBeforeAnswer: () => early,
    [Symbol.dispose]: () => listener.stop(true),
  };
}
