/**
 * A file that is closed when the last call on it has ended: its number would
 * belong to another file before, and what is under way would read or write that.
 */
import type { FileCalls } from "./file-calls.ts";
import type { FileState } from "./verified-files.ts";

export class OpenFile {
  readonly #calls: FileCalls;
  readonly #file: number;
  #underWay = 0;
  #isClosed = false;

  constructor(calls: FileCalls, file: number) {
    this.#calls = calls;
    this.#file = file;
  }

  get state(): FileState {
    return this.#calls.state(this.#file);
  }

  /** For calls of others, which must have ended when it is closed. */
  get number(): number {
    return this.#file;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  read(into: Uint8Array, at: number): Promise<number> {
    return this.#call(() => this.#calls.read(this.#file, into, at));
  }

  write(bytes: Uint8Array, at: number): Promise<void> {
    return this.#call(() => this.#calls.write(this.#file, bytes, at));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeWhenIdle();
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error("Cannot use the file: it is closed");
    this.#underWay++;
    try {
      return await call();
    } finally {
      this.#underWay--;
      this.#closeWhenIdle();
    }
  }

  #closeWhenIdle(): void {
    if (!this.#isClosed || this.#underWay > 0) return;
    // What could fail has been written by other calls.
    this.#calls.close(this.#file).catch(() => undefined);
  }
}
