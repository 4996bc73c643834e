/**
 * An object on its way to the disk. What is written to it waits in a bounded queue,
 * goes to a draft in whole blocks, and can be read back by slow readers meanwhile.
 * Only when all of it is there does the main thread give it its name.
 *
 * Room is taken before it is used. Whatever fails, the draft is removed, the room
 * given back, and the object is not stored; nothing else happens to whoever writes.
 */
import { type StoredFacts, stored } from "../../cache/facts.ts";
import type { NewEntry } from "../new-entry.ts";
import { BlockReader } from "./block-reader.ts";
import { BLOCK_BYTES, BlockSums, sumOf, tableBytes } from "./block-sums.ts";
import type { DraftRoom } from "./draft-room.ts";
import type { Drafting } from "./drafting.ts";
import { codeOf } from "./file-calls.ts";
import { encodeHead, roomBytesFor } from "./object-head.ts";
import { OpenFile } from "./open-file.ts";
import { PieceQueue } from "./piece-queue.ts";
import { draftPath, unitsOf } from "./places.ts";

export interface DiskWriter {
  /** The bytes are the writer's from now on. False: wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  onDrain: (() => void) | undefined;
  readonly isFull: boolean;
  /** It will not be stored. What was accepted before can be read until `abort`. */
  readonly failed: boolean;
  /**
   * Of what was written so far: how many bytes, 0 when there are none yet, -1 when
   * they are lost. Whoever has read calls `close` when it is done.
   */
  read(at: number, into: Uint8Array): Promise<number>;
  /** All is written. `facts`: of what it turned out to be, such as a part. True: every worker finds it. */
  commit(facts?: StoredFacts): Promise<boolean>;
  /** Nothing of it stays. */
  abort(): void;
  /** Somebody is behind, and will read what is there though it is committed: until `close`. */
  keepOpen(): void;
  /** Nobody reads it any more. */
  close(): void;
}

/** One call writes so much; as long as it lasts, as much may be waiting. */
const STAGE_BYTES = 4 * BLOCK_BYTES;
const HIGH_BYTES = STAGE_BYTES;

/** Whoever goes on writing into a full one: so much is borne. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;

export class DraftWriter implements DiskWriter {
  onDrain: (() => void) | undefined = undefined;
  failed = false;
  readonly id: number;
  private readonly drafting: Drafting;
  private readonly entry: Omit<NewEntry, "body">;
  private readonly bodyBytes: number | undefined;
  private readonly since: number;
  private readonly roomBytes: number;
  private readonly bodyAt: number;
  private readonly sums = new BlockSums();
  private readonly queue = new PieceQueue();
  private file: OpenFile | undefined = undefined;
  private reader: BlockReader | undefined = undefined;
  /** What is just being written, and where it begins in the body. */
  private stage: Buffer | undefined = undefined;
  private staged = 0;
  private flushed = 0;
  private readonly room: DraftRoom;
  private flushing: Promise<void> | undefined = undefined;
  private isOver = false;
  private isClosed = false;
  private wasRead = false;
  private isCommitting = false;
  private isCounted = false;

  constructor(
    drafting: Drafting,
    entry: Omit<NewEntry, "body">,
    bodyBytes: number | undefined,
    since: number,
  ) {
    this.drafting = drafting;
    this.entry = entry;
    this.bodyBytes = bodyBytes;
    this.since = since;
    this.id = drafting.nextId();
    this.roomBytes = roomBytesFor(entry);
    this.bodyAt = this.roomBytes * 2 + (bodyBytes === undefined ? 0 : tableBytes(bodyBytes));
    this.room = drafting.roomFor(this.bodyAt, bodyBytes);
  }

  get isFull(): boolean {
    return !this.failed && this.queue.bytes >= HIGH_BYTES;
  }

  get written(): number {
    return this.flushed + this.staged + this.queue.bytes;
  }

  /** Before anything else. False: there will never be room for it. */
  begin(): boolean {
    this.isCounted = this.room.begin();
    if (this.isCounted) this.drafting.began();
    return this.isCounted;
  }

  write(bytes: Uint8Array): boolean {
    if (this.failed || this.isOver || bytes.length === 0) return true;
    this.queue.push(bytes);
    if (this.bodyBytes !== undefined && this.written > this.bodyBytes) this.giveUp();
    else if (this.queue.bytes > QUEUE_BYTES_MAX) this.giveUp();
    else if (this.queue.bytes >= BLOCK_BYTES && this.written > BLOCK_BYTES) this.startFlushing();
    return !this.isFull;
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    this.wasRead = true;
    if (at >= this.written) return 0;
    if (at >= this.flushed + this.staged) return this.queue.copy(at - this.flushed - this.staged, into);
    if (at >= this.flushed)
      return this.stage?.subarray(0, this.staged).copy(into, 0, at - this.flushed) ?? -1;
    if (this.file === undefined || this.file.isClosed) return -1;
    this.reader ??= new BlockReader(this.file, this.bodyAt, this.sums);
    return this.reader.read(at, into, this.flushed).catch(() => -1);
  }

  async commit(facts: StoredFacts = this.entry.facts): Promise<boolean> {
    this.isCommitting = true;
    try {
      return await this.tryToCommit(facts);
    } finally {
      this.isCommitting = false;
      if (!this.wasRead) this.close();
    }
  }

  private async tryToCommit(facts: StoredFacts): Promise<boolean> {
    if (this.isOver || this.failed) return false;
    this.isOver = true;
    await this.flushing;
    if (this.failed) return false;
    if (this.bodyBytes !== undefined && this.written !== this.bodyBytes && facts === this.entry.facts) {
      this.giveUp();
      return false;
    }
    const bodyBytes = this.written;
    try {
      await this.finish({ ...facts, bodyBytes, wholeBytes: wholeBytesOf(facts, bodyBytes) });
    } catch (error) {
      this.fail(error);
      return false;
    } finally {
      this.letGo();
    }
    return !this.failed && this.drafting.handOver.wait(this.entry.key, this.id);
  }

  abort(): void {
    if (!this.failed && !this.isOver) this.giveUp();
    this.isOver = true;
    this.close();
  }

  keepOpen(): void {
    this.wasRead = true;
  }

  /** Whoever has read may be done before the rest is written: then that is what it is open for. */
  close(): void {
    if (this.isCommitting) this.wasRead = false;
    else {
      this.isClosed = true;
      this.file?.close();
    }
  }

  private startFlushing(): void {
    if (this.flushing !== undefined) return;
    this.flushing = this.flush().then(
      () => {
        this.flushing = undefined;
      },
      (error) => {
        this.flushing = undefined;
        this.fail(error);
      },
    );
  }

  /** Whole blocks, as long as there are some. */
  private async flush(): Promise<void> {
    while (this.queue.bytes >= BLOCK_BYTES && !this.failed) {
      const length = Math.min(Math.floor(this.queue.bytes / BLOCK_BYTES) * BLOCK_BYTES, STAGE_BYTES);
      await this.writeStage(length);
      if (!this.isFull) this.onDrain?.();
    }
  }

  private async writeStage(length: number): Promise<void> {
    if (!(await this.room.have(this.flushed + length))) return this.giveUp();
    const file = await this.openFile();
    if (this.failed) return;
    this.stage ??= this.drafting.stage();
    const bytes = this.stage.subarray(0, length);
    this.queue.take(bytes);
    this.staged = length;
    for (let at = 0; at < length; at += BLOCK_BYTES)
      this.sums.add(bytes.subarray(at, Math.min(at + BLOCK_BYTES, length)));
    await file.write(bytes, this.bodyAt + this.flushed);
    this.flushed += length;
    this.staged = 0;
  }

  private async openFile(): Promise<OpenFile> {
    if (this.file !== undefined) return this.file;
    const { calls, root, thread } = this.drafting;
    this.file = new OpenFile(calls, await calls.open(draftPath(root, this.id, thread), "create"));
    // Given up while it was being opened.
    if (this.isClosed) this.file.close();
    return this.file;
  }

  /** The last block, sums and head; what is small, all at once. */
  private async finish(facts: StoredFacts): Promise<void> {
    const { calls, root, thread } = this.drafting;
    const isSmall = this.file === undefined;
    const body = isSmall ? this.queue.all() : undefined;
    if (body !== undefined && body.length > 0) this.sums.add(body);
    while (!isSmall && this.queue.bytes > 0 && !this.failed)
      await this.writeStage(Math.min(this.queue.bytes, STAGE_BYTES));
    if (this.failed) return;
    const { bodyBytes } = facts;
    const isKnown = this.bodyBytes !== undefined;
    const sumsAt = isKnown ? this.roomBytes * 2 : this.bodyAt + bodyBytes;
    const { id, roomBytes, bodyAt, sums } = this;
    const head = { ...this.entry, facts, id, roomBytes, bodyAt, sumsAt, sumsSum: sumOf(sums.bytes) };
    const heads = Buffer.alloc(this.bodyAt);
    encodeHead(head, false)?.copy(heads);
    if (isKnown) sums.bytes.copy(heads, sumsAt);
    if (!(await this.room.have(bodyBytes))) return this.giveUp();
    if (body !== undefined) {
      const parts = isKnown ? [heads, body] : [heads, body, sums.bytes];
      await calls.writeWhole(draftPath(root, id, thread), Buffer.concat(parts));
    } else {
      const file = await this.openFile();
      if (!isKnown) await file.write(sums.bytes, sumsAt);
      await file.write(heads, 0);
    }
    if (this.failed) return;
    const units = unitsOf(bodyAt + bodyBytes + (isKnown ? 0 : sums.bytes.length));
    this.room.handOver(units);
    this.drafting.tellStored(this.entry, facts, id, units, this.since);
  }

  private fail(error: unknown): void {
    this.drafting.failed(codeOf(error));
    this.giveUp();
  }

  /** Not stored, and no draft left. What was accepted stays readable. */
  private giveUp(): void {
    if (this.failed) return;
    this.failed = true;
    const { drafting, id, room } = this;
    void Promise.resolve(this.flushing).then(() => {
      this.letGo();
      return drafting.discard(id, room);
    });
    this.onDrain?.();
  }

  /** Once. A stage that holds what nothing else does stays. */
  private letGo(): void {
    if (!this.isCounted) return;
    this.isCounted = false;
    this.drafting.over(this.staged === 0 ? this.stage : undefined);
    if (this.staged === 0) this.stage = undefined;
  }
}

/** Of a part only the origin knows it. */
function wholeBytesOf(facts: StoredFacts, bodyBytes: number): number {
  return (facts.flags & stored.partial) !== 0 ? facts.wholeBytes : bodyBytes;
}
