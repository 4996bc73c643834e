/**
 * An answer on its way into a store while others are given it: into memory as long
 * as it fits there, else onto the disk.
 */

import type { StoredFacts } from "../../cache/facts.ts";
import { stored as flag } from "../../cache/facts.ts";
import type { DiskWriter } from "../../store/disk/tier.ts";
import type { NewEntry } from "../../store/new-entry.ts";
import type { Since } from "./answer-cache.ts";
import type { Asked } from "./asked.ts";
import { type Fill, type Piece, viewOf } from "./fill.ts";
import type { Ruling } from "./ruling.ts";

type Head = Omit<NewEntry, "body">;

/** Of fetches that nobody waits for any more, those are ended that have less than this share. */
const WORTHWHILE_SHARE = 0.5;

/** Who sends byte by byte costs much more than its bytes. */
const COST_FACTOR = 2;

/** Of an entry in memory: its numbers, and what comes with a length and rounding. */
const NUMBERS_BYTES = 256;

export class Keeping {
  /** The pieces stay, all of them: whoever comes late can still have them from the first on. */
  keepsAll = true;
  /** Room in memory for a body with these fields. */
  private readonly memoryBytes: number;
  // Made for requests: private fields with a # would take three times as long to set up.
  private readonly asked: Asked;
  private readonly head: Head;
  private readonly since: Since;
  /** Of the whole body; -1 while that is not known. */
  private readonly wholeBytes: number;
  private readonly onRoom: () => void;
  private writer: DiskWriter | undefined = undefined;
  private isGivenUp = false;

  private constructor(asked: Asked, head: Head, wholeBytes: number, since: Since, onRoom: () => void) {
    this.asked = asked;
    this.head = head;
    this.wholeBytes = wholeBytes;
    this.since = since;
    this.onRoom = onRoom;
    this.memoryBytes = asked.cache.memory.objectBytesMax - bytesBeside(head);
  }

  /** Undefined: there is no place for it. `onRoom`: `isFull` is over. */
  static of(
    asked: Asked,
    ruling: Ruling,
    peer: string,
    since: Since,
    onRoom: () => void,
  ): Keeping | undefined {
    const { storing, head, framing, varyKey } = ruling;
    if (!storing.store) return undefined;
    const { facts, varyNames, tags, lines } = storing;
    const { key } = asked;
    const entry = { key, facts, varyNames, varyKey, tags, peer, reason: head.reason, lines };
    const wholeBytes = framing.kind === "length" ? framing.length : framing.kind === "none" ? 0 : -1;
    const keeping = new Keeping(asked, entry, wholeBytes, since, onRoom);
    return wholeBytes <= keeping.memoryBytes || keeping.toDisk([]) ? keeping : undefined;
  }

  /** What waits for the disk is enough: nothing more is to be read for now. */
  get isFull(): boolean {
    return this.writer?.isFull === true;
  }

  /** Nothing has been said against it. */
  get isUnderWay(): boolean {
    return !this.isGivenUp && this.writer?.failed !== true;
  }

  /** What has been written can be had from the disk before it is all there. */
  get canBeReadBack(): boolean {
    return this.writer !== undefined && !this.writer.failed;
  }

  read(at: number, into: Buffer): Promise<number> | undefined {
    return this.writer?.read(at, into);
  }

  /** Some are behind, and may have to read back when it is all there. */
  keepOpen(): void {
    this.writer?.keepOpen();
  }

  /** Nobody reads back any more. */
  close(): void {
    this.writer?.close();
  }

  take(piece: Piece, fill: Fill): void {
    if (this.isGivenUp) return;
    if (this.writer !== undefined) this.writer.write(viewOf(piece));
    else if (fill.bytes > this.memoryBytes) {
      if (!this.toDisk(fill.views())) this.keepNoMore();
    } else if (fill.cost > this.memoryBytes * COST_FACTOR) this.keepNoMore();
  }

  /** There is no memory for it, or no place: those who wait get it as it comes. */
  keepNoMore(): void {
    if (this.writer !== undefined) return;
    this.isGivenUp = true;
    this.keepsAll = false;
  }

  /** Resolves when it can be found, where that takes a while. */
  finish(fill: Fill): Promise<boolean> | undefined {
    if (this.isGivenUp) return undefined;
    const { cache } = this.asked;
    const { facts } = this.head;
    // It is not the part that it said it was.
    if ((facts.flags & flag.partial) !== 0 && facts.bodyBytes !== fill.bytes) {
      this.writer?.abort();
      return undefined;
    }
    cache.setShareable(this.head.key);
    // What is older must not stand in front of it, nor come back when it has left. Of several variants the others stay.
    const { key, varyNames } = this.head;
    const standsAlone = varyNames === "" && (facts.flags & flag.partial) === 0;
    if (this.writer !== undefined) return this.toDiskAlone(this.writer, standsAlone);
    if (standsAlone && cache.disk?.mayHave(key) === true) cache.disk.remove(key);
    cache.memory.put(
      { ...this.head, facts: wholeFacts(facts, fill.bytes), body: fill.views() },
      this.since.memory,
    );
    return undefined;
  }

  /** The rest will never come. What did is a part, where the origin says how it can be completed (RFC 9111 §3.3). */
  giveUp(fill: Fill): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.writer?.abort();
    const { facts } = this.head;
    const isPart = this.writer === undefined && this.wholeBytes > 0 && fill.bytes > 0 && facts.status === 200;
    if (!isPart || (facts.flags & flag.hasEtag) === 0) return;
    const part = {
      ...facts,
      flags: facts.flags | flag.partial,
      bodyBytes: fill.bytes,
      wholeBytes: this.wholeBytes,
    };
    this.asked.cache.memory.put({ ...this.head, facts: part, body: fill.views() }, this.since.memory);
  }

  /** To be fetched to its end though nobody waits for it. */
  isWorthwhile(bytes: number): boolean {
    if (!this.isUnderWay) return false;
    // What has no length could go on for ever.
    if (this.wholeBytes < 0) return false;
    if (this.writer === undefined) return true;
    return bytes >= this.wholeBytes * WORTHWHILE_SHARE;
  }

  private async toDiskAlone(writer: DiskWriter, standsAlone: boolean): Promise<boolean> {
    const isStored = await writer.commit();
    if (isStored && standsAlone) this.asked.cache.memory.remove(this.head.key);
    return isStored;
  }

  private toDisk(pieces: readonly Buffer[]): boolean {
    const { disk } = this.asked.cache;
    const writer = disk?.begin(this.head, this.wholeBytes < 0 ? undefined : this.wholeBytes, this.since.disk);
    if (writer === undefined) return false;
    this.writer = writer;
    this.keepsAll = false;
    writer.onDrain = this.onRoom;
    for (const piece of pieces) writer.write(piece);
    return true;
  }
}

/** Of an entry in memory, without its body: numbers, text, and the line with its length. */
function bytesBeside({ key, varyNames, varyKey, tags, peer, reason, lines }: Head): number {
  const text = key.length + varyNames.length + varyKey.length + tags.length + peer.length + reason.length;
  return NUMBERS_BYTES + text + lines.length;
}

function wholeFacts(facts: StoredFacts, bodyBytes: number): StoredFacts {
  const isPart = (facts.flags & flag.partial) !== 0;
  return { ...facts, bodyBytes, wholeBytes: isPart ? facts.wholeBytes : bodyBytes };
}
