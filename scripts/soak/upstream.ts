/**
 * An upstream with every fault that the proxy must survive, one for each path.
 * It reads requests carelessly, because only the proxy's writing reaches it.
 */
import type { Socket } from "bun";
import { type Told, tellCacheable } from "./cacheable.ts";

export const LARGE_BYTES = 1 << 20;

interface Visit {
  text: string;
  /** Of the request's body, yet to come. */
  bodyLeft: number;
  path: string;
  outbox: Uint8Array;
  isTunnel: boolean;
}

const LARGE = new Uint8Array(LARGE_BYTES).fill(0x78);

const answers: Record<string, (socket: Socket<Visit>) => void> = {
  "/small": (socket) => send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsmall\n"),
  "/chunked": (socket) =>
    send(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
  "/large": (socket) => {
    send(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`);
    send(socket, LARGE);
  },
  "/until-close": (socket) => {
    send(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close\n");
    socket.end();
  },
  "/close-after": (socket) => {
    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nclose\n");
    socket.end();
  },
  "/reset-before-answer": (socket) => void socket.terminate(),
  "/reset-in-body": (socket) => {
    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot a thousand bytes");
    setTimeout(() => socket.terminate(), 5);
  },
  "/cut-chunk": (socket) => {
    send(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nshort");
    socket.end();
  },
  "/garbage": (socket) => send(socket, "these are not the bytes you are looking for\r\n\r\n"),
  "/both-framings": (socket) =>
    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  "/unasked": (socket) =>
    send(
      socket,
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsmall\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore",
    ),
  "/never": () => {},
  "/upgrade": (socket) => {
    socket.data.isTunnel = true;
    send(socket, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  },
};

export function startFaultyUpstream() {
  const listener = Bun.listen<Visit>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open: (socket) => {
        socket.data = { text: "", bodyLeft: 0, path: "", outbox: new Uint8Array(0), isTunnel: false };
      },
      data(socket, bytes) {
        const visit = socket.data;
        // Inside a tunnel nothing looks like a request: an echo.
        if (visit.text === "" && bytes[0] === 0x65) visit.isTunnel = true;
        if (visit.isTunnel) send(socket, bytes);
        else read(socket, bytes.toString("latin1"));
      },
      drain: flush,
      end: (socket) => void socket.end(),
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

function read(socket: Socket<Visit>, text: string): void {
  const visit = socket.data;
  visit.text += text;
  let head = "";
  for (;;) {
    if (visit.bodyLeft > 0) {
      const taken = Math.min(visit.bodyLeft, visit.text.length);
      visit.text = visit.text.slice(taken);
      visit.bodyLeft -= taken;
      if (visit.bodyLeft > 0) return;
    } else {
      const end = visit.text.indexOf("\r\n\r\n");
      if (end < 0) return;
      head = visit.text.slice(0, end);
      const isChunked = /^transfer-encoding: *chunked/im.test(head);
      const last = isChunked ? visit.text.indexOf("0\r\n\r\n", end + 4) : end - 1;
      if (last < 0) return;
      visit.text = visit.text.slice(last + 5);
      visit.path = head.split(" ")[1] ?? "";
      if (visit.path === "/early") return refuseEarly(socket);
      visit.bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (visit.bodyLeft > 0) continue;
    }
    const told = tellCacheable(visit.path, head);
    if (told === undefined) answers[visit.path]?.(socket);
    else tell(socket, told);
  }
}

function tell(socket: Socket<Visit>, { head, body, breaksOff }: Told): void {
  send(socket, head + body);
  if (breaksOff) setTimeout(() => socket.terminate(), 5);
}

/** Does not wait for the body, and takes no more of it. */
function refuseEarly(socket: Socket<Visit>): void {
  send(
    socket,
    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 10\r\nConnection: close\r\n\r\ntoo large\n",
  );
  socket.shutdown();
}

function send(socket: Socket<Visit>, words: string | Uint8Array): void {
  const bytes = typeof words === "string" ? Buffer.from(words, "latin1") : words;
  const visit = socket.data;
  visit.outbox = visit.outbox.length === 0 ? bytes : Buffer.concat([visit.outbox, bytes]);
  flush(socket);
}

function flush(socket: Socket<Visit>): void {
  const visit = socket.data;
  if (visit.outbox.length === 0) return;
  const sent = socket.write(visit.outbox);
  if (sent > 0) visit.outbox = visit.outbox.subarray(sent);
}
