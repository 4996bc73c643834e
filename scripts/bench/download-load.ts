/**
 * Gets one large file over and over on some connections, for as long as it is
 * told: wrk reads 8 KB at a time and would itself be what is measured.
 *
 *   bun download-load.ts PORT PATH CONNECTIONS SECONDS HIT
 *
 * HIT is a regular expression that every answer's head must match. It writes one
 * line of JSON; bytes are counted from the first to the end of the time, those of
 * answers under way as well.
 */
import type { Socket } from "bun";

interface Download {
  head: string;
  /** Bytes of the body that have yet to come; undefined while the head does. */
  left: number | undefined;
}

const HEAD_END = "\r\n\r\n";

const [port, path, connections, seconds, hit] = process.argv.slice(2);
const isHit = new RegExp(hit ?? "", "im");
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
let bytes = 0;
let answers = 0;

const handlers = {
  open: (socket: Socket<Download>) => ask(socket),
  data: (socket: Socket<Download>, piece: Buffer) => take(socket, piece),
  close: () => fail("a connection was closed"),
  error: (_: Socket<Download>, error: Error) => fail(error.message),
};
const startedAt = performance.now();
for (let made = 0; made < Number(connections); made++) {
  const data: Download = { head: "", left: undefined };
  await Bun.connect({ hostname: "127.0.0.1", port: Number(port), data, socket: handlers });
}
setTimeout(finish, Number(seconds) * 1000);

function ask(socket: Socket<Download>): void {
  socket.data = { head: "", left: undefined };
  socket.write(request);
}

function take(socket: Socket<Download>, piece: Buffer): void {
  const download = socket.data;
  const body = download.left === undefined ? takeHead(download, piece) : piece.length;
  if (download.left === undefined) return;
  bytes += body;
  download.left -= body;
  if (download.left < 0) fail("an answer is longer than it said");
  if (download.left > 0) return;
  answers++;
  ask(socket);
}

/** How many bytes of the piece belong to the body. */
function takeHead(download: Download, piece: Buffer): number {
  download.head += piece.toString("latin1");
  const end = download.head.indexOf(HEAD_END);
  if (end < 0) return 0;
  const head = download.head.slice(0, end);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 200") || length === undefined || !isHit.test(head)) fail(`it said ${head}`);
  const beyond = download.head.length - end - HEAD_END.length;
  download.left = Number(length);
  download.head = "";
  return beyond;
}

function finish(): never {
  console.log(JSON.stringify({ bytes, answers, seconds: (performance.now() - startedAt) / 1000 }));
  process.exit(0);
}

function fail(reason: string): never {
  console.error(`download-load: ${reason}`);
  process.exit(1);
}
