/**
 * The far end of the tunnels of `npm run bench`, a process of its own. The first
 * byte says what it is to be. `d` and 16 digits: a source of that many bytes;
 * `u` and 16 digits: it swallows that many, and then says so; `e`: an echo. None
 * needs a half-close, which some of the peers do not carry.
 * It writes its port to stdout, and ends with its stdin.
 */
import type { Socket } from "bun";

interface End {
  kind: "new" | "source" | "sink" | "echo";
  /** To be sent or received yet. */
  bytes: number;
}

/** One letter and 16 digits; so few bytes come in one piece. */
const HEAD_BYTES = 17;
const PIECE = new Uint8Array(256 * 1024);

const listener = Bun.listen<End>({
  hostname: "127.0.0.1",
  port: 0,
  allowHalfOpen: true,
  socket: {
    open: (socket) => void (socket.data = { kind: "new", bytes: 0 }),
    data(socket, bytes) {
      const end = socket.data;
      if (end.kind === "new") begin(socket, bytes);
      else if (end.kind === "sink") swallow(socket, bytes.length);
      else if (end.kind === "echo") socket.write(bytes);
    },
    drain: (socket) => send(socket),
    end: (socket) => void socket.end(),
  },
});
console.log(listener.port);
for await (const _ of Bun.stdin.stream());
process.exit(0);

function begin(socket: Socket<End>, first: Buffer): void {
  const end = socket.data;
  switch (String.fromCharCode(first[0] ?? 0)) {
    case "d":
      end.kind = "source";
      end.bytes = countIn(first);
      send(socket);
      return;
    case "u":
      end.kind = "sink";
      end.bytes = countIn(first);
      swallow(socket, first.length - HEAD_BYTES);
      return;
    default:
      end.kind = "echo";
      socket.write(first);
  }
}

function countIn(first: Buffer): number {
  return Number(first.toString("latin1", 1, HEAD_BYTES));
}

function swallow(socket: Socket<End>, bytes: number): void {
  socket.data.bytes -= bytes;
  if (socket.data.bytes === 0) socket.write("done");
}

function send(socket: Socket<End>): void {
  const end = socket.data;
  if (end.kind !== "source") return;
  while (end.bytes > 0) {
    const sent = socket.write(end.bytes < PIECE.length ? PIECE.subarray(0, end.bytes) : PIECE);
    if (sent <= 0) return;
    end.bytes -= sent;
  }
  socket.shutdown();
}
