/**
 * A client that asks over one connection and keeps it: whole answers as bytes, of
 * any size, however they are framed. An answer that was cut short throws, so no
 * test takes a half for a whole.
 */
import type { Socket } from "bun";

export interface HttpAnswer {
  readonly status: number;
  /** Status line and fields, without the empty line. */
  readonly head: string;
  readonly body: Buffer;
  /** All lines of this name, joined by ", "; undefined without any. */
  field(name: string): string | undefined;
}

export interface Question {
  readonly method?: string;
  /** Whole lines with their CRLF. */
  readonly fields?: string;
}

const WAIT_MS_MAX = 10_000;
const CRLF = "\r\n";

export class HttpClient implements Disposable {
  #socket: Socket | undefined;
  #came: Buffer[] = [];
  #isOver = false;
  #change = Promise.withResolvers<void>();

  /** To a proxy, or a server, on a loopback port. */
  static async connect(port: number): Promise<HttpClient> {
    const client = new HttpClient();
    client.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, bytes) => client.#take(bytes),
        end: () => client.#ended(),
        close: () => client.#ended(),
        error: () => {},
      },
    });
    return client;
  }

  /** As a proxy is asked. */
  get(authority: string, path: string, { method = "GET", fields = "" }: Question = {}): Promise<HttpAnswer> {
    return this.ask(`${method} http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`);
  }

  /** All of a request at once. */
  async ask(request: string): Promise<HttpAnswer> {
    this.#socket?.write(request);
    const head = await this.#readHead();
    const status = Number(head.slice(9, 12));
    const field = (name: string) => fieldOf(head, name);
    const isBodiless = request.startsWith("HEAD ") || status === 204 || status === 304;
    const body = isBodiless ? Buffer.alloc(0) : await this.#readBody(field);
    return { status, head, body, field };
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }

  async #readHead(): Promise<string> {
    let head = "";
    // RFC 9110 §15.2: interim answers come before the one.
    do head = (await this.#readUntil(`${CRLF}${CRLF}`)).toString("latin1");
    while (/^HTTP\/1\.1 1/.test(head));
    return head;
  }

  async #readBody(field: (name: string) => string | undefined): Promise<Buffer> {
    if (field("transfer-encoding") === "chunked") return this.#readChunks();
    const length = field("content-length");
    if (length === undefined) throw new Error("Cannot tell where the body ends");
    return this.#read(Number(length));
  }

  async #readChunks(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    while (true) {
      const size = Number.parseInt((await this.#readUntil(CRLF)).toString("latin1"), 16);
      if (size === 0) break;
      chunks.push(await this.#read(size));
      await this.#readUntil(CRLF);
    }
    while ((await this.#readUntil(CRLF)).length > 0);
    return Buffer.concat(chunks);
  }

  /** What comes before `mark`; the mark is dropped. */
  async #readUntil(mark: string): Promise<Buffer> {
    while (true) {
      const all = this.#gathered();
      const at = all.indexOf(mark);
      if (at >= 0) {
        this.#came = [all.subarray(at + mark.length)];
        return all.subarray(0, at);
      }
      await this.#more(`${all.length} bytes came without ${JSON.stringify(mark)}`);
    }
  }

  async #read(length: number): Promise<Buffer> {
    let bytes = this.#came.reduce((sum, piece) => sum + piece.length, 0);
    while (bytes < length) {
      await this.#more(`${bytes} of ${length} bytes of the body came`);
      bytes = this.#came.reduce((sum, piece) => sum + piece.length, 0);
    }
    const all = this.#gathered();
    this.#came = [all.subarray(length)];
    return all.subarray(0, length);
  }

  #gathered(): Buffer {
    return this.#came.length === 1 ? (this.#came[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#came);
  }

  async #more(account: string): Promise<void> {
    if (this.#isOver) throw new Error(`Cannot read a whole answer: the connection is over, ${account}`);
    const isLate = Symbol();
    let timer: Timer | undefined;
    const late = new Promise<symbol>((resolve) => {
      timer = setTimeout(() => resolve(isLate), WAIT_MS_MAX);
    });
    const first = await Promise.race([this.#change.promise, late]);
    clearTimeout(timer);
    if (first === isLate) throw new Error(`Cannot wait any longer: ${account}`);
  }

  #take(bytes: Buffer): void {
    this.#came.push(bytes);
    this.#changed();
  }

  #ended(): void {
    this.#isOver = true;
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** Each over a connection of its own, so that the workers share them; all at once, and the answers in their order. */
export async function askEach(
  clients: readonly HttpClient[],
  authority: string,
  path: string,
  question: Question = {},
): Promise<HttpAnswer[]> {
  return Promise.all(clients.map((client) => client.get(authority, path, question)));
}

/** Gone with the test: `using clients = await connectAll(proxy.port, 8)`. */
export async function connectAll(
  port: number,
  count: number,
): Promise<Disposable & { readonly all: readonly HttpClient[] }> {
  const all = await Promise.all(Array.from({ length: count }, () => HttpClient.connect(port)));
  return {
    all,
    [Symbol.dispose]: () => {
      for (const client of all) client[Symbol.dispose]();
    },
  };
}

function fieldOf(head: string, name: string): string | undefined {
  const start = `${name.toLowerCase()}:`;
  const values = head
    .split(CRLF)
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
  return values.length === 0 ? undefined : values.join(", ");
}
