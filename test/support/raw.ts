/**
 * TCP without a protocol: a peer that says exactly these bytes, in these
 * pieces, and hears until a condition holds or the other side has ended or
 * reset. It knows nothing of HTTP, so it can be as wrong as a test likes.
 * Whatever is waited for has a deadline, and what had come by then is told.
 */
import type { Socket, SocketHandler } from "bun";

/** What a peer can tell of the other side: it goes on, has said all, or was cut off. */
export type Fate = "open" | "ended" | "reset";

export interface RawServer extends Disposable {
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly authority: string;
  /** Every connection that came, in order. */
  readonly peers: readonly RawPeer[];
  /** All bytes that came, over all connections. */
  heardBytes(): number;
}

/** What an upstream does with a connection; when it throws, the connection is reset. */
export type Script = (peer: RawPeer) => Promise<void> | void;

const WAIT_MS_MAX = 5_000;

/** Latin1, one character a byte. Beyond this nobody compares texts, only counts. */
const HEARD_BYTES_KEPT = 1 << 20;

export class RawPeer implements Disposable {
  fate: Fate = "open";
  /** All that came; `heard` keeps its beginning. */
  heardBytes = 0;
  /** What the kernel has taken of what was said. */
  saidBytes = 0;
  heard = "";
  #socket: Socket<RawPeer> | undefined;
  #outbox: Buffer[] = [];
  #isEnding = false;
  #onChange = Promise.withResolvers<void>();

  /** Connects to a loopback port, from another loopback address if `from` is one. One that is reset as soon as it was accepted is a peer all the same. */
  static async connect(port: number, hostname = "127.0.0.1", from?: string): Promise<RawPeer> {
    const peer = new RawPeer();
    try {
      await Bun.connect<RawPeer>({
        hostname,
        port,
        // Not in the types of Bun 1.4.5.
        ...(from !== undefined && { localAddress: from }),
        allowHalfOpen: true,
        socket: handlers((socket) => peer.opened(socket)),
      });
    } catch (error) {
      if ((error as { code?: string }).code !== "ECONNRESET") throw error;
      peer.came("reset");
    }
    return peer;
  }

  /** Bytes are not copied, so that one piece can be said many times. */
  say(words: string | Uint8Array): this {
    this.#outbox.push(
      typeof words === "string"
        ? Buffer.from(words, "latin1")
        : Buffer.from(words.buffer, words.byteOffset, words.length),
    );
    this.flush();
    return this;
  }

  /** Each piece on its way before the next is begun, so that they arrive as several reads. */
  async sayInPieces(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      if (this.fate === "reset") return;
      this.say(piece);
      await Bun.sleep(2);
    }
  }

  /** Half-closes when all is said: it still hears. */
  finish(): void {
    this.#isEnding = true;
    this.flush();
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.#socket?.terminate();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Hears until `wanted` has come, or holds; throws when it can't any more. */
  async hearUntil(wanted: string | ((peer: RawPeer) => boolean), what = String(wanted)): Promise<string> {
    const isThere = typeof wanted === "string" ? () => this.heard.includes(wanted) : () => wanted(this);
    await this.#wait(() => isThere() || this.fate !== "open", what);
    if (!isThere()) throw new Error(`Cannot hear ${JSON.stringify(what)}: ${this.#account()}`);
    return this.heard;
  }

  /** Hears until the other side has ended or reset, and tells which. */
  async hearOut(): Promise<Fate> {
    await this.#wait(() => this.fate !== "open", "the end");
    return this.fate;
  }

  /** What came since the last call. */
  takeHeard(): string {
    const text = this.heard;
    this.heard = "";
    return text;
  }

  flush(): void {
    while (this.#outbox.length > 0) {
      const bytes = this.#outbox[0] ?? Buffer.alloc(0);
      const taken = this.#socket?.write(bytes) ?? bytes.length;
      if (taken > 0) this.saidBytes += taken;
      if (taken < bytes.length) {
        if (taken > 0) this.#outbox[0] = bytes.subarray(taken);
        return;
      }
      this.#outbox.shift();
    }
    if (this.#isEnding) this.#socket?.shutdown();
  }

  /** For the handlers below, which are the only ones to call these three. */
  opened(socket: Socket<RawPeer>): void {
    this.#socket = socket;
    socket.data = this;
  }

  took(bytes: Buffer): void {
    this.heardBytes += bytes.length;
    if (this.heard.length < HEARD_BYTES_KEPT) this.heard += bytes.toString("latin1");
    this.#changed();
  }

  /** A clean end may show up as an end, a close or both; a reset is final. */
  came(fate: Fate): void {
    if (this.fate === "open" || fate === "reset") this.fate = fate;
    this.#changed();
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }

  #changed(): void {
    const { resolve } = this.#onChange;
    this.#onChange = Promise.withResolvers();
    resolve();
  }

  async #wait(holds: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS_MAX;
    while (!holds()) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(`Cannot wait any longer for ${JSON.stringify(what)}: ${this.#account()}`);
      await Promise.race([this.#onChange.promise, Bun.sleep(left)]);
    }
  }

  #account(): string {
    const shown = JSON.stringify(this.heard.slice(-600));
    return `${this.heardBytes} bytes came and the connection is ${this.fate}: ${shown}`;
  }
}

/** A listener on a free loopback port, or on the one of a neighbour at another address; each connection follows the script. */
export function startRawServer(script: Script, hostname = "127.0.0.1", port = 0): RawServer {
  const peers: RawPeer[] = [];
  const listener = Bun.listen<RawPeer>({
    hostname,
    port,
    allowHalfOpen: true,
    socket: handlers((socket) => {
      const peer = new RawPeer();
      peer.opened(socket);
      peers.push(peer);
      // Bytes may come before the script has begun; they wait in the peer.
      void Promise.resolve(peer)
        .then(script)
        .catch(() => peer.reset());
    }),
  });
  return {
    port: listener.port,
    authority: `127.0.0.1:${listener.port}`,
    peers,
    heardBytes: () => peers.reduce((sum, { heardBytes }) => sum + heardBytes, 0),
    [Symbol.dispose]: () => {
      listener.stop(false);
      for (const peer of peers) peer[Symbol.dispose]();
    },
  };
}

function handlers(opened: (socket: Socket<RawPeer>) => void): SocketHandler<RawPeer> {
  return {
    open: opened,
    data: (socket, bytes) => socket.data.took(bytes),
    drain: (socket) => socket.data.flush(),
    end: (socket) => socket.data.came("ended"),
    close: (socket, error) => socket.data?.came(error ? "reset" : "ended"),
    error: () => {},
  };
}
