/**
 * A stored object that was opened. It goes on being readable when it is evicted or
 * replaced; what was altered is found when it is read, and removed.
 */
import type { StoredFacts } from "../../cache/facts.ts";
import type { BlockReader, FilePlace } from "./block-reader.ts";
import { codeOf } from "./file-calls.ts";
import type { ObjectHead } from "./object-head.ts";
import type { OpenFile } from "./open-file.ts";

export interface DiskEntry {
  readonly key: string;
  readonly facts: StoredFacts;
  readonly isMarkedStale: boolean;
  /** Field lines, each with its CRLF, without a Content-Length. */
  readonly lines: string;
  readonly reason: string;
  readonly peer: string;
  readonly tags: string;
  readonly varyNames: string;
  readonly varyKey: string;
  /** Its number. */
  readonly id: number;
  readonly head: ObjectHead;
  /**
   * Verified bytes of the body from `at` on, counted from its first that is stored:
   * how many, 0 at its end, and -1 when the rest is lost. Best with `at` a multiple
   * of `BLOCK_BYTES`, and room for several blocks. Never rejects.
   */
  read(at: number, into: Uint8Array): Promise<number>;
  /**
   * Where these bytes of the body lie in its file, when this worker has read them
   * before, found them as they were written, and the file has not changed since: they
   * can be sent from there. Asked anew for each piece; the file is open until `close`.
   */
  placeOf(at: number, end: number): FilePlace | undefined;
  /** It is not what it says it is: removed for everybody. */
  markBroken(): void;
  /** Once. What is being read then may end with -1. */
  close(): void;
}

/** A body in memory, or a file to read it from. */
export type OpenBody = { readonly bytes: Buffer } | { readonly file: OpenFile; readonly reader: BlockReader };

export class OpenEntry implements DiskEntry {
  readonly head: ObjectHead;
  readonly isMarkedStale: boolean;
  readonly #body: OpenBody;
  readonly #onBroken: (why: string) => void;
  #isBroken = false;

  constructor(head: ObjectHead, isMarkedStale: boolean, body: OpenBody, onBroken: (why: string) => void) {
    this.head = head;
    this.isMarkedStale = isMarkedStale;
    this.#body = body;
    this.#onBroken = onBroken;
  }

  get id(): number {
    return this.head.id;
  }

  get key(): string {
    return this.head.key;
  }

  get facts(): StoredFacts {
    return this.head.facts;
  }

  get lines(): string {
    return this.head.lines;
  }

  get reason(): string {
    return this.head.reason;
  }

  get peer(): string {
    return this.head.peer;
  }

  get tags(): string {
    return this.head.tags;
  }

  get varyNames(): string {
    return this.head.varyNames;
  }

  get varyKey(): string {
    return this.head.varyKey;
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    const body = this.#body;
    if ("bytes" in body) return body.bytes.copy(into, 0, at);
    if (body.file.isClosed) return -1;
    try {
      const count = await body.reader.read(at, into, this.facts.bodyBytes);
      if (count < 0) this.#break("its body is not what was written");
      return count;
    } catch (error) {
      if (!body.file.isClosed) this.#break(`its body can't be read (${codeOf(error)})`);
      return -1;
    }
  }

  placeOf(at: number, end: number): FilePlace | undefined {
    return "reader" in this.#body ? this.#body.reader.placeOf(at, end) : undefined;
  }

  markBroken(): void {
    this.#break("it is not what it says");
  }

  close(): void {
    if ("file" in this.#body) this.#body.file.close();
  }

  #break(why: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#onBroken(why);
  }
}
