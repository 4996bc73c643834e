/**
 * Clients that ask without a pause, over kept connections or a new one each
 * time, while a test does something to the proxy. A request counts as failed
 * when its connection was there and the whole answer did not come; a
 * connection that could not be made is told apart from that.
 */
import { type Answer, fieldOf, wholeAnswer } from "./ask.ts";
import { get } from "./http.ts";
import { RawPeer } from "./raw.ts";

export interface LoadOptions {
  /** The proxy's. */
  readonly port: number;
  /** The upstream, which answers each request with 200 and "hello". */
  readonly authority: string;
  readonly kept: number;
  readonly anew: number;
  /** Another loopback address to come from. */
  readonly from?: string;
  /** Whole lines with their CRLF. */
  readonly fields?: string;
  /** Whether an answer is right; the upstream's is, when left out. */
  readonly isRight?: (answer: Answer) => boolean;
}

/** A proxy that is gone is tried again after this. */
const RETRY_MS = 5;

export class Load implements AsyncDisposable {
  answered = 0;
  /** One line for each request that failed. */
  readonly failures: string[] = [];
  /** Connections that could not be made. */
  refused = 0;
  /** Answers that said `Connection: close`. */
  farewells = 0;
  readonly #options: LoadOptions;
  readonly #answers = new Map<number, number>();
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = [
      ...Array.from({ length: options.kept }, () => this.#run(true)),
      ...Array.from({ length: options.anew }, () => this.#run(false)),
    ];
  }

  answersWith(status: number): number {
    return this.#answers.get(status) ?? 0;
  }

  /** Ends when every client has heard its last answer. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(keeps: boolean): Promise<void> {
    let client: RawPeer | undefined;
    while (!this.#isOver) {
      client ??= await this.#connect();
      if (client === undefined) continue;
      const persists = await this.#ask(client, keeps);
      if (persists) continue;
      client.finish();
      client = undefined;
    }
    client?.finish();
  }

  async #connect(): Promise<RawPeer | undefined> {
    try {
      return await RawPeer.connect(this.#options.port, "127.0.0.1", this.#options.from);
    } catch {
      this.refused++;
      await Bun.sleep(RETRY_MS);
      return undefined;
    }
  }

  /** Returns whether the connection can be used again. */
  async #ask(client: RawPeer, keeps: boolean): Promise<boolean> {
    const { authority, fields = "", isRight = isHello } = this.#options;
    client.say(get(authority, "/", keeps ? fields : `${fields}Connection: close\r\n`));
    try {
      await client.hearUntil(({ heard }) => wholeAnswer(heard) !== undefined, "a whole answer");
      const heard = client.takeHeard();
      const answer = wholeAnswer(heard);
      if (answer === undefined || !isRight(answer)) throw new Error(`Cannot take for an answer: ${heard}`);
      this.answered++;
      this.#answers.set(answer.status, this.answersWith(answer.status) + 1);
      if (!keeps) return false;
      const isLast = fieldOf(answer.head, "connection") === "close";
      if (isLast) this.farewells++;
      return !isLast;
    } catch (error) {
      this.failures.push(`${keeps ? "kept" : "anew"}: ${(error as Error).message}`);
      return false;
    }
  }
}

function isHello({ status, body }: Answer): boolean {
  return status === 200 && body === "hello";
}
