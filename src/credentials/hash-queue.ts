/**
 * Password hashes, one after another. A check takes milliseconds on purpose, and
 * anyone may ask for one: so few run, few wait, and the rest is turned away.
 */

/** Resolves to whether they match; may reject. */
export type VerifyHash = (password: string, hash: string) => Promise<boolean>;

/**
 * A check holds one of Bun's pool threads, of which there are as many as
 * processors, for all workers together; names are resolved in that pool. With
 * two processors and bcrypt of cost 12 (230 ms) a look-up waited 0.26 s at most
 * while two checks ran, and 0.8 s or more while four did.
 */
const RUNNING_MAX = 1;

/** At 57 ms each (bcrypt with a cost of 10) the last is answered after four seconds. */
const WAITING_MAX = 64;

interface Waiting {
  readonly password: string;
  readonly hash: string;
  readonly resolve: (isRight: boolean) => void;
}

export class HashQueue {
  #running = 0;
  readonly #verify: VerifyHash;
  readonly #waiting: Waiting[] = [];

  constructor(verify: VerifyHash) {
    this.#verify = verify;
  }

  /** Undefined: too many wait already. Never rejects. */
  ask(password: string, hash: string): Promise<boolean> | undefined {
    if (this.#waiting.length >= WAITING_MAX) return undefined;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ password, hash, resolve });
    this.#next();
    return promise;
  }

  #next(): void {
    if (this.#running >= RUNNING_MAX) return;
    const next = this.#waiting.shift();
    if (next !== undefined) void this.#run(next);
  }

  async #run({ password, hash, resolve }: Waiting): Promise<void> {
    this.#running++;
    resolve(await this.#isRight(password, hash));
    this.#running--;
    this.#next();
  }

  /** What can't be verified lets nobody in. */
  async #isRight(password: string, hash: string): Promise<boolean> {
    try {
      return await this.#verify(password, hash);
    } catch {
      return false;
    }
  }
}
