/**
 * The near end of the tunnels of `npm run bench`, a process of its own.
 *
 *   bun tunnel-load.ts down|up  PROXY_PORT UPSTREAM_PORT connect|direct BYTES
 *   bun tunnel-load.ts setup    PROXY_PORT UPSTREAM_PORT connect|direct SECONDS
 *   bun tunnel-load.ts idle     PROXY_PORT UPSTREAM_PORT connect|direct COUNT
 *
 * It writes one line of JSON. `direct` is for a proxy that has no CONNECT and
 * joins every connection with the upstream. `idle` keeps its tunnels until its
 * stdin ends.
 */
import type { Socket } from "bun";

/** What one tunnel does once it stands; each tunnel sees its own bytes only. */
interface Tunnel {
  isOpen: boolean;
  head: string;
  onOpen(socket: Socket<Tunnel>): void;
  onData(socket: Socket<Tunnel>, bytes: Buffer): void;
  onDrain?(socket: Socket<Tunnel>): void;
  onClose(): void;
}

/** Tunnels being set up at once, for `setup` and `idle`. */
const SIDE_BY_SIDE = 50;
const PIECE = new Uint8Array(256 * 1024);

const [mode, proxyPort, upstreamPort, form, amount] = process.argv.slice(2);
const count = Number(amount);
const digits = String(count).padStart(16, "0");
const asksFirst = form === "connect";
const connectHead = `CONNECT 127.0.0.1:${upstreamPort} HTTP/1.1\r\nHost: 127.0.0.1:${upstreamPort}\r\n\r\n`;

const handlers = {
  open(socket: Socket<Tunnel>) {
    if (asksFirst) socket.write(connectHead);
    else open(socket);
  },
  data(socket: Socket<Tunnel>, bytes: Buffer) {
    const tunnel = socket.data;
    if (tunnel.isOpen) return tunnel.onData(socket, bytes);
    tunnel.head += bytes.toString("latin1");
    if (!tunnel.head.includes("\r\n\r\n")) return;
    if (!/^HTTP\/1\.[01] 200/.test(tunnel.head)) fail(`the proxy said ${tunnel.head}`);
    open(socket);
  },
  drain(socket: Socket<Tunnel>) {
    // Also said of a connection that has just been made.
    if (socket.data.isOpen) socket.data.onDrain?.(socket);
  },
  close: (socket: Socket<Tunnel>) => socket.data.onClose(),
};

switch (mode) {
  case "down":
    await download();
    break;
  case "up":
    await upload();
    break;
  case "setup":
    await setUp();
    break;
  case "idle":
    await standIdle();
    break;
  default:
    fail(`unknown mode ${mode}`);
}

async function download(): Promise<void> {
  let received = 0;
  const startedAt = performance.now();
  await new Promise<void>((done) =>
    start({
      onOpen: (socket) => void socket.write(`d${digits}`),
      onData: (socket, bytes) => {
        received += bytes.length;
        if (received >= count) socket.end();
      },
      onClose: done,
    }),
  );
  if (received !== count) fail(`${received} of ${count} bytes came down`);
  finish({ bytes: received, seconds: (performance.now() - startedAt) / 1000 });
}

async function upload(): Promise<void> {
  let left = count;
  let said = "";
  const send = (socket: Socket<Tunnel>) => {
    while (left > 0) {
      const sent = socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
      if (sent <= 0) return;
      left -= sent;
    }
  };
  const startedAt = performance.now();
  await new Promise<void>((done) =>
    start({
      onOpen: (socket) => {
        socket.write(`u${digits}`);
        send(socket);
      },
      onDrain: send,
      onData: (socket, bytes) => {
        said += bytes.toString("latin1");
        socket.end();
      },
      onClose: done,
    }),
  );
  if (said !== "done") fail(`not all of ${count} bytes came up`);
  finish({ bytes: count, seconds: (performance.now() - startedAt) / 1000 });
}

/** New tunnels one after the other on each of `SIDE_BY_SIDE` lanes: open, one byte there and back, close. */
async function setUp(): Promise<void> {
  const startedAt = performance.now();
  const endsAt = startedAt + count * 1000;
  let tunnels = 0;
  const lane = async () => {
    while (performance.now() < endsAt) {
      await new Promise<void>((done) => {
        let echoed = false;
        start({
          onOpen: (socket) => void socket.write("e"),
          onData: (socket) => {
            echoed = true;
            socket.end();
          },
          onClose: () => (echoed ? done() : fail("a tunnel closed before its byte came back")),
        });
      });
      tunnels++;
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  finish({ tunnels, seconds: (performance.now() - startedAt) / 1000 });
}

async function standIdle(): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      await new Promise<void>((done) =>
        start({
          onOpen: (socket) => void socket.write("e"),
          onData: () => done(),
          onClose: () => fail("an idle tunnel was closed"),
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  console.log(JSON.stringify({ tunnels: count }));
  for await (const _ of Bun.stdin.stream());
  process.exit(0);
}

function start(tunnel: Omit<Tunnel, "isOpen" | "head">): void {
  const data: Tunnel = { ...tunnel, isOpen: false, head: "" };
  Bun.connect<Tunnel>({
    hostname: "127.0.0.1",
    port: Number(proxyPort),
    data,
    socket: handlers,
  }).catch((error: Error) => fail(error.message));
}

function open(socket: Socket<Tunnel>): void {
  socket.data.isOpen = true;
  socket.data.onOpen(socket);
}

function finish(result: Record<string, number>): never {
  console.log(JSON.stringify(result));
  process.exit(0);
}

function fail(message: string): never {
  console.error(`tunnel-load: ${message}`);
  process.exit(1);
}
