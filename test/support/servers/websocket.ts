/** Says every WebSocket message back, and notes the request that opened the socket. */
import type { TestCertificate } from "./certificate.ts";

export interface WebSocketServer extends Disposable {
  /** `ws://…` or `wss://…` */
  readonly url: string;
  readonly authority: string;
  /** The `Via` fields of the requests that opened a socket. */
  readonly vias: readonly (string | null)[];
}

export function startWebSocketServer(certificate?: TestCertificate): WebSocketServer {
  const vias: (string | null)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(certificate && { tls: certificate.tls }),
    fetch(request, server) {
      vias.push(request.headers.get("via"));
      return server.upgrade(request) ? undefined : new Response("only WebSocket here\n", { status: 426 });
    },
    websocket: {
      message: (socket, message) => void socket.send(message),
    },
  });
  const authority = `127.0.0.1:${server.port}`;
  return {
    url: `${certificate ? "wss" : "ws"}://${authority}/`,
    authority,
    vias,
    [Symbol.dispose]: () => void server.stop(true),
  };
}
