/** A raw connection to the proxy, as a client that means no good needs it: every byte and every close is chosen. */
import type { Socket } from "bun";

/** Above every deadline that the soak sets in the proxy, so that running into it is a finding. */
const WAIT_MS_MAX = 15_000;

export class Conversation {
  /** All that came and was not yet taken, one character a byte. */
  #heard = "";
  #isOver = false;
  #wake: () => void = () => {};
  #outbox: Uint8Array = new Uint8Array(0);
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<Conversation> {
    const opened = Promise.withResolvers<Conversation>();
    let conversation: Conversation | undefined;
    const over = () => conversation?.end();
    await Bun.connect({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          conversation = new Conversation(socket);
          opened.resolve(conversation);
        },
        data: (_, bytes) => conversation?.take(bytes),
        drain: () => conversation?.flush(),
        end: over,
        close: over,
        error: over,
        connectError: (_, error) => opened.reject(error),
      },
    });
    return opened.promise;
  }

  say(words: string | Uint8Array): void {
    const bytes = typeof words === "string" ? Buffer.from(words, "latin1") : words;
    this.#outbox = this.#outbox.length === 0 ? bytes : Buffer.concat([this.#outbox, bytes]);
    this.flush();
  }

  /** What was heard up to and with `mark`; everything, when the other side ends before. */
  async hearUntil(mark: string): Promise<string> {
    await this.#until(() => this.#heard.includes(mark) || this.#isOver);
    const at = this.#heard.indexOf(mark);
    return this.#cut(at < 0 ? this.#heard.length : at + mark.length);
  }

  /** The next `length` bytes; fewer, when the other side ends before. */
  async hear(length: number): Promise<string> {
    await this.#until(() => this.#heard.length >= length || this.#isOver);
    return this.#cut(length);
  }

  async hearAll(): Promise<string> {
    await this.#until(() => this.#isOver);
    return this.#cut(this.#heard.length);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** FIN; what was said must have left, which an answer to it shows. */
  finish(): void {
    this.#socket.shutdown();
  }

  /** RST, in the middle of whatever there is. */
  vanish(): void {
    this.#socket.terminate();
  }

  close(): void {
    this.#socket.end();
  }

  take(bytes: Buffer): void {
    this.#heard += bytes.toString("latin1");
    this.#wake();
  }

  flush(): void {
    if (this.#outbox.length === 0) return;
    const sent = this.#socket.write(this.#outbox);
    if (sent > 0) this.#outbox = this.#outbox.subarray(sent);
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS_MAX;
    while (!isSo()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`nothing more came for ${WAIT_MS_MAX} ms`);
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timer = setTimeout(woken.resolve, left);
      await woken.promise;
      clearTimeout(timer);
    }
  }

  #cut(length: number): string {
    const words = this.#heard.slice(0, length);
    this.#heard = this.#heard.slice(length);
    return words;
  }
}
